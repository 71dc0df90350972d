"""By which protocols a model was cross-validated, and whether its folds kept to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from ml.cards import models_dir
from ml.data import DataError, Example
from ml.data.split import LEAKY
from ml.evaluation.cross_validation.table import HeldOut, few
from ml.evaluation.report import known_patients
from ml.tasks import TaskSpec


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


def why_leaky(name: str) -> str | None:
    """Why the figures of a protocol are too good, in a sentence; None where they are not."""
    if name not in LEAKY:
        return None
    return _WHY.get(name, _WHY["published"]).format(name=name)


_WHY = {
    "published": (
        "The protocol {name} divides by image, not by patient: slices of one patient stand on both sides, so these figures are "
        "too good. They serve only to repeat a published figure."
    ),
    "md5": (
        "The protocol {name} divides by a hash of the file's name, not by patient: neighbouring slices of one scan stand on both "
        "sides, so these figures are too good. They serve only to repeat a published figure."
    ),
}


def read_protocols(task: TaskSpec, model: str) -> dict[str, Protocol]:
    """What `train.yaml` says under `cross_validation`, by protocol, the task's own first.

    Raises DataError where it says nothing.
    """
    file = models_dir() / task.key / model / "train.yaml"
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))["cross_validation"]
        found = {str(name): _protocol(str(name), folds) for name, folds in said.items()}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{file} does not say by which protocol the model was cross-validated, nor which patients each fold held out. "
            f"`python -m ml train {task.key} {model} --cross-validate` writes it."
        ) from error
    return dict(sorted(found.items(), key=lambda entry: entry[0] != task.protocol))


def read_protocol(task: TaskSpec, model: str, name: str | None = None) -> Protocol:
    """One of a model's protocols: by default the task's own, or the first one where that was not trained. Raises DataError."""
    known = read_protocols(task, model)
    if name is None and known:
        return next(iter(known.values()))
    if name is None or name not in known:
        raise DataError(
            f"{model} was not cross-validated by {name or 'any protocol'}; train.yaml knows {', '.join(known) or 'none'}. "
            f"`python -m ml train {task.key} {model} --cross-validate --protocol {name or task.protocol}` does it."
        )
    return known[name]


def _protocol(name: str, folds: Mapping[str, Mapping[str, Sequence[object]]]) -> Protocol:
    sides = {str(fold): (said["train"], said["held_out"]) for fold, said in folds.items()}
    return Protocol(
        name,
        {fold: frozenset(map(str, train)) for fold, (train, _) in sides.items()},
        {fold: frozenset(map(str, held_out)) for fold, (_, held_out) in sides.items()},
    )


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

    def must_be_scored(patient: str | None) -> bool:
        if len(protocol.held_out) == 1:  # a single division may leave images out of both sides
            return patient in _all(protocol.held_out)
        return patient not in learned_from_only

    missing = [
        example.image_id
        for example in labelled
        if example.image_id not in scored and must_be_scored(example.patient_id)
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
