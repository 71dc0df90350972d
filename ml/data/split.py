"""How a data set is divided for training: into folds, each of which holds out images that its model never sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ml.data.example import DataError, Example

SEED = 42
GROUPED_FOLDS = 5
PUBLISHED_TEST_SHARE = 0.2
OFFICIAL_FOLDS = 10


Protocol = Callable[[Sequence[Example], str], list["Fold"]]


@dataclass(frozen=True)
class Fold:
    """One division of a data set.

    Args:
        name: unique within the protocol.
        train: what a model learns from.
        val: what its training is stopped on; empty where the number of epochs is fixed beforehand.
        held_out: what it never sees, and is measured on.
    """

    name: str
    train: tuple[Example, ...]
    val: tuple[Example, ...]
    held_out: tuple[Example, ...]


def parts(examples: Sequence[Example], head: str) -> list[Fold]:
    """One fold: the parts that the data set suggests."""
    train, val, test = (tuple(e for e in examples if e.part == part) for part in ("train", "val", "test"))
    return [Fold("parts", train, val, test)]


def parts_and_complement(examples: Sequence[Example], head: str) -> list[Fold]:
    """Two folds that together hold out every patient whose images carry the head's label.

    The first is `parts`. The second learns from all other patients: those of the test part, and those without a label.
    """
    first = parts(examples, head)[0]
    labelled = {e.patient_id for e in examples if head in e.labels}
    left = labelled & {e.patient_id for e in (*first.train, *first.val)}
    second = Fold(
        "complement",
        tuple(e for e in examples if e.patient_id not in left),
        (),
        tuple(e for e in examples if e.patient_id in left),
    )
    return [first, second]


def leave_one_patient_out(examples: Sequence[Example], head: str) -> list[Fold]:
    """A fold for each patient whose images carry the head's label; images without it are in no fold."""
    labelled = [e for e in examples if head in e.labels]
    patients = sorted(set(_patients_of(labelled)))
    return [
        Fold(
            patient,
            tuple(e for e in labelled if e.patient_id != patient),
            (),
            tuple(e for e in labelled if e.patient_id == patient),
        )
        for patient in patients
    ]


def grouped(examples: Sequence[Example], head: str) -> list[Fold]:
    """Five folds by patient, stratified by the head's label (scikit-learn's StratifiedGroupKFold, seed 42)."""
    from sklearn.model_selection import StratifiedGroupKFold

    labelled = [e for e in examples if head in e.labels]
    patients = _patients_of(labelled)
    if len(set(patients)) < GROUPED_FOLDS:
        raise DataError(f"A split into {GROUPED_FOLDS} groups of patients needs as many patients.")
    splitter = StratifiedGroupKFold(GROUPED_FOLDS, shuffle=True, random_state=SEED)
    divided = splitter.split(np.zeros(len(labelled)), [e.labels[head] for e in labelled], patients)
    return [
        Fold(
            f"fold{number}",
            tuple(labelled[i] for i in train),
            (),
            tuple(labelled[i] for i in test),
        )
        for number, (train, test) in enumerate(divided)
    ]


def by_patient(examples: Sequence[Example], head: str) -> list[Fold]:
    """One split, about 80 to 20, by patient: the first of the `grouped` folds. What `published` would be without the leak."""
    first = grouped(examples, head)[0]
    return [Fold("by_patient", first.train, first.val, first.held_out)]


def official(examples: Sequence[Example], head: str) -> list[Fold]:
    """One fold: held out is the data set's own test part; a tenth of the other patients, by patient, stop the training.

    The data set's own validation part is too small to choose anything by, and joins what is learned from.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    labelled = [e for e in examples if head in e.labels]
    learned = [e for e in labelled if e.part in ("train", "val")]
    patients = _patients_of(learned)
    if len(set(patients)) < OFFICIAL_FOLDS:
        raise DataError(f"A tenth of the patients can be left out of {OFFICIAL_FOLDS} or more only.")
    splitter = StratifiedGroupKFold(OFFICIAL_FOLDS, shuffle=True, random_state=SEED)
    divided = next(splitter.split(np.zeros(len(learned)), [e.labels[head] for e in learned], patients))
    train, val = (tuple(learned[i] for i in side) for side in divided)
    return [Fold("official", train, val, tuple(e for e in labelled if e.part == "test"))]


def suggested(protocol: str) -> Protocol:
    """A protocol of one fold: the parts that the data set suggests for it (`Example.parts`)."""

    def divide(examples: Sequence[Example], head: str) -> list[Fold]:
        labelled = [e for e in examples if head in e.labels]
        train, val, test = (
            tuple(e for e in labelled if e.parts.get(protocol) == part) for part in ("train", "val", "test")
        )
        return [Fold(protocol, train, val, test)]

    return divide


def published(examples: Sequence[Example], head: str) -> list[Fold]:
    """The publications' split: 80 to 20 by IMAGE, stratified, seed 42. Leaky: a patient's slices stand on both sides."""
    from sklearn.model_selection import train_test_split

    labelled = [e for e in examples if head in e.labels]
    train, test = train_test_split(
        labelled,
        test_size=PUBLISHED_TEST_SHARE,
        random_state=SEED,
        stratify=[e.labels[head] for e in labelled],
    )
    return [Fold("published", tuple(train), (), tuple(test))]


PROTOCOLS: dict[str, Protocol] = {
    "parts": parts,
    "parts_and_complement": parts_and_complement,
    "leave_one_patient_out": leave_one_patient_out,
    "grouped": grouped,
    "by_patient": by_patient,
    "published": published,
    "official": official,
    "part_stratified": suggested("part_stratified"),
    "part_center": suggested("part_center"),
    "md5": suggested("md5"),
}

LEAKY = frozenset({"published", "md5"})
"""Protocols under which a patient's images stand on both sides; every figure of theirs is named so."""


def folds(examples: Sequence[Example], protocol: str, head: str) -> list[Fold]:
    """The folds of a protocol.

    Args:
        examples: a whole data set.
        protocol: a key of `PROTOCOLS`.
        head: key of the head whose labels are stratified by, and without which an image has no place in a fold.

    Raises:
        DataError: no such protocol, a fold that would be empty, or a split by patient where patients are unknown.
    """
    if protocol not in PROTOCOLS:
        raise DataError(f"There is no protocol {protocol}. Known: {', '.join(PROTOCOLS)}.")
    try:
        divided = PROTOCOLS[protocol](examples, head)
    except DataError:
        raise
    except ValueError as error:  # scikit-learn's, where a label has fewer images than sides to stand on
        raise DataError(f"The protocol {protocol} cannot divide this data set: {error}") from error
    if not divided or not all(fold.train and fold.held_out for fold in divided):
        raise DataError(f"The protocol {protocol} leaves a fold of this data set without images.")
    return divided


def _patients_of(examples: Sequence[Example]) -> list[str]:
    patients = [e.patient_id for e in examples if e.patient_id is not None]
    if len(patients) < len(examples):
        raise DataError(
            "The data set does not say which patient an image is of, so it cannot be split by patient."
        )
    return patients
