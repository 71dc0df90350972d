"""The stages of one patient over time, drawn: where the dots stand, and how far the models are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ml.tasks import Head
from webapp.words import gettext as _

if TYPE_CHECKING:
    from webapp.patients.moments import Moment

WIDTH, LEFT, STEP, TOP = 900, 130, 36, 22  # of the chart, in its own units
_DATES = 7  # more of them would run into each other


@dataclass(frozen=True)
class Dot:
    """One study on the chart. `y` is None where nobody names a stage; `signed`: by verdict, not by the models' majority."""

    x: int
    y: int | None
    top: int
    bottom: int
    signed: bool
    at: datetime
    dated: bool


@dataclass(frozen=True)
class Chart:
    """Stages over time. `levels`: (name, y) from the lowest; `path` joins the dots that have a stage."""

    height: int
    levels: tuple[tuple[str, int], ...]
    dots: tuple[Dot, ...]
    path: str
    summary: str


def chart_of(head: Head, moments: Sequence[Moment]) -> Chart | None:
    """The chart of an ordinal head over studies whose answers are open, the newest first. None where nobody names a stage."""
    bottom = TOP + STEP * (len(head.labels) - 1)
    places = {label: bottom - STEP * place for place, label in enumerate(head.labels)}
    in_time = list(reversed(moments))
    space = (WIDTH - LEFT - 60) / max(1, len(in_time) - 1)
    every = -(-len(in_time) // _DATES)
    dots = []
    for number, moment in enumerate(in_time):
        said = [places[p.labels[head.key]] for p in moment.said.values() if p.labels.get(head.key) in places]
        right, signed = _stage(moment, head)
        heights = said or [places[right]] if right in places else said
        if heights:
            dots.append(
                Dot(
                    x=round(LEFT + space * number),
                    y=places.get(right),
                    top=min(heights),
                    bottom=max(heights),
                    signed=signed,
                    at=moment.study.created_at,
                    dated=number % every == 0,
                )
            )
    joined = [f"{dot.x} {dot.y}" for dot in dots if dot.y is not None]
    if not dots:
        return None
    stages = [right for moment in in_time if (right := _stage(moment, head)[0])]
    return Chart(
        height=bottom + 40,
        levels=tuple((_(label), y) for label, y in places.items()),
        dots=tuple(dots),
        path="M" + "L".join(joined) if len(joined) > 1 else "",
        summary=", ".join(_(stage) for stage in stages),
    )


def _stage(moment: Moment, head: Head) -> tuple[str, bool]:
    """The stage of a study and whether a verdict says it: the last one signed that names one, else the models' majority."""
    # A verdict on one slice of a stack says nothing of the others.
    verdicts = () if moment.is_stack else moment.verdicts
    for verdict in sorted(verdicts, key=lambda verdict: verdict.id, reverse=True):
        if verdict.labels.get(head.key):
            return verdict.labels[head.key], True
    return moment.reading.summary_stage or "", False
