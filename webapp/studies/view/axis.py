"""The ordinal axis of the headline: who stands on which stage, and how far apart they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ml.tasks import Head
from webapp.studies.view.agreement import Count
from webapp.studies.view.columns import Column
from webapp.words import gettext as _

Part = Literal["", "start", "middle", "end"]


@dataclass(frozen=True)
class Mark:
    """One model on the axis. `title` names model, version, stage and score."""

    code: str
    title: str
    differs: bool


@dataclass(frozen=True)
class Stage:
    """One place on the axis. `part`: whether the bar from lowest to highest starts, passes or ends here."""

    name: str
    marks: tuple[Mark, ...]
    majority: bool
    part: Part


def stages_of(head: Head, count: Count, columns: Sequence[Column]) -> tuple[Stage, ...]:
    """The axis of an ordinal head, from least to most; empty for other heads and where nobody voted."""
    if not head.ordinal or not count.total:
        return ()
    places = [i for i, label in enumerate(head.labels) if label in count.names]
    low, high = min(places), max(places)
    return tuple(
        Stage(
            name=_(label),
            marks=tuple(_mark(column, head) for column in columns if column.label_of(head.key) == label),
            majority=label == count.majority,
            part=_part(place, low, high),
        )
        for place, label in enumerate(head.labels)
    )


def _mark(column: Column, head: Head) -> Mark:
    answer = next(answer for answer in column.answers if answer.key == head.key)
    bar = next((bar.text for bar in answer.bars if bar.top), "")
    title = _(
        "%(name)s %(version)s: %(label)s", name=column.name, version=column.version, label=_(answer.label)
    )
    return Mark(column.code, f"{title}, {bar}" if bar else title, bool(column.differs))


def _part(place: int, low: int, high: int) -> Part:
    if low == high or not low <= place <= high:
        return ""
    if place == low:
        return "start"
    return "end" if place == high else "middle"
