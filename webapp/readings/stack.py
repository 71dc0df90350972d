"""What a model's answers on single slices say of the whole stack.

A finding counts for the stack where two neighbouring slices carry it: a model that is wrong on one slice of twenty would
call most stacks positive otherwise. Neighbours are slices of one series next to each other.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ml.tasks import Head, TaskSpec
from webapp.readings.summary import RISKS


class SaidOfSlice(Protocol):
    """What this needs to know of a prediction."""

    @property
    def model(self) -> str: ...
    @property
    def image_id(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def risk(self) -> str | None: ...


class Slice(Protocol):
    """What this needs to know of an image."""

    @property
    def id(self) -> int: ...
    @property
    def position(self) -> int: ...
    @property
    def series(self) -> int: ...


@dataclass(frozen=True)
class StackAnswer:
    """What one model says of a stack. `risk`: of error, that of its middle slice when they are put in order."""

    model: str
    state: str
    labels: Mapping[str, str]
    risk: str | None


def answers_on_stack(
    spec: TaskSpec, predictions: Iterable[SaidOfSlice], slices: Sequence[Slice]
) -> list[StackAnswer]:
    """One answer a model that answered on any slice."""
    of_image = {one.id: one for one in slices}
    done: dict[str, list[SaidOfSlice]] = {}
    for said in predictions:
        if said.state == "done":
            done.setdefault(said.model, []).append(said)
    found = []
    for model, answers in done.items():
        answers.sort(key=lambda said: of_image[said.image_id].position)
        places = [of_image[said.image_id] for said in answers]
        labels = {
            head.key: label
            for head in spec.heads
            if (label := _label(head, [said.labels.get(head.key) for said in answers], places)) is not None
        }
        found.append(StackAnswer(model, "done", labels, _risk(answers)))
    return found


def runs_of(positions: Iterable[int], series: Mapping[int, int]) -> list[list[int]]:
    """Positions in runs of neighbours, the longest first, and of equally long ones the earliest.

    Args:
        series: position to the number of its series, which no run leaves.
    """
    runs: list[list[int]] = []
    for position in sorted(positions):
        if runs and runs[-1][-1] == position - 1 and series[position - 1] == series[position]:
            runs[-1].append(position)
        else:
            runs.append([position])
    return sorted(runs, key=lambda run: (-len(run), run[0]))


def _label(head: Head, labels: Sequence[str | None], places: Sequence[Slice]) -> str | None:
    said = [(label, place) for label, place in zip(labels, places, strict=True) if label in head.labels]
    if len(said) < 2:
        return said[0][0] if said else None
    pairs = [
        (one, other)
        for (one, here), (other, there) in itertools.pairwise(said)
        if here.series == there.series and there.position == here.position + 1
    ]
    if not pairs:
        return Counter(label for label, _ in said).most_common(1)[0][0]
    order = _order(head)
    if order:
        return max((min(pair, key=order.index) for pair in pairs), key=order.index)
    shared = Counter(one for one, other in pairs if one == other and head.is_finding(one))
    if shared:
        return shared.most_common(1)[0][0]
    return head.nothing or Counter(label for label, _ in said).most_common(1)[0][0]


def _order(head: Head) -> tuple[str, ...]:
    """The labels from least to most, or none where they have no order."""
    if head.ordinal:
        return head.labels
    if head.binary and head.positive is not None:
        return (next(label for label in head.labels if label != head.positive), head.positive)
    return ()


def _risk(answers: Sequence[SaidOfSlice]) -> str | None:
    risks = sorted(RISKS.index(said.risk) for said in answers if said.risk in RISKS)
    return RISKS[risks[len(risks) // 2]] if risks else None
