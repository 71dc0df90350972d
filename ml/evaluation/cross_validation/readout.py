"""The readout of a lesion model from its out-of-fold burdens: for deployment from all patients, for figures from the others."""

from __future__ import annotations

from collections.abc import Sequence

from ml.data import Example
from ml.evaluation.cross_validation.table import out_of_fold_file, read_out_of_fold
from ml.readout import Readout, fitted
from ml.tasks import TaskSpec


def readout_from_out_of_fold(task: TaskSpec, model: str, examples: Sequence[Example]) -> Readout:
    """What the deployed model's scores follow from its burden by. Raises DataError."""
    rows = read_out_of_fold(out_of_fold_file(task.key, model), examples, ["burden"])
    held_out = [row.example for row in rows]
    return readout_of([float(row.said["burden"] or 0) for row in rows], held_out, task)


def readout_of(burdens: Sequence[float], examples: Sequence[Example], task: TaskSpec) -> Readout:
    """The readout that fits some images' burdens; images without a stage are left out."""
    stage = task.ordinal_head
    known = [(burden, e) for burden, e in zip(burdens, examples, strict=True) if stage.key in e.labels]
    return fitted([burden for burden, _ in known], [e.labels[stage.key] for _, e in known], len(stage.labels))


def scores_by_the_others(
    burdens: Sequence[float], examples: Sequence[Example], task: TaskSpec
) -> list[dict[str, float]]:
    """For each image the raw scores by column (`<head>.<label>`), by the readout that fits the other patients."""
    scored: dict[int, dict[str, float]] = {}
    for patient in {e.patient_id for e in examples}:
        others = [i for i, e in enumerate(examples) if e.patient_id != patient]
        readout = readout_of([burdens[i] for i in others], [examples[i] for i in others], task)
        for i in set(range(len(examples))) - set(others):
            scores = readout.scores(burdens[i], task.ordinal_head, task.status_head)
            scored[i] = {
                f"{head}.{label}": score for head, each in scores.items() for label, score in each.items()
            }
    return [scored[i] for i in range(len(examples))]
