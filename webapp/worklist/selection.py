"""Several studies at once: which of the chosen ones a user may see, which they may delete and bring back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select

from webapp.accounts.tables import User
from webapp.extensions import db, utc_now
from webapp.sharing.colleagues import is_shared_with
from webapp.studies.history import UNDO, bring_back, hide, is_theirs
from webapp.studies.tables import Study

MOST = 100  # a page shows fewer; a longer list is nobody's selection


def visible(user: User, uuids: Sequence[str]) -> list[Study]:
    """Those of the chosen studies that `user` may see."""
    may_see = or_(is_theirs(user), is_shared_with(user))
    query = select(Study).where(Study.uuid.in_(uuids[:MOST]), Study.deleted_at.is_(None), may_see)
    return list(db.session.scalars(query))


def deletable(user: User, uuids: Sequence[str]) -> list[Study]:
    """Those of the chosen studies that are for `user` to delete: never a colleague's."""
    query = select(Study).where(Study.uuid.in_(uuids[:MOST]), Study.deleted_at.is_(None), is_theirs(user))
    return list(db.session.scalars(query))


def delete(user: User, uuids: Sequence[str]) -> list[str]:
    """Delete the chosen studies as far as they are the user's to delete. The uuids of those that are gone."""
    gone = []
    for study in deletable(user, uuids):
        gone.append(study.uuid)
        hide(study)
    return gone


def restore(user: User, uuids: Sequence[str]) -> int:
    """Bring the chosen studies back that were deleted lately. How many came."""
    query = select(Study).where(
        Study.uuid.in_(uuids[:MOST]), Study.deleted_at > utc_now() - UNDO, is_theirs(user)
    )
    back = list(db.session.scalars(query))
    for study in back:
        bring_back(study)
    return len(back)
