"""With whom a study is shared: begun and ended by its owner, told to its page, and asked by every query of studies."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from webapp.accounts.tables import User
from webapp.extensions import db, utc_now
from webapp.sharing.tables import Share
from webapp.studies.tables import Study
from webapp.transactions import committed
from webapp.worklist.tables import Label, Labelled


def is_shared_with(user: User) -> ColumnElement[bool]:
    """Whether a study of somebody else is shown to this user now; for queries over `Study`."""
    return (Study.user_id != user.id) & exists().where(
        Share.user_id == user.id, Share.study_id == Study.id, Share.ended_at.is_(None)
    )


def reads(user: User, study: Study) -> bool:
    """Whether this user judges the study: its owner, or a colleague whom it is shared with."""
    return study.user_id == user.id or bool(
        db.session.scalar(select(is_shared_with(user)).where(Study.id == study.id))
    )


def shares_of(study: Study) -> list[Share]:
    """The colleagues who may see a study now, in the order in which it was shared."""
    query = select(Share).where(Share.study_id == study.id, Share.ended_at.is_(None))
    return list(db.session.scalars(query.options(joinedload(Share.user)).order_by(Share.id)))


def colleagues_of(user: User) -> list[User]:
    """With whom a study can be shared: the other active accounts, by address."""
    query = select(User).where(User.state == "active", User.id != user.id).order_by(User.email)
    return list(db.session.scalars(query))


def share(owner: User, study: Study, colleague_id: int) -> bool:
    """Show a study to an active colleague. False for everybody else; a second time changes nothing."""
    values = {"study_id": study.id, "user_id": colleague_id, "shared_by": owner.id}
    active = select(User.id).where(User.id == colleague_id, User.state == "active", User.id != study.user_id)

    def row() -> bool:
        if db.session.scalar(active) is None:
            return False
        db.session.add(Share(**values))
        db.session.flush()
        return True

    try:
        return committed(row)
    except IntegrityError:  # shared already
        return True


def end_share(study: Study, colleague_id: int) -> None:
    """A colleague no longer sees a study. What they signed stays; their labels on it go."""
    study_id = study.id
    theirs = select(Label.id).where(Label.user_id == colleague_id)

    def rows() -> None:
        open_share = (Share.study_id == study_id, Share.user_id == colleague_id, Share.ended_at.is_(None))
        db.session.execute(update(Share).where(*open_share).values(ended_at=utc_now()))
        db.session.execute(
            delete(Labelled).where(Labelled.study_id == study_id, Labelled.label_id.in_(theirs)),
            execution_options={"synchronize_session": False},
        )

    committed(rows)
