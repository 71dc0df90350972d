"""What the worklist sorts and filters by is copied to the study's own row, in the transaction that changes it.

Over 100,000 studies a page would otherwise join as many readings and verdicts to find its 25 rows.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, Update, event, func, select, update
from sqlalchemy.orm import Mapper

from webapp.extensions import Base, db
from webapp.readings.tables import Reading
from webapp.reviews.tables import OwnAnswer, Verdict
from webapp.studies.tables import Study


def copy_last_readings(study_ids: Collection[int]) -> None:
    """Tell these studies what has become of their last readings, inside the caller's transaction."""
    if study_ids:
        db.session.execute(_copied(study_ids).execution_options(synchronize_session=False))


def _copied(study_ids: Collection[int]) -> Update:
    last = (Reading.study_id == Study.id) & Reading.latest
    none = {"last_state": "", "last_label": "", "last_stage": "", "last_risk": "", "last_agreement": -1.0}
    columns = {
        "last_state": Reading.state,
        "last_label": Reading.summary_label,
        "last_stage": Reading.summary_stage,
        "last_risk": Reading.summary_risk,
        "last_agreement": Reading.summary_agreement,
    }
    values = {
        name: func.coalesce(select(column).where(last).scalar_subquery(), none[name])
        for name, column in columns.items()
    }
    return update(Study).where(Study.id.in_(study_ids)).values(values)


@event.listens_for(Reading, "after_insert")
@event.listens_for(Reading, "after_update")
def _reading_changed(_mapper: Mapper[Base], connection: Connection, reading: Reading) -> None:
    connection.execute(_copied([reading.study_id]))


@event.listens_for(Verdict, "after_insert")
def _verdict_signed(_mapper: Mapper[Base], connection: Connection, verdict: Verdict) -> None:
    mine = (Study.id == verdict.study_id) & (Study.user_id == verdict.user_id)
    connection.execute(update(Study).where(mine).values(owner_verdict=verdict.judgement, owner_spoke=True))


@event.listens_for(OwnAnswer, "after_insert")
def _answered(_mapper: Mapper[Base], connection: Connection, own: OwnAnswer) -> None:
    mine = (Study.id == own.study_id) & (Study.user_id == own.user_id)
    connection.execute(update(Study).where(mine).values(owner_spoke=True))
