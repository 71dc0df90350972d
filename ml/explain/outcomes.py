"""Found, false alarm, missed: the images of a label by what a model made of them, the most telling first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ml.data import Example
from ml.evaluation.label_figures import HeadAnswers

Outcome = Literal["false_positives", "false_negatives", "true_positives"]
OUTCOMES: tuple[Outcome, ...] = ("false_positives", "false_negatives", "true_positives")


@dataclass(frozen=True)
class Case:
    """An image with the readers' label, the model's, and the model's score of each label."""

    example: Example
    true: str
    answered: str
    scores: Mapping[str, float]


def cases_of(answers: HeadAnswers, examples: Sequence[Example]) -> list[Case]:
    """The cases behind a head's answers.

    Args:
        answers: with the `images` that they are of.
        examples: among which these are.
    """
    by_id = {example.image_id: example for example in examples}
    labels = answers.head.labels
    return [
        Case(by_id[image], labels[true], labels[decided], dict(zip(labels, scores, strict=True)))
        for image, true, decided, scores in zip(
            answers.images, answers.true, answers.decided, answers.scores.tolist(), strict=True
        )
    ]


def of_outcome(cases: Sequence[Case], label: str, outcome: Outcome) -> list[Case]:
    """The cases that a label was rightly, wrongly or not given to; the surest answers first, so the worst errors."""
    wanted = {
        "true_positives": [c for c in cases if c.true == label == c.answered],
        "false_positives": [c for c in cases if c.true != label == c.answered],
        "false_negatives": [c for c in cases if c.true == label != c.answered],
    }[outcome]
    sign = 1 if outcome == "false_negatives" else -1
    return sorted(wanted, key=lambda case: (sign * case.scores[label], case.example.image_id))
