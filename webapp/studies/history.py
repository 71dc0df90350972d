"""Which studies a user may see, and how they are found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import abort
from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.orm import joinedload, selectinload

from ml.tasks import TaskSpec, UnknownTask, offered, task
from webapp.accounts.tables import User
from webapp.extensions import db, utc_now
from webapp.readings import claims
from webapp.readings.summary import Question, label_head, label_question, stage_head, stage_question
from webapp.readings.tables import ACTIVE, ENDED, Reading
from webapp.reviews.sealing import sealed_from
from webapp.reviews.tables import Verdict
from webapp.settings import current_settings
from webapp.studies.tables import Study
from webapp.transactions import committed

PER_PAGE = 25
UNDO = timedelta(days=30)
STATES = (*ACTIVE, *ENDED)
VERDICTS = ("with", "without")
_LAST = (Reading.study_id == Study.id) & Reading.latest


@dataclass(frozen=True)
class Filters:
    """What the history is narrowed to; empty means any.

    `status` is a label of the summary, `stage` one of its stages, both of the chosen task where there is one; `state` is
    that of the last reading; `verdict` is with or without;
    `first` and `last` are days in the clinic's time zone, both included. `code` is a whole patient code: it comes
    by POST only and is in no address.
    """

    task: str = ""
    status: str = ""
    stage: str = ""
    state: str = ""
    verdict: str = ""
    first: date | None = None
    last: date | None = None
    code: str = ""

    @property
    def specs(self) -> tuple[TaskSpec, ...]:
        """The tasks whose studies they let through."""
        return tuple(spec for spec in offered() if self.task in ("", spec.key))

    @property
    def label_question(self) -> Question:
        """What the labels of these studies answer."""
        return label_question(self.specs)

    @property
    def stage_question(self) -> Question:
        """What the stages of these studies answer."""
        return stage_question(self.specs)

    @property
    def arguments(self) -> dict[str, str]:
        """These filters as they stand in an address."""
        given = {
            "task": self.task,
            "status": self.status,
            "stage": self.stage,
            "state": self.state,
            "verdict": self.verdict,
            "from": self.first.isoformat() if self.first else "",
            "to": self.last.isoformat() if self.last else "",
        }
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Row:
    """One line of the history: a study and its last reading. `sealed`: what the models say is not for this user yet."""

    study: Study
    reading: Reading
    sealed: bool = False

    @property
    def task_name(self) -> str:
        return self._spec.name if self._spec else self.study.task

    @property
    def positive(self) -> bool | None:
        """Whether the summary's label is the positive one; None unless there is just that one and another."""
        head = label_head(self._spec) if self._spec else None
        return self.reading.summary_label == head.positive if head and head.binary else None

    @property
    def has_stages(self) -> bool:
        """Whether the study's task asks for a stage."""
        return self._spec is not None and stage_head(self._spec) is not None

    @property
    def _spec(self) -> TaskSpec | None:
        try:
            return task(self.study.task)
        except UnknownTask:
            return None


@dataclass(frozen=True)
class Page:
    """One page of the history. `number` and `pages` count from 1; `first` and `last` count studies, 0 if none."""

    rows: tuple[Row, ...]
    number: int
    pages: int
    total: int

    @property
    def first(self) -> int:
        return (self.number - 1) * PER_PAGE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return (self.number - 1) * PER_PAGE + len(self.rows)

    @property
    def newer(self) -> int | None:
        """Number of the page before this one."""
        return self.number - 1 if self.number > 1 else None

    @property
    def older(self) -> int | None:
        """Number of the page after this one."""
        return self.number + 1 if self.number < self.pages else None


def filters_from(arguments: Mapping[str, str], code: str = "") -> Filters:
    """Read the filters of an address. What makes no sense is left out, as if it had not been chosen."""

    def known(name: str, choices: tuple[str, ...]) -> str:
        value = arguments.get(name, "")
        return value if value in choices else ""

    of_task = Filters(task=known("task", tuple(spec.key for spec in offered())))
    return replace(
        of_task,
        status=known("status", of_task.label_question.labels),
        stage=known("stage", of_task.stage_question.labels),
        state=known("state", STATES),
        verdict=known("verdict", VERDICTS),
        first=_day(arguments.get("from", "")),
        last=_day(arguments.get("to", "")),
        code=code.strip(),
    )


def studies_of(user: User, filters: Filters, number: int = 1) -> Page:
    """A page of the studies that `user` may see, newest first. A page beyond the last is the last."""
    found = _narrowed(_visible(user), filters, user)
    total = db.session.scalar(found.with_only_columns(func.count(Study.id))) or 0
    pages = max(1, -(-total // PER_PAGE))
    number = min(max(1, number), pages)
    newest = (Study.created_at.desc(), Study.id.desc())
    # Whole rows are fetched for one page only; those before it are skipped in the index.
    ids = found.order_by(*newest).limit(PER_PAGE).offset((number - 1) * PER_PAGE)
    query = (
        select(Study, Reading, sealed_from(user))
        .join(Reading, _LAST)
        .where(Study.id.in_(ids.scalar_subquery()))
        .order_by(*newest)
        .options(selectinload(Study.images), joinedload(Study.user))
    )
    rows = tuple(Row(study, reading, bool(sealed)) for study, reading, sealed in db.session.execute(query))
    return Page(rows, number, pages, total)


def visible_study(user: User, uuid: str, *, deleted: bool = False) -> Study:
    """The study of this uuid, if `user` may see it; 404 otherwise, whether it exists or not.

    With `deleted`, one that was deleted so lately that it can be brought back.
    """
    query = select(Study).where(Study.uuid == uuid)
    query = query.where(Study.deleted_at > utc_now() - UNDO if deleted else Study.deleted_at.is_(None))
    if not user.is_admin:
        query = query.where(Study.user_id == user.id)
    study = db.session.scalar(query)
    if study is None:
        abort(404)
    return study


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


def _visible(user: User) -> Select[int]:
    query = select(Study.id).where(Study.deleted_at.is_(None))
    return query if user.is_admin else query.where(Study.user_id == user.id)


def _narrowed(query: Select[int], filters: Filters, user: User) -> Select[int]:
    of_study = ((Study.task, filters.task), (Study.patient_code, filters.code))
    of_reading = (
        (Reading.summary_label, filters.status),
        (Reading.summary_stage, filters.stage),
        (Reading.state, filters.state),
    )
    if any(value for _, value in of_reading):
        query = query.join(Reading, _LAST)
    for column, value in (*of_study, *of_reading):
        if value:
            query = query.where(column == value)
    # That a study matches an answer of the models would tell that answer.
    if filters.status or filters.stage:
        query = query.where(~sealed_from(user))
    if filters.verdict:
        judged = exists().where(Verdict.study_id == Study.id)
        query = query.where(judged if filters.verdict == "with" else ~judged)
    if filters.first:
        query = query.where(Study.created_at >= _midnight(filters.first))
    if filters.last:
        query = query.where(Study.created_at < _midnight(filters.last + timedelta(days=1)))
    return query


def _midnight(day: date) -> datetime:
    zone = ZoneInfo(current_settings().timezone)
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # The first and last days of the calendar have no midnight in every time zone.
    return day if 1900 <= day.year <= 2200 else None
