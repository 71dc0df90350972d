"""Who works on a reading. Every change of state is one conditional UPDATE, so that two can never both win."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, update

from webapp.extensions import db, utc_now
from webapp.readings.summary import Summary
from webapp.readings.tables import ACTIVE, Reading
from webapp.studies.standing import copy_last_readings
from webapp.transactions import committed

ATTEMPTS = 3


class LostClaim(Exception):
    """The reading is no longer this worker's: it was cancelled, or the lease ran out and another took it."""


def claim(reading_id: int, worker: str, lease: timedelta) -> bool:
    """Take a reading that waits, or whose worker fell silent. False when somebody else has it or it has ended."""
    now = utc_now()
    return _changed(
        Reading.id == reading_id,
        Reading.attempt < ATTEMPTS,
        or_(Reading.state == "queued", and_(Reading.state == "running", Reading.lease_until < now)),
        state="running",
        worker=worker,
        attempt=Reading.attempt + 1,
        lease_until=now + lease,
        started_at=func.coalesce(Reading.started_at, now),
        current_model=None,
        current_slice=None,
    )


def renew(reading_id: int, worker: str, lease: timedelta) -> bool:
    """Say that this worker is still at it. False when the claim is lost."""
    return _changed(*_mine(reading_id, worker), lease_until=utc_now() + lease)


def hold(reading_id: int, worker: str, **values: Any) -> None:
    """Set columns of a reading inside the caller's transaction, or only make sure that it is still `worker`'s.

    Raises LostClaim when it is not.
    """
    if not _rows(*_mine(reading_id, worker), **{"worker": worker, **values}):
        raise LostClaim(reading_id)


def end(
    reading_id: int,
    worker: str,
    state: str,
    summary: Summary | None = None,
    error: str | None = None,
    detail: str | None = None,
) -> bool:
    """Finish a reading as done, stopped or failed. False when the claim is lost."""
    summary = summary or Summary()
    return _changed(
        *_mine(reading_id, worker),
        **_ended(state, error),
        detail=detail,
        summary_label=summary.label,
        summary_stage=summary.stage,
        summary_risk=summary.risk,
        summary_agreement=summary.agreement,
    )


def give_back(reading_id: int, worker: str, *, attempt_counts: bool) -> bool:
    """Let the reading wait again: after an error (the attempt counts) or because the worker is told to stop."""
    spent = 0 if attempt_counts else 1
    return _changed(
        *_mine(reading_id, worker),
        state="queued",
        worker=None,
        lease_until=None,
        current_model=None,
        current_slice=None,
        attempt=Reading.attempt - spent,
    )


def cancel(reading_id: int) -> bool:
    """End a reading at the clinician's wish. A running one stops before its next model. False when it has ended."""
    return _changed(Reading.id == reading_id, Reading.state.in_(ACTIVE), **_ended("cancelled", None))


def put_back_silent(dead_workers: Collection[str]) -> int:
    """Let readings wait again whose lease ran out or whose worker is known to be dead. How many there were."""
    return committed(
        lambda: _rows(
            Reading.state == "running",
            Reading.attempt < ATTEMPTS,
            _silent(dead_workers),
            state="queued",
            worker=None,
            lease_until=None,
        )
    )


def fail_worn_out(reading_id: int, sentence: str, dead_workers: Collection[str]) -> bool:
    """Fail a reading whose attempts are used up and that nobody works on."""
    waiting = Reading.state == "queued"
    silent = and_(Reading.state == "running", _silent(dead_workers))
    return _changed(
        Reading.id == reading_id,
        Reading.attempt >= ATTEMPTS,
        or_(waiting, silent),
        **_ended("failed", sentence),
    )


def _silent(dead_workers: Collection[str]) -> ColumnElement[bool]:
    return or_(Reading.lease_until < utc_now(), Reading.worker.in_(dead_workers))


def _mine(reading_id: int, worker: str) -> tuple[ColumnElement[bool], ...]:
    return Reading.id == reading_id, Reading.worker == worker, Reading.state == "running"


def _ended(state: str, error: str | None) -> dict[str, Any]:
    over = dict.fromkeys(("lease_until", "current_model", "current_slice"))
    return {"state": state, "error": error, "ended_at": utc_now(), **over}


def _changed(*conditions: ColumnElement[bool], **values: Any) -> bool:
    return committed(lambda: _rows(*conditions, **values)) > 0


def _rows(*conditions: ColumnElement[bool], **values: Any) -> int:
    query = update(Reading).where(*conditions).values(**values).returning(Reading.study_id)
    studies = db.session.scalars(query.execution_options(synchronize_session=False)).all()
    if "state" in values:
        copy_last_readings(studies)
    return len(studies)
