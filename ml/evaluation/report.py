"""What all reports have in common: a figure with its interval, and how many patients stand behind it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from ml.data import Example
from ml.evaluation.intervals import interval_of, patient_interval

if TYPE_CHECKING:
    from ml.evaluation.label_figures import HeadAnswers

Value = TypeVar("Value")
Scores = dict[str, dict[str, float]]
Report = dict[str, Any]
Figure = Callable[[np.ndarray], float | None]


EVERY_REPORT_HAS = (
    *("auc", "auc_by_label", "auc_by_block", "accuracy", "balanced_accuracy", "recall_by_label"),
    *("sensitivity", "specificity", "sensitivity_at_specificity", "f2", "expected_calibration_error", "dice"),
)
"""Figures that `python -m ml evaluate` names for every model; None where one does not apply."""


@dataclass(frozen=True)
class Answer(Generic[Value]):
    """What a model says of one image, and whether the gate would have kept the image from this model."""

    value: Value
    gated: bool = False


@dataclass(frozen=True)
class Evaluation:
    """A report, and the answers by head that curves are drawn from; a model without labels has none."""

    report: Report
    heads: tuple[HeadAnswers, ...] = ()


def with_interval(name: str, patients: Sequence[str | None], figure: Figure) -> Report:
    """{name: figure over all images, name_ci95: its interval by patient}; a figure that has no value is None.

    Args:
        patients: the patient of each image, (n,).
        figure: from indices of images, (m,) int with repetitions, to the figure.
    """
    value = figure(np.arange(len(patients)))
    if value is None or not math.isfinite(value):
        return {name: None, f"{name}_ci95": None}
    return {name: value, f"{name}_ci95": patient_interval(patients, figure)}


def with_every_figure(report: Report) -> Report:
    """A report that names each of `EVERY_REPORT_HAS`."""
    return {**report, **{name: None for name in EVERY_REPORT_HAS if name not in report}}


def told(name: str, values: np.ndarray) -> Report:
    """{name: a figure, name_ci95: its interval} from its values by `patient_weights`, (1 + draws,); NaN is None."""
    if not np.isfinite(values[0]):
        return {name: None, f"{name}_ci95": None}
    return {name: float(values[0]), f"{name}_ci95": interval_of(values[1:])}


def told_by(name: str, values: Mapping[str, np.ndarray]) -> Report:
    """The same of several figures under one name: {name: {group: figure}, name_ci95: {group: interval}}."""
    each = {group: told(name, of_group) for group, of_group in values.items()}
    return {key: {group: said[key] for group, said in each.items()} for key in (name, f"{name}_ci95")}


def sizes(examples: Sequence[Example]) -> Report:
    """`n_images` and `n_patients`; the latter is None where an image's patient is unknown."""
    patients = known_patients(examples)
    return {"n_images": len(examples), "n_patients": None if patients is None else len(patients)}


def patients_seen(examples: Sequence[Example], trained_on: Iterable[str] | None) -> int | None:
    """How many of these images' patients the model learned from; None where either side is unknown."""
    patients = known_patients(examples)
    return None if patients is None or trained_on is None else len(patients & set(trained_on))


def known_patients(examples: Sequence[Example]) -> set[str] | None:
    """The patients of some images; None where one of them is unknown."""
    patients = {example.patient_id for example in examples if example.patient_id is not None}
    return None if any(example.patient_id is None for example in examples) else patients
