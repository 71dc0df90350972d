"""The images that a report shows: the surest errors, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ml.data import DataError, Example
from ml.evaluation import metrics
from ml.evaluation.label_figures import HeadAnswers
from ml.explain.outcomes import OUTCOMES, Case, Outcome, cases_of, of_outcome
from ml.explain.showing import Shown, shown, side_by_side
from ml.images.errors import ImageError
from ml.registry import registry
from ml.reporting.page import data_uri, small_png
from ml.tasks import Head, TaskSpec

Warn = Callable[[str], None]

MOST = 12
_SIDE = 224
_LOOKED_AT = 48

_TITLES: dict[Outcome, str] = {
    "false_positives": "False positives: called {label}, and not so by the readers",
    "false_negatives": "False negatives: {label} by the readers, and missed",
    "true_positives": "True positives: {label}, and called so",
}


@dataclass(frozen=True)
class Picture:
    """An image beside what the model shows on it, as the address of a PNG, with its caption."""

    source: str
    caption: str


Group = tuple[str, str, list[Picture]]
"""Title, how many there are of how many shown, and the pictures."""


def pictures_of_labels(
    task: TaskSpec, model: str, answers: HeadAnswers, examples: Sequence[Example], warn: Warn
) -> list[Group]:
    """For the positive label its false alarms, misses and finds; for each label of a head without one its misses and finds.

    At most `MOST` of each, the surest answers first. Raises ModelUnavailable.
    """
    registry().model(task.key, model)
    cases = cases_of(answers, examples)
    head = answers.head
    outcomes = (
        OUTCOMES if head.positive is not None else OUTCOMES[1:]
    )  # a miss is another label's false alarm
    groups = []
    for label in _labels(head):
        for outcome in outcomes:
            found = of_outcome(cases, label, outcome)
            pictures = _pictures(task, model, [(case, label) for case in found[:MOST]], warn)
            how_many = f"{len(found)} in all" + (f", {len(pictures)} shown" if found else "")
            groups.append((_TITLES[outcome].format(label=label), how_many, pictures))
    return groups


def pictures_of_masks(task: TaskSpec, model: str, examples: Sequence[Example], warn: Warn) -> list[Group]:
    """The masks that agree least with the readers', of at most `_LOOKED_AT` images. Raises ModelUnavailable."""
    registry().model(task.key, model)
    with_mask = [example for example in examples if example.region_path is not None]
    looked_at = with_mask[:: max(1, -(-len(with_mask) // _LOOKED_AT))]
    found: list[tuple[float, Example]] = []
    for example in looked_at:
        one = _shown(example, task, model, None, warn)
        if one is not None and one.mask is not None and one.answer.region is not None:
            found.append((metrics.dice(one.mask, one.answer.region), example))
    found.sort(key=lambda pair: (pair[0], pair[1].image_id))
    pictures = []
    for dice, example in found[:MOST]:
        one = _shown(example, task, model, None, warn)
        if one is not None:
            pictures.append(Picture(_source(one, task), f"{_whose(example)}. Dice {dice:.2f}"))
    title = "Least agreement with the readers’ outline"
    return [(title, f"{len(pictures)} of {len(looked_at)} images looked at", pictures)]


def _labels(head: Head) -> tuple[str, ...]:
    return head.labels if head.positive is None else (head.positive,)


def _pictures(task: TaskSpec, model: str, cases: Sequence[tuple[Case, str]], warn: Warn) -> list[Picture]:
    pictures = []
    for case, label in cases:
        one = _shown(case.example, task, model, label, warn)
        if one is not None:
            said = f"Readers: {case.true}. Model: {case.answered} ({case.scores[case.answered]:.2f}); "
            said += f"score of {label} {case.scores[label]:.2f}"
            pictures.append(Picture(_source(one, task), f"{_whose(case.example)}. {said}"))
    return pictures


def _shown(example: Example, task: TaskSpec, model: str, label: str | None, warn: Warn) -> Shown | None:
    try:
        return shown(example, task, model, label)
    except (ImageError, DataError, OSError) as error:
        warn(f"{example.path}: {getattr(error, 'sentence', error)}")
        return None


def _source(one: Shown, task: TaskSpec) -> str:
    picture: np.ndarray = side_by_side(one, task, _SIDE)
    return data_uri(small_png(picture))


def _whose(example: Example) -> str:
    return f"{example.image_id}, patient {example.patient_id or 'not known'}"
