"""The card of a task's gate, brought up to date after its training."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import yaml
from scipy.stats import binomtest

from ml.cards import card_file, weights_file, weights_sha256, write_card
from ml.networks.gate_mobilenet import SIZE, gate_mobilenet
from ml.tasks import TaskSpec

FOLDER = "gate"


def write_gate_card(task: TaskSpec, result: Mapping[str, Any], command: str) -> Path:
    """Writes what can be computed; what people wrote in the card stays.

    Args:
        result: of `ml.gate.train.train_gate`.
        command: that trained it.

    Raises:
        CardInvalid: a field that people must write is missing.
    """
    file = card_file(FOLDER, task.key)
    written: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return write_card(
        {
            **written,
            "task": FOLDER,
            "key": task.key,
            "name": f"Gate of {task.name}",
            "kind": "gate",
            "date": datetime.now(UTC).date().isoformat(),
            "network": "gate_mobilenet:gate_mobilenet",
            "parameters": gate_mobilenet(len(task.image_kinds)).count_params(),
            "input_size": SIZE,
            "weights_sha256": weights_sha256(weights_file(FOLDER, task.key)),
            "counts": result["counts"],
            "thresholds": {},
            "temperature": {},
            "precision": {},
            "figures": {"test": _figures(result)},
            "versions": {"python": platform.python_version(), "keras": keras.__version__},
            "command": command,
        }
    )


def _figures(result: Mapping[str, Any]) -> dict[str, Any]:
    """Recall of each kind with its Wilson interval (by image: most of what is no such MRI has no patient)."""
    confusion = result["confusion"]
    figures: dict[str, Any] = {
        "n_images": result["counts"]["test"]["images"],
        "n_patients": result["counts"]["test"]["patients"],
        "by_kind": {},
        "interval": "Wilson, by image",
    }
    for kind, found in confusion.items():
        images = sum(found.values())
        interval = binomtest(found[kind], images).proportion_ci(method="wilson")
        figures["by_kind"][kind] = {
            "n_images": images,
            "n_patients": result["patients"][kind],
            "recall": round(found[kind] / images, 4),
            "recall_ci95": [round(float(interval.low), 4), round(float(interval.high), 4)],
        }
    return figures
