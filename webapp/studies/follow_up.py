"""Studies of the same patient code: which there are, and which of them can stand side by side."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.studies.history import may_see, visible_study
from webapp.studies.tables import Study
from webapp.words import gettext as _

LEAST, MOST = 2, 6
OFFERED = 24


class CannotCompare(Exception):
    """These studies do not belong side by side; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


def others_of(user: User, study: Study) -> tuple[Study, ...]:
    """The other studies of the same owner and patient code that `user` may see, too.

    The newest first; at most `OFFERED`, none without a code.
    """
    if not study.patient_code:
        return ()
    query = (
        select(Study)
        .where(Study.user_id == study.user_id, Study.patient_code == study.patient_code)
        .where(Study.deleted_at.is_(None), Study.id != study.id, may_see(user))
        .order_by(Study.created_at.desc(), Study.id.desc())
        .limit(OFFERED)
    )
    return tuple(db.session.scalars(query))


def side_by_side(user: User, uuids: Sequence[str]) -> tuple[Study, ...]:
    """The studies of these uuids, the oldest first; each once.

    404 where `user` may not see one of them. Raises CannotCompare where they are fewer than two or more than six, or not of
    one owner and one patient code.
    """
    wanted = tuple(dict.fromkeys(uuids))
    if not LEAST <= len(wanted) <= MOST:
        raise CannotCompare(
            _(
                "%(least)s to %(most)s studies can be compared; %(n)s were chosen. Choose them on the page of one of them.",
                least=LEAST,
                most=MOST,
                n=len(wanted),
            )
        )
    studies = [visible_study(user, uuid) for uuid in wanted]
    if len({study.user_id for study in studies}) > 1 or len({study.patient_code for study in studies}) > 1:
        raise CannotCompare(
            _("Only studies of the same patient code and the same owner are compared. Choose others.")
        )
    if not studies[0].patient_code:
        raise CannotCompare(
            _("These studies have no patient code, so nothing says that they are of one patient.")
        )
    return tuple(sorted(studies, key=lambda study: (study.created_at, study.id)))
