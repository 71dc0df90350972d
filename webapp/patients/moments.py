"""Which studies are of the same patient, with their last readings and what readers said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from ml.tasks import task
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.readings.stack import answers_on_stack
from webapp.readings.tables import Reading
from webapp.reviews.sealing import sealed_from
from webapp.reviews.tables import Verdict
from webapp.sharing.colleagues import is_shared_with
from webapp.studies.history import is_theirs
from webapp.studies.tables import Study

MOST = 200


@dataclass(frozen=True)
class Said:
    """What one model says of a study: the version that read, and head to label."""

    version: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Moment:
    """One study with its last reading and the last verdict of each reader. `sealed`: its answers are not for this user yet."""

    study: Study
    reading: Reading
    sealed: bool
    verdicts: tuple[Verdict, ...]

    @property
    def said(self) -> dict[str, Said]:
        """What the models said that ended well, by their keys: of a stack, what two neighbouring slices carry."""
        done = [p for p in self.reading.predictions if p.state == "done"]
        versions = {p.model: p.version for p in done}
        if not self.is_stack:
            return {p.model: Said(p.version, p.labels) for p in done}
        answers = answers_on_stack(task(self.study.task), done, self.study.images)
        return {one.model: Said(versions[one.model], one.labels) for one in answers}

    @property
    def is_stack(self) -> bool:
        """Whether the study has several slices, so that a verdict is on one of them."""
        return len(self.study.images) > 1

    @property
    def is_open(self) -> bool:
        """Whether its answers are there and for this user."""
        return self.reading.state == "done" and not self.sealed

    @property
    def tells(self) -> bool:
        """Whether the page of the patient tells of an answer: of the models, or in a verdict on them."""
        return self.is_open or bool(self.verdicts and not self.sealed)


def studies_of_patient(user: User, study: Study) -> list[Moment]:
    """The studies with the patient code of this one that `user` may see, the newest first, MOST at most.

    Of the same owner only: a code is its owner's pseudonym, and that of somebody else may mean another person.
    """
    query = (
        select(Study, Reading, sealed_from(user))
        .join(Reading, (Reading.study_id == Study.id) & Reading.latest)
        .where(
            Study.user_id == study.user_id,
            Study.patient_code == study.patient_code,
            Study.deleted_at.is_(None),
            or_(is_theirs(user), is_shared_with(user)),
        )
        .order_by(Study.created_at.desc(), Study.id.desc())
        .limit(MOST)
        .options(selectinload(Study.images))
        .options(selectinload(Reading.predictions))
    )
    found = db.session.execute(query).all()
    verdicts = _verdicts([one.id for one, _reading, _sealed in found])
    return [Moment(one, reading, bool(sealed), tuple(verdicts[one.id])) for one, reading, sealed in found]


def _verdicts(study_ids: list[int]) -> dict[int, list[Verdict]]:
    """The last verdict of each reader on each study."""
    query = select(Verdict).where(Verdict.study_id.in_(study_ids)).order_by(Verdict.id)
    last: dict[tuple[int, int], Verdict] = {}
    for verdict in db.session.scalars(query):
        last[verdict.study_id, verdict.user_id] = verdict
    found = defaultdict(list)
    for (study_id, _user_id), verdict in last.items():
        found[study_id].append(verdict)
    return found
