"""`train --cross-validate`: a network for each fold, and what each says of the images that it never saw."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import yaml

from ml import tasks
from ml.cards import models_dir
from ml.data import load
from ml.data.split import Fold, folds
from ml.evaluation.cross_validation.readout import scores_by_the_others
from ml.evaluation.cross_validation.table import out_of_fold_file, validation_fold
from ml.training.configuration import Configuration, read_configuration
from ml.training.fitting import fitted
from ml.training.fitting.learning import Learning
from ml.training.inputs.cached_features import FrontMaps
from ml.training.inputs.lesion_maps import FOLDS, LesionMapsOfFolds
from ml.training.inputs.regions import COMPLEMENT, RegionsOfFolds
from ml.training.said import DIGITS, Row, said_by
from ml.training.train import patients_of, usable


def cross_validate(
    task: str, model: str, data: Path, protocol: str, overrides: dict[str, object], out: Path
) -> Path:
    """Trains a model's folds and writes what each fold's network says of its held-out images.

    Args:
        task, model: keys of the registry.
        data: folder of the data set; nothing is written into it.
        protocol: a key of `ml.data.split.PROTOCOLS`.
        overrides: single configuration values in dot notation.
        out: each fold's weights and history go into a folder of its name in here. A fold that is there whole is not trained
            again, one that was interrupted goes on.

    Returns:
        `models/<task>/<model>/out_of_fold.csv`, or `out_of_fold.<protocol>.csv` where the protocol is not the task's own. Of a
        single division into train, val and held out it holds the validation images too, for calibration. The model's
        `train.yaml` gets, under `cross_validation` and the protocol, the patients of each fold. The second region network of
        `parts_and_complement` is put beside the deployed one, and so are the lesion networks of the task's own protocol.

    Raises:
        UnknownTask, UnknownModel, DataError, ConfigurationError: each with a `sentence`.
    """
    spec = tasks.task(task)
    model_spec = spec.model(model)
    home = models_dir() / task / model
    configuration = read_configuration(home / "train.yaml", overrides)
    examples = load(task, data)
    divided = [
        _of_use(fold, model_spec, configuration) for fold in folds(examples, protocol, spec.heads[0].key)
    ]
    networks = RegionsOfFolds(spec, examples) if model_spec.kind == "lesion" else None
    lesion_networks = LesionMapsOfFolds(spec, examples) if model_spec.sees == "lesion_map" else None
    maps = FrontMaps(configuration.augmentation, configuration.seed)
    rows: list[Row] = []
    for fold in divided:
        left_out = set(patients_of(fold.held_out))
        regions = networks.without(left_out) if networks else None
        lesions = lesion_networks.without(left_out) if lesion_networks else None
        weights = out / fold.name / "weights.safetensors"
        if not weights.is_file():
            # pictures that differ from fold to fold have no maps to share
            learning = Learning(fold.train, fold.val, regions, lesions, None if lesions else maps)
            fitted(configuration, spec, model_spec, learning, out / fold.name)
        asked = {fold.name: fold.held_out}
        if model_spec.kind == "classification" and len(divided) == 1 and fold.val:
            asked[validation_fold(fold.name)] = fold.val
        for name, images in asked.items():
            said = said_by(weights, spec, model_spec, images, regions, lesions)
            rows += [
                {"image_id": e.image_id, "patient_id": e.patient_id, "fold": name, **each}
                for e, each in zip(images, said, strict=True)
            ]
        if model == spec.region_model and fold.name == "complement":
            shutil.copyfile(weights, home / COMPLEMENT)
        if model_spec.kind == "lesion" and protocol == spec.protocol:
            (home / FOLDS).mkdir(exist_ok=True)
            shutil.copyfile(weights, home / FOLDS / f"{fold.name}.safetensors")
    if model_spec.kind == "lesion":
        held_out = [e for fold in divided for e in fold.held_out]
        measures = [(float(str(row["burden"])), float(str(row["bright_share"]))) for row in rows]
        scores = scores_by_the_others(measures, held_out, spec)
        rows = [
            {**row, **{c: round(value, DIGITS) for c, value in each.items()}}
            for row, each in zip(rows, scores, strict=True)
        ]
    file = out_of_fold_file(task, model, protocol)
    _write_rows(file, rows)
    _write_protocol(home / "train.yaml", protocol, divided, own=protocol == spec.protocol)
    return file


def _of_use(fold: Fold, model: tasks.ModelSpec, configuration: Configuration) -> Fold:
    train, val, held_out = (
        tuple(usable(part, model, configuration)) for part in (fold.train, fold.val, fold.held_out)
    )
    return Fold(fold.name, train, val, held_out)


def _write_rows(file: Path, rows: Sequence[Mapping[str, object]]) -> None:
    beside = file.with_suffix(".part")
    with beside.open("w", newline="", encoding="utf-8") as lines:
        table = csv.DictWriter(lines, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    beside.replace(file)


def _write_protocol(file: Path, protocol: str, divided: Sequence[Fold], own: bool) -> None:
    """own: the task's own protocol; its network can be deployed where `train` made no other."""
    record = yaml.safe_load(file.read_text(encoding="utf-8"))
    record["cross_validation"] = {
        **record.get("cross_validation", {}),
        protocol: {
            fold.name: {
                "train": patients_of((*fold.train, *fold.val)),
                "held_out": patients_of(fold.held_out),
            }
            for fold in divided
        },
    }
    if own and len(divided) == 1 and "result" not in record:
        (fold,) = divided
        record |= {
            "patients": {"train": patients_of(fold.train), "val": patients_of(fold.val)},
            "images": {"train": len(fold.train), "val": len(fold.val)},
            "backend": keras.backend.backend(),
            "keras": keras.__version__,
        }
    file.write_text(yaml.safe_dump(record, sort_keys=False), encoding="utf-8")
