"""How well a model's labels and scores agree with those of the readers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ml.data import DataError, Example
from ml.evaluation.label_figures import HeadAnswers, label_figures, positive_place
from ml.evaluation.report import Answer, Evaluation, Scores, patients_seen, sizes
from ml.scoring import DEFAULT_THRESHOLD, decided_label
from ml.tasks import Head, TaskSpec


def evaluate_classification(
    examples: Sequence[Example],
    predict: Callable[[Example], Answer[Scores] | None],
    task: TaskSpec,
    *,
    thresholds: Mapping[str, float] | None = None,
    trained_on: Iterable[str] | None = None,
) -> Evaluation:
    """Figures of each head over exactly those images that carry its label.

    Args:
        examples: images; those without any label of the task's heads are left out.
        predict: gives {head: {label: score}}; None for an image that cannot be read, which is only counted.
        task: says which heads there are, which label is the positive one, and which head is ordinal.
        thresholds: by head, from which score on the positive label is called (0.5 where none is given).
        trained_on: patients that the model was trained or stopped on; None where that is not known.

    Returns:
        The figures of `label_figures`, and `n_images`, `n_patients`, `n_patients_seen_in_training`, `n_gated`,
        `n_unreadable`.

    Raises:
        DataError: a label that the head does not have.
    """
    labelled = [example for example in examples if has_label(example, task)]
    answers = [predict(example) for example in labelled]
    read = [
        (example, answer) for example, answer in zip(labelled, answers, strict=True) if answer is not None
    ]
    evaluated = [example for example, _ in read]
    heads = answers_by_head(evaluated, [answer.value for _, answer in read], task, thresholds or {})
    return Evaluation(
        {
            **label_figures(heads, task.specificities),
            **sizes(evaluated),
            "n_patients_seen_in_training": patients_seen(evaluated, trained_on),
            "n_gated": sum(answer.gated for _, answer in read),
            "n_unreadable": len(labelled) - len(read),
        },
        heads,
    )


def has_label(example: Example, task: TaskSpec) -> bool:
    """Whether the example carries a label of one of the task's heads."""
    return any(head.key in example.labels for head in task.heads)


def answers_by_head(
    examples: Sequence[Example], scores: Sequence[Scores], task: TaskSpec, thresholds: Mapping[str, float]
) -> tuple[HeadAnswers, ...]:
    """Each head's answers over the images that carry its label. Raises DataError for a label that it does not have."""
    found = []
    for head in task.heads:
        threshold = thresholds.get(head.key, DEFAULT_THRESHOLD)
        of_head = [
            (e, given[head.key]) for e, given in zip(examples, scores, strict=True) if head.key in e.labels
        ]
        decided = [head.labels.index(decided_label(head, given, threshold)) for _, given in of_head]
        values = np.array([[given[label] for label in head.labels] for _, given in of_head])
        values = values.reshape(len(of_head), len(head.labels))
        found.append(
            HeadAnswers(
                head=head,
                patients=tuple(example.patient_id for example, _ in of_head),
                true=np.array([label_index(example, head) for example, _ in of_head], dtype=int),
                scores=values,
                ranks=values,
                decided=np.array(decided, dtype=int),
                called=values[:, positive_place(head)] >= threshold,
                images=tuple(example.image_id for example, _ in of_head),
            )
        )
    return tuple(found)


def label_index(example: Example, head: Head) -> int:
    """The example's label of a head. Raises DataError where the head has no such label."""
    label = example.labels[head.key]
    if not 0 <= label < len(head.labels):
        raise DataError(f"{example.image_id} has {head.key} {label}; known are 0 to {len(head.labels) - 1}.")
    return label
