"""In which order studies stand, and which come after a given one: pages follow a study, not a number (keyset)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, literal, or_, select, tuple_

from ml.tasks import offered
from webapp.accounts.tables import User
from webapp.extensions import UtcDateTime
from webapp.readings.summary import RISKS, label_question, stage_question
from webapp.reviews.sealing import reads_second, sealed_from
from webapp.reviews.tables import JUDGEMENTS, Verdict
from webapp.studies.tables import Study
from webapp.worklist.filters import Filters

_ANSWERS = ("status", "stage", "agreement", "risk")


@dataclass(frozen=True)
class Place:
    """Where a study stands: the value that is sorted by, then its moment and id."""

    key: Any
    at: datetime
    id: int


@dataclass(frozen=True)
class Order:
    """`key` is sorted by, None for the date alone; among equals the newest is first, whatever the direction."""

    key: ColumnElement[Any] | None
    falling: bool

    @property
    def selected_key(self) -> ColumnElement[Any]:
        """The key as a column of a query, also where the date alone decides."""
        return literal(0) if self.key is None else self.key

    def terms(self, key: Any, at: Any, id_: Any, *, backwards: bool) -> tuple[Any, ...]:
        """What to order by, from the end where `backwards`."""
        newest_first = (self.falling if self.key is None else True) != backwards
        dates = (at.desc(), id_.desc()) if newest_first else (at.asc(), id_.asc())
        if self.key is None:
            return dates
        return (key.desc() if self.falling != backwards else key.asc(), *dates)

    def beyond(self, place: Place, *, backwards: bool) -> ColumnElement[bool]:
        """Whether a study comes after this place, or before it where `backwards`."""
        newest_first = (self.falling if self.key is None else True) != backwards
        here = tuple_(literal(place.at, UtcDateTime), literal(place.id))
        dates = tuple_(Study.created_at, Study.id)
        later = dates < here if newest_first else dates > here
        if self.key is None:
            return later
        further = self.key < place.key if self.falling != backwards else self.key > place.key
        return or_(further, and_(self.key == place.key, later))


def order_of(user: User, filters: Filters) -> Order:
    """The order that the filters name, as `user` may know it: sealed answers all stand together, as if there were none."""
    falling = filters.direction == "desc"
    if filters.sort == "date":
        return Order(None, falling)
    key = _key(user, filters.sort)
    if filters.sort in _ANSWERS and reads_second(user):
        none = -1.0 if filters.sort == "agreement" else -1
        key = case((sealed_from(user), none), else_=key)
    return Order(key, falling)


def own_verdict(user: User) -> ColumnElement[str]:
    """The last judgement of a study that `user` signed, empty without one; to an administrator that of the owner."""
    if user.is_admin:
        return Study.owner_verdict.expression
    mine = (
        select(Verdict.judgement)
        .where(Verdict.study_id == Study.id, Verdict.user_id == user.id)
        .order_by(Verdict.id.desc())
        .limit(1)
        .correlate(Study)
        .scalar_subquery()
    )
    return case((Study.user_id == user.id, Study.owner_verdict), else_=func.coalesce(mine, ""))


def _key(user: User, column: str) -> ColumnElement[Any]:
    if column == "patient":
        return func.coalesce(Study.patient_code, "")
    if column == "task":
        return _rank(Study.task.expression, tuple(spec.key for spec in offered()))
    if column == "status":
        return _rank(Study.last_label.expression, label_question(offered()).labels)
    if column == "stage":
        return _rank(Study.last_stage.expression, stage_question(offered()).labels)
    if column == "risk":
        return _rank(Study.last_risk.expression, RISKS)
    if column == "verdict":
        return _rank(own_verdict(user), JUDGEMENTS)
    if column == "owner":
        return select(User.email).where(User.id == Study.user_id).correlate(Study).scalar_subquery()
    return Study.last_agreement.expression


def _rank(column: ColumnElement[str], values: tuple[str, ...]) -> ColumnElement[int]:
    """The place of a value among these, counted from 0; -1 for any other."""
    places = {value: place for place, value in enumerate(values)}
    return case(places, value=column, else_=-1) if places else case((false(), 0), else_=-1)
