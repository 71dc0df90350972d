"""The labels of a user: given to studies, taken away, listed. A label on no study is forgotten."""

from __future__ import annotations

from sqlalchemy import delete, exists, insert, select

from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.transactions import committed
from webapp.words import gettext as _
from webapp.worklist.tables import Label, Labelled

LENGTH = 40


class NotALabel(Exception):
    """A word that cannot be a label; nothing was changed. `sentence` is for the clinician."""

    def __init__(self) -> None:
        self.sentence = _("A label has 1 to %(n)s characters. Use no name and no patient code.", n=LENGTH)
        super().__init__(self.sentence)


def labels_of(user: User) -> list[Label]:
    """The labels of a user that are on a study, by name."""
    used = exists().where(Labelled.label_id == Label.id)
    query = select(Label).where(Label.user_id == user.id, used).order_by(Label.folded)
    return list(db.session.scalars(query))


def give_label(user: User, name: str, study_ids: list[int]) -> None:
    """Put a label of `user` on these studies; one that has it keeps it. Raises NotALabel."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= LENGTH or not name.isprintable():
        raise NotALabel
    user_id, folded = user.id, name.casefold()

    def rows() -> None:
        label = db.session.scalar(select(Label).where(Label.user_id == user_id, Label.folded == folded))
        if label is None:
            label = Label(user_id=user_id, name=name, folded=folded)
            db.session.add(label)
            db.session.flush()
        has = set(db.session.scalars(select(Labelled.study_id).where(Labelled.label_id == label.id)))
        new = [{"label_id": label.id, "study_id": study_id} for study_id in study_ids if study_id not in has]
        if new:
            db.session.execute(insert(Labelled), new)

    committed(rows)


def take_label(user: User, name: str, study_ids: list[int]) -> None:
    """Take a label of `user` off these studies, those that have it."""
    user_id, folded = user.id, " ".join(name.split()).casefold()

    def rows() -> None:
        mine = select(Label.id).where(Label.user_id == user_id, Label.folded == folded)
        db.session.execute(
            delete(Labelled).where(Labelled.label_id.in_(mine), Labelled.study_id.in_(study_ids)),
            execution_options={"synchronize_session": False},
        )
        unused = ~exists().where(Labelled.label_id == Label.id)
        db.session.execute(
            delete(Label).where(Label.user_id == user_id, Label.folded == folded, unused),
            execution_options={"synchronize_session": False},
        )

    committed(rows)
