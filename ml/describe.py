"""Brings a model's card up to date: hash, counts, calibration, figures.

Where the model was cross-validated, calibration and figures come from what its folds said of patients whom they never saw;
else calibration comes from validation patients and figures from test patients.

What people wrote (intended use, known failures, ...) comes from `ml.card_texts`, or stays as it stands in the card; what can be
computed is computed again.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ml import tasks
from ml.batch import read_example
from ml.card_texts import card_texts
from ml.cards import card_file, models_dir, weights_file, weights_sha256, write_card
from ml.data import Example, load
from ml.evaluation import cross_validation
from ml.evaluation.calibration import temperature_of, threshold_of
from ml.explain.figures import card_heatmaps
from ml.lesion import LESION_FROM
from ml.measuring import card_figures
from ml.reading import LESION_THRESHOLD, shown_to
from ml.registry import Registry, WeightsMissing, registry
from ml.scoring import tempered


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
    home = models_dir() / task / model
    for needed in (home / "train.yaml", weights_file(task, model)):
        if not needed.is_file():
            raise WeightsMissing(f"{model_spec.name} is described after its training: there is no {needed}.")
    record = yaml.safe_load((home / "train.yaml").read_text(encoding="utf-8"))
    protocols = _protocols(spec, model, record)
    examples = load(task, data)
    digest = weights_sha256(weights_file(task, model))
    written = _written(task, model)
    if written.get("weights_sha256") != digest:
        for measured in ("precision", "heatmaps"):
            written.pop(measured, None)  # it was measured on other weights
    labels = model_spec.kind != "region"
    fields: dict[str, Any] = {
        **written,
        **card_texts(task, model),
        "task": task,
        "key": model,
        "name": model_spec.name,
        "kind": model_spec.kind,
        "date": datetime.now(UTC).date().isoformat(),
        "network": model_spec.network,
        "parameters": model_spec.parameters,
        "input_size": model_spec.input_size,
        "weights_sha256": digest,
        "counts": _counts(record),
        "temperature": {head.key: 1.0 for head in spec.heads} if labels else {},
        "thresholds": {head.key: 0.5 for head in spec.heads if head.positive} if labels else {},
        "versions": {
            "python": platform.python_version(),
            "keras": record["keras"],
            "training_backend": record["backend"],
            "training_precision": record["configuration"].get("precision", "float32"),
        },
        "command": _commands(spec, model, record),
    }
    fields.setdefault("precision", {})
    fields.setdefault("figures", {"test": {"n_images": 0, "n_patients": 0}})
    if labels and spec.protocol in protocols:
        fields["temperature"], fields["thresholds"] = cross_validation.calibration_from_out_of_fold(
            spec, model, examples
        )
        if model_spec.kind == "lesion":
            fields["readout"] = cross_validation.readout_from_out_of_fold(spec, model, examples).to_plain()
            fields["thresholds"][LESION_THRESHOLD] = LESION_FROM
    write_card(fields)
    registry.cache_clear()
    if labels and spec.protocol not in protocols:
        validation = [e for e in examples if e.part in record["configuration"]["validation_parts"]]
        fields["temperature"], fields["thresholds"] = _calibration(spec, model, validation, registry())
        write_card(fields)
        registry.cache_clear()
    if model_spec.kind == "classification" and any(e.votes_path for e in examples):
        unseen = [e for e in examples if e.part == "test"] if not protocols else examples
        fields["heatmaps"] = card_heatmaps(spec, model, unseen)
    fields["figures"] = card_figures(spec, model, data, protocols)
    return write_card(fields)


def _commands(spec: tasks.TaskSpec, model: str, record: dict[str, Any]) -> list[str]:
    whose = f"{spec.key} {model} --data DIR"
    commands = [f"python -m ml train {whose}"]
    protocols = _protocols(spec, model, record)
    commands += [
        f"python -m ml train {whose} --cross-validate --protocol {protocol} --out RUNS"
        for protocol in protocols
    ]
    commands.append(f"python -m ml describe {whose}")
    if spec.model(model).kind == "region":
        commands.append(f"python -m ml evaluate {whose} --part test")
    commands += [
        f"python -m ml evaluate {whose} --cross-validate --protocol {protocol}" for protocol in protocols
    ]
    return commands


def _protocols(spec: tasks.TaskSpec, model: str, record: dict[str, Any]) -> list[str]:
    """By which protocols the model was cross-validated, the task's own first."""
    return list(cross_validation.read_protocols(spec, model)) if record.get("cross_validation") else []


def _written(task: str, model: str) -> dict[str, Any]:
    file = card_file(task, model)
    fields: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return fields


def _counts(record: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Patients and images that the weights learned from, and that they were stopped on."""
    return {
        part: {"patients": len(record["patients"][part]), "images": record["images"][part]}
        for part in record["patients"]
        if record["patients"][part]
    }


def _calibration(
    spec: tasks.TaskSpec, model: str, validation: Sequence[Example], models: Registry
) -> tuple[dict[str, float], dict[str, float]]:
    """Temperature of each head, and threshold of each head that has a positive label."""
    ready = models.model(spec.key, model)
    labelled = [e for e in validation if e.labels]
    logits = [ready.run(shown_to(read_example(e), spec.key, model).pixels)[0] for e in labelled]
    temperature, thresholds = {}, {}
    for head in spec.heads:
        values = np.stack([each[head.key] for each in logits])
        labels = np.array([e.labels[head.key] for e in labelled])
        temperature[head.key] = temperature_of(values, labels)
        if head.positive is not None:
            index = head.labels.index(head.positive)
            scores = tempered(values, temperature[head.key])[:, index]
            thresholds[head.key] = threshold_of(scores, labels == index, spec.threshold_rule)
    return temperature, thresholds
