"""What people wrote for the cards of a task's models: one YAML file a task, `<task>.yaml` beside this one.

`all` holds the fields of every model of the task; `models` those of single ones. A list that a model adds is put after the
task's list of the same field; anything else takes its place. What is computed stands in no such file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_HERE = Path(__file__).resolve().parent


def card_texts(task: str, model: str) -> dict[str, Any]:
    """The written fields of a model's card; none where a task has no file: its cards hold their words themselves."""
    file = _HERE / f"{task}.yaml"
    if not file.is_file():
        return {}
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    fields: dict[str, Any] = dict(said["all"])
    for field, own in (said.get("models", {}).get(model) or {}).items():
        shared = fields.get(field)
        fields[field] = [*shared, *own] if isinstance(shared, list) and isinstance(own, list) else own
    return fields
