"""The ordinal axis of the headline: who stands on which stage, and how far apart they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ml.tasks import Head
from webapp.studies.view.agreement import WIDE, Count
from webapp.studies.view.columns import Answer, Column
from webapp.words import gettext as _

Part = Literal["", "start", "middle", "end"]


@dataclass(frozen=True)
class Mark:
    """One model on the axis. `title` names model, version, stage and score."""

    code: str
    title: str
    differs: bool


@dataclass(frozen=True)
class Place:
    """One place on the axis. `part`: whether the bar from lowest to highest starts, passes or ends here."""

    name: str
    marks: tuple[Mark, ...]
    majority: bool
    part: Part


@dataclass(frozen=True)
class Axis:
    """All places of one head, from least to most. `name`: of the head. `wide`: so far apart that it is a warning."""

    name: str
    places: tuple[Place, ...]
    wide: bool


def axis_of(head: Head, count: Count, columns: Sequence[Column]) -> Axis | None:
    """The axis of an ordinal head; None for other heads and where nobody voted."""
    if not head.ordinal or not count.total:
        return None
    taken = [i for i, label in enumerate(head.labels) if label in count.names]
    low, high = min(taken), max(taken)
    return Axis(
        name=_(head.name),
        places=tuple(
            Place(
                name=_(label),
                marks=tuple(
                    _mark(column, answer)
                    for column in columns
                    if (answer := column.answer_to(head.key)) and answer.label == label
                ),
                majority=label == count.majority,
                part=part_of(place, low, high),
            )
            for place, label in enumerate(head.labels)
        ),
        wide=count.spread >= WIDE,
    )


def _mark(column: Column, answer: Answer) -> Mark:
    title = _(
        "%(name)s %(version)s: %(label)s", name=column.name, version=column.version, label=_(answer.label)
    )
    bar = answer.top
    return Mark(column.code, f"{title}, {bar.text}" if bar else title, bool(column.differs))


def part_of(place: int, low: int, high: int) -> Part:
    """Where a place lies on the bar from lowest to highest."""
    if low == high or not low <= place <= high:
        return ""
    if place == low:
        return "start"
    return "end" if place == high else "middle"
