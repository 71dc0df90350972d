"""Second reader: what the models say of a study is sealed from its readers until their own answer is on record.

Every page, answer, file and query that tells of predictions asks here first.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, false, select

from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.reviews.tables import OwnAnswer, Verdict
from webapp.settings import current_settings
from webapp.sharing.colleagues import is_shared_with
from webapp.studies.tables import Study


def reads_second(user: User) -> bool:
    """Whether this user answers before the models do: by own choice, or because the administrator wants it."""
    return user.second_reader or current_settings().second_reader == "everybody"


def is_sealed(user: User, study: Study) -> bool:
    """Whether the models' answers on this study have to stay hidden from this user."""
    return bool(db.session.scalar(select(sealed_from(user)).where(Study.id == study.id)))


def sealed_from(user: User) -> ColumnElement[bool]:
    """`is_sealed` for queries over `Study`.

    Only the owner, and colleagues with whom a study is shared, can give an own answer, so only from them anything
    is sealed. Whoever has signed a verdict has seen the answers: they are not sealed again, and no own answer is taken
    that came after them.
    """
    if not reads_second(user):
        return false()
    answered = exists().where(OwnAnswer.study_id == Study.id, OwnAnswer.user_id == user.id)
    judged = exists().where(Verdict.study_id == Study.id, Verdict.user_id == user.id)
    of_owner = (Study.user_id == user.id) & ~Study.owner_spoke
    return of_owner | (is_shared_with(user) & ~answered & ~judged)
