"""Who has seen the models' answers on which study, and since when.

Whoever switches the second-reader mode off, looks, and switches it on again has seen them all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from sqlalchemy import ColumnElement, exists, insert, select
from sqlalchemy.exc import IntegrityError

from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.reviews.tables import OwnAnswer, Reveal
from webapp.studies.tables import Study


def reveal(user: User, studies: Iterable[Study]) -> None:
    """Remember that this user is shown the models' answers on these studies now. Only the first time counts."""
    user_id, study_ids = user.id, {study.id for study in studies}
    if not study_ids:
        return
    seen = select(Reveal.study_id).where(Reveal.user_id == user_id, Reveal.study_id.in_(study_ids))
    missing = sorted(study_ids - set(db.session.scalars(seen)))
    try:
        _remember(user_id, missing)
    except IntegrityError:  # one of them is shown a second time at this moment: the first time counts
        for study_id in missing:
            with suppress(IntegrityError):
                _remember(user_id, [study_id])


def reveal_of(user: User, study: Study) -> Reveal | None:
    """When this user was first shown the models' answers on the study; None where that never happened."""
    query = select(Reveal).where(Reveal.user_id == user.id, Reveal.study_id == study.id)
    found: Reveal | None = db.session.scalar(query)
    return found


def is_independent(answer: OwnAnswer) -> bool:
    """Whether an own answer was on record before the models' answers were shown to whoever gave it."""
    query = select(OwnAnswer.id).where(OwnAnswer.id == answer.id, independent())
    return db.session.scalar(query) is not None


def independent() -> ColumnElement[bool]:
    """`is_independent` for queries over `OwnAnswer`."""
    seen_before = exists().where(
        Reveal.study_id == OwnAnswer.study_id,
        Reveal.user_id == OwnAnswer.user_id,
        Reveal.revealed_at <= OwnAnswer.signed_at,
    )
    return ~seen_before


def _remember(user_id: int, study_ids: list[int]) -> None:
    """In a transaction of its own: what the page has loaded stays loaded."""
    if study_ids:
        with db.engine.begin() as connection:
            rows = [{"study_id": study_id, "user_id": user_id} for study_id in study_ids]
            connection.execute(insert(Reveal), rows)
