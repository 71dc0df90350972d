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
    """An image with the readers' label, the model's, and the model's score of each label.

    `called`: the labels that count as given, where a threshold of its own decides on the positive one; else the one answered.
    """

    example: Example
    true: str
    answered: str
    scores: Mapping[str, float]
    called: tuple[str, ...] | None = None

    def calls(self, label: str) -> bool:
        """Whether the label counts as given."""
        return label == self.answered if self.called is None else label in self.called


def cases_of(answers: HeadAnswers, examples: Sequence[Example]) -> list[Case]:
    """The cases behind a head's answers.

    Args:
        answers: with the `images` that they are of.
        examples: among which these are.
    """
    by_id = {example.image_id: example for example in examples}
    head = answers.head
    cases = []
    for place, image in enumerate(answers.images):
        true, decided = (head.labels[int(of[place])] for of in (answers.true, answers.decided))
        positive = bool(answers.called[place])
        called = [each for each in head.labels if (positive if each == head.positive else each == decided)]
        scores = dict(zip(head.labels, answers.scores[place].tolist(), strict=True))
        cases.append(Case(by_id[image], true, decided, scores, tuple(called)))
    return cases


def of_outcome(cases: Sequence[Case], label: str, outcome: Outcome) -> list[Case]:
    """The cases that a label was rightly, wrongly or not given to; the surest answers first, so the worst errors."""
    wanted = {
        "true_positives": [c for c in cases if c.true == label and c.calls(label)],
        "false_positives": [c for c in cases if c.true != label and c.calls(label)],
        "false_negatives": [c for c in cases if c.true == label and not c.calls(label)],
    }[outcome]
    sign = 1 if outcome == "false_negatives" else -1
    return sorted(wanted, key=lambda case: (sign * case.scores[label], case.example.image_id))
