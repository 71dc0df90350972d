"""By which protocol a model was cross-validated, and whether its folds kept to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from ml.cards import models_dir
from ml.data import DataError, Example
from ml.data.split import LEAKY
from ml.evaluation.cross_validation.table import HeldOut, few
from ml.evaluation.report import known_patients


@dataclass(frozen=True)
class Protocol:
    """How the folds were made, as `train.yaml` records it.

    Args:
        name: a key of `ml.data.split.PROTOCOLS`.
        train: fold to the patients that its network learned from or was stopped on; held_out: fold to those it never saw.
    """

    name: str
    train: Mapping[str, frozenset[str]]
    held_out: Mapping[str, frozenset[str]]

    @property
    def leaky(self) -> bool:
        """Whether a patient's images stand on both sides."""
        return self.name in LEAKY


def read_protocol(task: str, model: str) -> Protocol:
    """What `train.yaml` says under `cross_validation`. Raises DataError where it does not say."""
    file = models_dir() / task / model / "train.yaml"
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))["cross_validation"]
        folds = {str(name): (fold["train"], fold["held_out"]) for name, fold in said["folds"].items()}
        return Protocol(
            str(said["protocol"]),
            {name: frozenset(map(str, train)) for name, (train, _) in folds.items()},
            {name: frozenset(map(str, held_out)) for name, (_, held_out) in folds.items()},
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{file} does not say by which protocol the model was cross-validated, nor which patients each fold held out. "
            f"`python -m ml train {task} {model} --cross-validate` writes it."
        ) from error


def check_folds(protocol: Protocol, rows: Sequence[HeldOut], labelled: Sequence[Example]) -> None:
    """Refuses scores from which something is missing, or that a network gave of patients it had learned from.

    Args:
        rows: of `out_of_fold.csv`.
        labelled: the data set's images that figures of this model can be of.

    Raises:
        DataError: a fold that train.yaml does not know; and where the protocol goes by patient, a fold that learned from the
            patient whom it should hold out, or a labelled image that should be among the rows and is not.
    """
    for row in rows:
        if row.fold not in protocol.held_out:
            raise DataError(f"train.yaml knows no fold “{row.fold}”, which held {row.example.image_id} out.")
    if protocol.leaky:
        return
    for row in rows:
        patient = row.example.patient_id
        if patient not in protocol.held_out[row.fold] or patient in protocol.train[row.fold]:
            raise DataError(
                f"The fold {row.fold} did not hold out the patient of {row.example.image_id}, by train.yaml. "
                "Train the folds again."
            )
    scored = {row.example.image_id for row in rows}
    learned_from_only = _all(protocol.train) - _all(protocol.held_out)
    missing = [
        example.image_id
        for example in labelled
        if example.image_id not in scored and example.patient_id not in learned_from_only
    ]
    if missing:
        raise DataError(
            f"out_of_fold.csv lacks {few(missing)}, which the data set labels. Train the folds again on this data set."
        )


def patients_seen_by_their_fold(protocol: Protocol, rows: Sequence[HeldOut]) -> int | None:
    """How many of the patients a network was measured on after it had learned from them; None where one is unknown."""
    if known_patients([row.example for row in rows]) is None:
        return None
    seen = {r.example.patient_id for r in rows if r.example.patient_id in protocol.train[r.fold]}
    return len(seen)


def _all(patients: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*patients.values())
