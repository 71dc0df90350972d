"""How a model's scores are distributed over time, by version: a scanner or a protocol that changed shows here first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median, quantiles
from zoneinfo import ZoneInfo

from flask_babel import format_datetime
from sqlalchemy import select

from ml.tasks import Head, TaskSpec
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.readings.tables import Prediction, Reading
from webapp.reviews.intervals import TOO_FEW
from webapp.reviews.performance import version_order
from webapp.reviews.sealing import sealed_from
from webapp.reviews.stability import by_chance, stability_index
from webapp.settings import current_settings
from webapp.studies.tables import Study
from webapp.words import gettext as _

_MOST_MONTHS = 12  # beyond, quarters are shown


@dataclass(frozen=True)
class Scored:
    """One reading by one model. `at`: when, in the clinic's time zone; `score`: in [0, 1]."""

    model: str
    version: str
    at: datetime
    score: float


@dataclass(frozen=True)
class Period:
    """A month or quarter. `index`: the stability index against the reference, `chance`: what it stays below by chance.

    Both are None for the reference itself, and where either side has fewer than 30 readings.
    """

    name: str
    n: int
    lower: float
    median: float
    upper: float
    is_reference: bool
    index: float | None
    chance: float | None

    @property
    def too_few(self) -> bool:
        return self.n < TOO_FEW

    @property
    def has_moved(self) -> bool:
        """Whether the scores differ from the reference by more than chance explains."""
        return self.index is not None and self.chance is not None and self.index > self.chance


@dataclass(frozen=True)
class Drift:
    """One version of one model. `question`: which score is meant, in words."""

    name: str
    version: str
    question: str
    periods: tuple[Period, ...]


def drift_of(user: User, spec: TaskSpec) -> tuple[Drift, ...]:
    """The scores of a task's models over time: of all studies for administrators, of their own for clinicians."""
    return drifted(spec, _scored(user, spec, scored_head(spec)))


def drifted(spec: TaskSpec, readings: Iterable[Scored]) -> tuple[Drift, ...]:
    """The distributions, in the task's order of models, the latest version first."""
    by_model: dict[tuple[str, str], list[Scored]] = {}
    for one in sorted(readings, key=lambda one: one.at):
        by_model.setdefault((one.model, one.version), []).append(one)
    head = scored_head(spec)
    question = (
        _("%(head)s: score of %(label)s", head=_(head.name), label=_(head.positive))
        if head.positive
        else _("%(head)s: score of the label given", head=_(head.name))
    )
    return tuple(
        Drift(model.name, version, question, _periods(by_model[key, version]))
        for model in spec.models
        for key, version in sorted(by_model, key=lambda found: version_order(found[1]), reverse=True)
        if key == model.key
    )


def scored_head(spec: TaskSpec) -> Head:
    """The question whose scores are followed: the first one with a positive label, else the first."""
    return next((head for head in spec.heads if head.positive), spec.heads[0])


def _periods(readings: Sequence[Scored]) -> tuple[Period, ...]:
    """`readings` in order of time. The reference are the first whole periods that have 30 readings together."""
    first, last = readings[0].at, readings[-1].at
    by_quarter = (last.year - first.year) * 12 + last.month - first.month >= _MOST_MONTHS
    scores: dict[str, list[float]] = {}
    for one in readings:
        scores.setdefault(_name(one.at, by_quarter), []).append(one.score)
    reference: list[float] = []
    found = []
    for name, values in scores.items():
        is_reference = len(reference) < TOO_FEW
        if is_reference:
            reference += values
        compared = not is_reference and len(values) >= TOO_FEW
        lower, upper = _quartiles(values)
        found.append(
            Period(
                name,
                len(values),
                lower,
                median(values),
                upper,
                is_reference,
                stability_index(reference, values) if compared else None,
                by_chance(reference, values) if compared else None,
            )
        )
    return tuple(found)


def _quartiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    lower, _middle, upper = quantiles(values, n=4, method="inclusive")
    return lower, upper


def _name(at: datetime, by_quarter: bool) -> str:
    if by_quarter:
        return _("Q%(n)s %(year)s", n=(at.month + 2) // 3, year=at.year)
    return str(format_datetime(at, "MMM y", rebase=False))


def _scored(user: User, spec: TaskSpec, head: Head) -> list[Scored]:
    """Last readings only, of studies that are there and not sealed: a month with one study would tell what is sealed."""
    labels = (head.positive,) if head.positive else head.labels
    query = (
        select(
            Prediction.model,
            Prediction.version,
            Reading.created_at,
            *(Prediction.scores[(head.key, label)].as_float() for label in labels),
        )
        .join(Reading, Prediction.reading_id == Reading.id)
        .join(Study, Reading.study_id == Study.id)
        .where(
            Study.task == spec.key,
            Study.deleted_at.is_(None),
            Reading.latest,
            Reading.state == "done",
            Reading.anyway_reason.is_(None),
            Prediction.state == "done",
            ~sealed_from(user),
        )
    )
    if not user.is_admin:
        query = query.where(Study.user_id == user.id)
    zone = ZoneInfo(current_settings().timezone)
    return [
        Scored(model, version, at.astimezone(zone), max(known))
        for model, version, at, *scores in db.session.execute(query)
        if (known := [score for score in scores if score is not None])
    ]
