"""Which studies a user may see, which are theirs to act on, and how one is deleted and brought back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import abort
from sqlalchemy import ColumnElement, func, or_, select, true, update

from webapp.accounts.tables import User
from webapp.extensions import db, utc_now
from webapp.readings import claims
from webapp.readings.tables import ACTIVE, ENDED, Reading
from webapp.sharing.colleagues import is_shared_with
from webapp.studies.tables import Study
from webapp.transactions import committed

PER_PAGE = 25
UNDO = timedelta(days=30)
STATES = (*ACTIVE, *ENDED)


@dataclass(frozen=True)
class Page:
    """One page of studies with their last readings, for programs. `number` and `pages` count from 1."""

    rows: tuple[tuple[Study, Reading], ...]
    number: int
    pages: int
    total: int


def studies_of(user: User, number: int = 1) -> Page:
    """A page of the studies that `user` may see, newest first. A page beyond the last is the last."""
    found = select(Study.id).where(Study.deleted_at.is_(None), may_see(user))
    total = db.session.scalar(found.with_only_columns(func.count(Study.id))) or 0
    pages = max(1, -(-total // PER_PAGE))
    number = min(max(1, number), pages)
    newest = (Study.created_at.desc(), Study.id.desc())
    # Whole rows are fetched for one page only; those before it are skipped in the index.
    ids = found.order_by(*newest).limit(PER_PAGE).offset((number - 1) * PER_PAGE)
    query = (
        select(Study, Reading)
        .join(Reading, (Reading.study_id == Study.id) & Reading.latest)
        .where(Study.id.in_(ids.scalar_subquery()))
        .order_by(*newest)
    )
    rows = tuple((study, reading) for study, reading in db.session.execute(query))
    return Page(rows, number, pages, total)


def visible_study(user: User, uuid: str) -> Study:
    """The study of this uuid, if `user` may see it; 404 otherwise, whether it exists or not."""
    return _one(uuid, Study.deleted_at.is_(None), may_see(user))


def own_study(user: User, uuid: str, *, deleted: bool = False) -> Study:
    """The study of this uuid, if it is for `user` to read again, share or delete: the owner's or any administrator's.

    404 otherwise, also for a colleague who may only see it. With `deleted`, one that was deleted so lately that
    it can be brought back.
    """
    shown = Study.deleted_at > utc_now() - UNDO if deleted else Study.deleted_at.is_(None)
    return _one(uuid, shown, is_theirs(user))


def is_theirs(user: User) -> ColumnElement[bool]:
    """Whether a study is for this user to act on; for queries over `Study`."""
    return true() if user.is_admin else Study.user_id == user.id


def may_act(user: User, study: Study) -> bool:
    """`is_theirs` for one study at hand."""
    return user.is_admin or study.user_id == user.id


def hide(study: Study) -> None:
    """Delete a study as the clinician sees it: its reading stops, and it can be brought back for some time."""
    study_id = study.id
    for reading in study.readings:
        claims.cancel(reading.id)
    gone = update(Study).where(Study.id == study_id).values(deleted_at=utc_now())
    committed(lambda: db.session.execute(gone))


def bring_back(study: Study) -> None:
    """Undo `hide`."""
    study_id = study.id
    back = update(Study).where(Study.id == study_id).values(deleted_at=None)
    committed(lambda: db.session.execute(back))


def may_see(user: User) -> ColumnElement[bool]:
    return or_(is_theirs(user), is_shared_with(user))


def _one(uuid: str, *conditions: ColumnElement[bool]) -> Study:
    study = db.session.scalar(select(Study).where(Study.uuid == uuid, *conditions))
    if study is None:
        abort(404)
    return study
