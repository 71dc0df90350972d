"""`train`: from a configuration and a data folder to weights and the record of what made them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import yaml

from ml import tasks
from ml.cards import models_dir
from ml.data import DataError, Example, load
from ml.data.example import NOTHING
from ml.training.configuration import Configuration, read_configuration
from ml.training.fitting import fitted
from ml.training.fitting.learning import Learning
from ml.training.inputs.lesion_maps import deployed_lesion_maps
from ml.training.inputs.regions import deployed_regions
from ml.training.summary import write_summary
from ml.training.tracking import check_tracking, track


def train(task: str, model: str, data: Path, overrides: dict[str, object], out: Path | None = None) -> Path:
    """Trains one model as its `train.yaml` says: the network that is deployed.

    Args:
        task, model: keys of the registry.
        data: folder of the data set; nothing is written into it.
        overrides: single configuration values in dot notation.
        out: where weights, record and history go; the model's own folder if None. A run that was interrupted there goes on.

    Returns:
        The folder written: `weights.safetensors`, `train.yaml`, `history.jsonl`, `learning_curve.png`, and `results.json` and
        `summary.md` (`ml.training.summary`).

    Raises:
        UnknownTask, UnknownModel, DataError, ConfigurationError, TrackingUnavailable: each with a `sentence`.
    """
    spec = tasks.task(task)
    model_spec = spec.model(model)
    home = models_dir() / task / model
    configuration = read_configuration(home / "train.yaml", overrides)
    folder = out or home
    examples = usable(load(task, data), model_spec, configuration)
    training = _of_parts(examples, configuration.train_parts) if configuration.train_parts else examples
    validation = _of_parts(examples, configuration.validation_parts)
    regions = deployed_regions(spec) if model_spec.kind == "lesion" else None
    lesions = deployed_lesion_maps(spec) if model_spec.sees == "lesion_map" else None
    check_tracking()
    started = time.monotonic()
    learning = Learning(training, validation, regions, lesions)
    run = fitted(configuration, spec, model_spec, learning, folder)
    seconds = time.monotonic() - started
    write_record(
        folder,
        configuration,
        {
            "patients": {"train": patients_of(training), "val": patients_of(validation)},
            "images": {"train": len(training), "val": len(validation)},
            "result": {"validation_figure": run.figure, "epochs": run.epochs},
        },
    )
    parts = {"train": training, "val": validation}
    results = write_summary(folder, spec, configuration, parts, run, seconds)
    track(folder, results, configuration.to_plain())
    return folder


def usable(
    examples: Sequence[Example], model: tasks.ModelSpec, configuration: Configuration
) -> list[Example]:
    """The examples that a model of this kind can learn from: with a region, with readings, or with labels."""
    kinds = configuration.region_kinds
    of_kind = [e for e in examples if not kinds or e.region_kind in kinds]
    if model.kind == "region":
        return [e for e in of_kind if e.region_path is not None or e.region_kind == NOTHING]
    if model.kind == "lesion":
        return [e for e in of_kind if e.votes_path is not None]
    return [e for e in of_kind if e.labels]


def patients_of(examples: Sequence[Example]) -> list[str]:
    """Every patient of some examples, once."""
    return sorted({e.patient_id for e in examples if e.patient_id is not None})


def write_record(folder: Path, configuration: Configuration, facts: dict[str, Any]) -> None:
    """Writes `train.yaml`: the configuration and what came of it. What the file said of cross-validation stays."""
    file = folder / "train.yaml"
    earlier = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    record = {
        **{key: earlier[key] for key in ("note", "cross_validation") if key in earlier},
        "configuration": configuration.to_plain(),
        **facts,
        "backend": keras.backend.backend(),
        "keras": keras.__version__,
    }
    file.write_text(yaml.safe_dump(record, sort_keys=False), encoding="utf-8")


def _of_parts(examples: Sequence[Example], parts: Sequence[str]) -> list[Example]:
    chosen = [e for e in examples if e.part in parts]
    if parts and not chosen:
        raise DataError(f"No labelled image of the data set belongs to the parts {', '.join(parts)}.")
    return chosen
