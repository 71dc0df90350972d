"""Which images a gallery and a report show first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.data import Example
from ml.evaluation.label_figures import HeadAnswers
from ml.explain.outcomes import Case, cases_of, of_outcome
from ml.tasks import Head


def case(name: str, true: str, answered: str, stone: float) -> Case:
    return Case(Example(name, Path(name)), true, answered, {"No stone": 1 - stone, "Stone": stone})


CASES = [
    case("found", "Stone", "Stone", 0.7),
    case("found surely", "Stone", "Stone", 0.99),
    case("missed", "Stone", "No stone", 0.4),
    case("missed surely", "Stone", "No stone", 0.01),
    case("raised", "No stone", "Stone", 0.6),
    case("raised surely", "No stone", "Stone", 0.98),
    case("passed over", "No stone", "No stone", 0.1),
]


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [
        ("true_positives", ["found surely", "found"]),
        ("false_positives", ["raised surely", "raised"]),
        ("false_negatives", ["missed surely", "missed"]),
    ],
)
def test_the_surest_answers_come_first_so_the_worst_errors(outcome, shown):
    assert [each.example.image_id for each in of_outcome(CASES, "Stone", outcome)] == shown


def test_what_one_label_missed_is_what_another_raised():
    missed = of_outcome(CASES, "Stone", "false_negatives")

    assert missed == of_outcome(CASES, "No stone", "false_positives")


def answered(labels, true, scores, decided, called):
    head = Head("stone", "Kidney stone", labels, positive=labels[-1])
    scores, patients = np.array(scores), ("p", "q")
    return HeadAnswers(
        head, patients, np.array(true), scores, scores, np.array(decided), np.array(called), ("b", "a")
    )


EXAMPLES = [Example(name, Path(name)) for name in "abc"]


def test_answers_are_put_together_with_their_images_whatever_the_order():
    answers = answered(("No stone", "Stone"), [0, 1], [[0.2, 0.8], [0.9, 0.1]], [1, 0], [True, False])

    found = cases_of(answers, EXAMPLES)

    assert [(c.example.image_id, c.true, c.answered, c.scores["Stone"]) for c in found] == [
        ("b", "No stone", "Stone", 0.8),
        ("a", "Stone", "No stone", 0.1),
    ]


def test_of_three_labels_the_threshold_says_what_was_called_positive():
    scores = [[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]]
    answers = answered(("Normal", "Benign", "Malignant"), [2, 2], scores, [1, 0], [True, False])

    found = cases_of(answers, EXAMPLES)

    assert [c.example.image_id for c in of_outcome(found, "Malignant", "true_positives")] == ["b"]
    assert [c.example.image_id for c in of_outcome(found, "Malignant", "false_negatives")] == ["a"]
    assert [c.answered for c in of_outcome(found, "Benign", "false_positives")] == ["Benign"]
