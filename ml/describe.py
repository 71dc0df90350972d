"""Brings a model's card up to date: hash, counts, calibration from validation patients, figures from test patients.

What people wrote in the card (intended use, known failures, ...) stays; what can be computed is computed again.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np
import yaml

from ml import tasks
from ml.batch import read_image
from ml.cards import card_file, models_dir, weights_file, weights_sha256, write_card
from ml.data import Example, load
from ml.evaluation.calibration import temperature_of, threshold_of
from ml.images.prepare import prepare
from ml.measuring import card_figures
from ml.registry import Registry, registry


def describe(task: str, model: str, data: Path) -> Path:
    """Writes the card of a trained model and returns its file.

    Args:
        task, model: of the registry; weights and `train.yaml` are in the model's folder.
        data: the data set that it was trained on, with its parts.

    Raises:
        CardInvalid: a field that people must write is missing.
        DataError, ModelUnavailable: each with a `sentence`.
    """
    spec = tasks.task(task)
    model_spec = spec.model(model)
    record = yaml.safe_load((models_dir() / task / model / "train.yaml").read_text(encoding="utf-8"))
    examples = load(task, data)
    classification = model_spec.kind == "classification"
    digest = weights_sha256(weights_file(task, model))
    written = _written(task, model)
    if written.get("weights_sha256") != digest:
        written.pop("precision", None)  # it was measured on other weights
    fields: dict[str, Any] = {
        **written,
        "task": task,
        "key": model,
        "name": model_spec.name,
        "kind": model_spec.kind,
        "date": datetime.now(UTC).date().isoformat(),
        "network": model_spec.network,
        "parameters": model_spec.parameters,
        "input_size": model_spec.input_size,
        "weights_sha256": digest,
        "counts": _counts(examples, classification),
        "temperature": {head.key: 1.0 for head in spec.heads} if classification else {},
        "thresholds": {head.key: 0.5 for head in spec.heads if head.positive} if classification else {},
        "versions": {
            "python": platform.python_version(),
            "keras": record["keras"],
            "training_backend": record["backend"],
            "training_precision": record["configuration"]["precision"],
        },
        "command": [
            f"python -m ml train {task} {model} --data DIR",
            f"python -m ml describe {task} {model} --data DIR",
            f"python -m ml evaluate {task} {model} --data DIR --part test",
        ],
    }
    fields.setdefault("precision", {})
    fields.setdefault("figures", {"test": {"n_images": 0, "n_patients": 0}})
    write_card(fields)
    registry.cache_clear()
    if classification:
        validation = [e for e in examples if e.part in record["configuration"]["validation_parts"]]
        fields["temperature"], fields["thresholds"] = _calibration(spec, model, validation, registry())
        write_card(fields)
        registry.cache_clear()
    fields["figures"] = card_figures(spec, model, data)
    return write_card(fields)


def _written(task: str, model: str) -> dict[str, Any]:
    file = card_file(task, model)
    fields: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return fields


def _counts(examples: Sequence[Example], labelled: bool) -> dict[str, dict[str, int]]:
    used = [e for e in examples if (e.labels if labelled else e.region_path)]
    parts = sorted({e.part for e in used if e.part})
    return {
        part: {
            "patients": len({e.patient_id for e in used if e.part == part}),
            "images": sum(e.part == part for e in used),
        }
        for part in parts
    }


def _calibration(
    spec: tasks.TaskSpec, model: str, validation: Sequence[Example], models: Registry
) -> tuple[dict[str, float], dict[str, float]]:
    """Temperature of each head, and threshold of each head that has a positive label."""
    ready = models.model(spec.key, model)
    size = spec.model(model).input_size
    labelled = [e for e in validation if e.labels]
    logits = [
        ready.run(prepare(read_image(e.path).pixels, spec.preparation, size).pixels)[0] for e in labelled
    ]
    temperature, thresholds = {}, {}
    for head in spec.heads:
        values = np.stack([each[head.key] for each in logits])
        labels = np.array([e.labels[head.key] for e in labelled])
        temperature[head.key] = temperature_of(values, labels)
        if head.positive is not None:
            index = head.labels.index(head.positive)
            scaled = keras.ops.convert_to_numpy(keras.ops.softmax(values / temperature[head.key]))
            thresholds[head.key] = threshold_of(scaled[:, index], labels == index)
    return temperature, thresholds
