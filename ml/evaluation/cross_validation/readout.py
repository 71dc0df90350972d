"""The readout of a lesion model from its out-of-fold measures: for deployment from all patients, for figures from the others."""

from __future__ import annotations

from collections.abc import Sequence

from ml.data import Example
from ml.evaluation.cross_validation.table import out_of_fold_file, read_out_of_fold
from ml.readout import Readout, fitted
from ml.tasks import TaskSpec

Measures = tuple[float, float]
"""Burden and bright share of an image (`ml.lesion`)."""


def readout_from_out_of_fold(task: TaskSpec, model: str, examples: Sequence[Example]) -> Readout:
    """What the deployed model's scores follow from its burden and bright share by. Raises DataError."""
    rows = read_out_of_fold(out_of_fold_file(task.key, model), examples, ["burden", "bright_share"])
    measures = [(float(row.said["burden"] or 0), float(row.said["bright_share"] or 0)) for row in rows]
    return readout_of(measures, [row.example for row in rows], task)


def readout_of(measures: Sequence[Measures], examples: Sequence[Example], task: TaskSpec) -> Readout:
    """The readout that fits some images' burdens and bright shares; images without a stage are left out."""
    stage = task.ordinal_head
    known = [(each, e) for each, e in zip(measures, examples, strict=True) if stage.key in e.labels]
    return fitted([each for each, _ in known], [e.labels[stage.key] for _, e in known], len(stage.labels))


def scores_by_the_others(
    measures: Sequence[Measures], examples: Sequence[Example], task: TaskSpec
) -> list[dict[str, float]]:
    """For each image the raw scores by column (`<head>.<label>`), by the readout that fits the other patients."""
    scored: dict[int, dict[str, float]] = {}
    for patient in {e.patient_id for e in examples}:
        others = [i for i, e in enumerate(examples) if e.patient_id != patient]
        readout = readout_of([measures[i] for i in others], [examples[i] for i in others], task)
        for i in set(range(len(examples))) - set(others):
            scores = readout.scores(*measures[i], task.ordinal_head, task.status_head)
            scored[i] = {
                f"{head}.{label}": score for head, each in scores.items() for label, score in each.items()
            }
    return [scored[i] for i in range(len(examples))]
