"""How well a model's labels and scores agree with those of the readers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ml.data import DataError, Example
from ml.evaluation import metrics
from ml.evaluation.report import Answer, Report, Scores, patients_seen, sizes, with_interval
from ml.tasks import Head, TaskSpec


def evaluate_classification(
    examples: Sequence[Example],
    predict: Callable[[Example], Answer[Scores] | None],
    task: TaskSpec,
    *,
    thresholds: Mapping[str, float] | None = None,
    trained_on: Iterable[str] | None = None,
) -> Report:
    """Figures of each head over exactly those images that carry its label.

    Args:
        examples: images; those without any label of the task's heads are left out.
        predict: gives {head: {label: score}}; None for an image that cannot be read, which is only counted.
        task: says which heads there are, which label is the positive one, and which head is ordinal.
        thresholds: by head, from which score on the positive label is called (0.5 where none is given).
        trained_on: patients that the model was trained or stopped on; None where that is not known.

    Returns:
        `accuracy`, `auc`, `sensitivity`, `specificity` of the head with a positive label, `<head>_accuracy`,
        `<head>_quadratic_kappa` and `recall_by_<head>` of an ordinal head, each with its interval `..._ci95`,
        and `n_images`, `n_patients`, `n_patients_seen_in_training`, `n_gated`, `n_unreadable`.

    Raises:
        DataError: a label that the head does not have.
    """
    labelled = [example for example in examples if _heads_of(example, task)]
    answers = [predict(example) for example in labelled]
    read = [
        (example, answer) for example, answer in zip(labelled, answers, strict=True) if answer is not None
    ]
    report: Report = {}
    for head in task.heads:
        of_head = [(example, answer.value) for example, answer in read if head.key in example.labels]
        patients = [example.patient_id for example, _ in of_head]
        true = np.array([_label(example, head) for example, _ in of_head], dtype=int)
        scores = np.array([[by_head[head.key][label] for label in head.labels] for _, by_head in of_head])
        scores = scores.reshape(len(of_head), len(head.labels))
        if head.positive is not None:
            threshold = (thresholds or {}).get(head.key, 0.5)
            report |= _figures_of_positive(head, head.positive, true, scores, threshold, patients)
        if head.ordinal:
            report |= _figures_of_order(head, true, scores.argmax(axis=1), patients)
    evaluated = [example for example, _ in read]
    return {
        **report,
        **sizes(evaluated),
        "n_patients_seen_in_training": patients_seen(evaluated, trained_on),
        "n_gated": sum(answer.gated for _, answer in read),
        "n_unreadable": len(labelled) - len(read),
    }


def _heads_of(example: Example, task: TaskSpec) -> list[str]:
    return [head.key for head in task.heads if head.key in example.labels]


def _label(example: Example, head: Head) -> int:
    label = example.labels[head.key]
    if not 0 <= label < len(head.labels):
        raise DataError(f"{example.image_id} has {head.key} {label}; known are 0 to {len(head.labels) - 1}.")
    return label


def _figures_of_positive(
    head: Head,
    label: str,
    true: np.ndarray,
    scores: np.ndarray,
    threshold: float,
    patients: Sequence[str | None],
) -> Report:
    positive = true == head.labels.index(label)
    score = scores[:, head.labels.index(label)]
    called = score >= threshold
    return (
        with_interval("accuracy", patients, lambda i: metrics.accuracy(positive[i], called[i]))
        | with_interval("auc", patients, lambda i: metrics.auc(positive[i], score[i]))
        | with_interval("sensitivity", patients, lambda i: metrics.sensitivity(positive[i], called[i]))
        | with_interval("specificity", patients, lambda i: metrics.specificity(positive[i], called[i]))
    )


def _figures_of_order(
    head: Head, true: np.ndarray, predicted: np.ndarray, patients: Sequence[str | None]
) -> Report:
    def kappa(index: np.ndarray) -> float | None:
        return metrics.quadratic_kappa(true[index], predicted[index], len(head.labels))

    def recall_of(label: int) -> Callable[[np.ndarray], float | None]:
        return lambda index: metrics.recall(true[index], predicted[index], label)

    recalls: Report = {}
    for label, name in enumerate(head.labels):
        recalls |= with_interval(name, patients, recall_of(label))
    return (
        with_interval(f"{head.key}_accuracy", patients, lambda i: metrics.accuracy(true[i], predicted[i]))
        | with_interval(f"{head.key}_quadratic_kappa", patients, kappa)
        | {f"recall_by_{head.key}": {name: recalls[name] for name in head.labels}}
        | {f"recall_by_{head.key}_ci95": {name: recalls[f"{name}_ci95"] for name in head.labels}}
    )
