"""One page of the worklist. However many studies there are, only those that it shows are fetched whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, true, union_all
from sqlalchemy.orm import joinedload

from ml.tasks import TaskSpec, UnknownTask, task
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.readings.summary import label_head, stage_head
from webapp.readings.tables import Reading
from webapp.reviews.sealing import sealed_from
from webapp.reviews.tables import Verdict
from webapp.sharing.colleagues import is_shared_with
from webapp.sharing.tables import Share
from webapp.studies.history import is_theirs
from webapp.studies.tables import Image, Study
from webapp.worklist.filters import Filters
from webapp.worklist.order import Order, Place, order_of, own_verdict
from webapp.worklist.tables import Label, Labelled

PER_PAGE = 25
COUNTED = 1000  # beyond so many nobody counts pages, and counting on would take longer than the page itself


@dataclass(frozen=True)
class Row:
    """One line of the worklist: a study and its last reading.

    `image` is its first image of `images`. `sealed`: what the models say is not for this user yet. `shared_by` is the
    colleague whose study it is, empty for an own one; `shared_with` counts colleagues who see an own one. `verdict` is
    the user's last judgement, `judged_by` counts the others who have signed one.
    """

    study: Study
    reading: Reading
    image: Image | None
    images: int
    sealed: bool
    shared_by: str
    shared_with: int
    labels: tuple[Label, ...]
    verdict: str
    judged_by: int

    @property
    def is_open(self) -> bool:
        """Whether its answers are there and for this user."""
        return self.reading.state == "done" and not self.sealed

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
    """One page. `total` counts up to COUNTED, and one more means more. `before` and `after` are the study that the page
    before ends in front of and the one that the next follows; None where there is no such page.
    """

    rows: tuple[Row, ...]
    total: int
    before: str | None
    after: str | None

    @property
    def uncounted(self) -> bool:
        """Whether there are more than were counted."""
        return self.total > COUNTED


def page_of(user: User, filters: Filters, after: str = "", before: str = "") -> Page:
    """The studies that `user` may see and the filters let through, in their order: those after or before a study.

    Without such a study, or where there is nothing beyond it, the first page.
    """
    parts = [_narrowed(user, filters, condition) for condition in _sources(user, filters)]
    order = order_of(user, filters)
    place = _place_of(user, before or after, order)
    ids, more = _ids(parts, order, place, backwards=bool(before))
    if place and (not ids or (before and not more)):
        # At the beginning the page is filled up.
        place, (ids, more) = None, _ids(parts, order, None, backwards=False)
    rows = _rows(user, ids)
    earlier, later = (more, True) if place and before else (place is not None, more)
    return Page(
        rows=rows,
        total=_counted(parts),
        before=rows[0].study.uuid if rows and earlier else None,
        after=rows[-1].study.uuid if rows and later else None,
    )


def rows_of(user: User, uuids: Sequence[str]) -> tuple[Row, ...]:
    """The rows of these studies, those that `user` may see, in the order given."""
    may_see = or_(is_theirs(user), is_shared_with(user))
    query = select(Study.uuid, Study.id).where(Study.uuid.in_(uuids), Study.deleted_at.is_(None), may_see)
    found: dict[str, int] = {row.uuid: row.id for row in db.session.execute(query)}
    return _rows(user, [found[uuid] for uuid in dict.fromkeys(uuids) if uuid in found])


def _sources(user: User, filters: Filters) -> list[ColumnElement[bool]]:
    """Whose studies: the own (an administrator's: all), and those that are shared. Each source has an index of its own."""
    shared = Study.id.in_(select(Share.study_id).where(Share.user_id == user.id, Share.ended_at.is_(None)))
    if filters.owner == "shared":
        return [shared & (Study.user_id != user.id)]
    if filters.owner == "mine":
        return [Study.user_id == user.id]
    if user.is_admin:
        return [true()]
    any_share = select(exists().where(Share.user_id == user.id, Share.ended_at.is_(None)))
    return [Study.user_id == user.id, *([shared] if db.session.scalar(any_share) else [])]


def _narrowed(user: User, filters: Filters, source: ColumnElement[bool]) -> Select[int]:
    query = select(Study.id).where(Study.deleted_at.is_(None), source)
    equal = (
        (Study.task, filters.task),
        (Study.last_label, filters.status),
        (Study.last_stage, filters.stage),
        (Study.last_state, filters.state),
    )
    for column, value in equal:
        if value:
            query = query.where(column == value)
    if filters.agreement:
        differ = Study.last_agreement.between(0.0, 1.0 - 1e-9)
        query = query.where(differ if filters.agreement == "differ" else Study.last_agreement == 1.0)
    # That a study matches an answer of the models would tell that answer.
    if filters.by_answer:
        query = query.where(~sealed_from(user))
    if filters.verdict:
        judged = own_verdict(user) != ""
        query = query.where(judged if filters.verdict == "with" else ~judged)
    if filters.label is not None:
        mine = select(Labelled.study_id).join(Label)
        query = query.where(Study.id.in_(mine.where(Label.id == filters.label, Label.user_id == user.id)))
    if filters.code:
        query = query.where(Study.patient_code.icontains(filters.code, autoescape=True))
    if filters.since:
        query = query.where(Study.created_at >= filters.since)
    if filters.until:
        query = query.where(Study.created_at < filters.until)
    return query


def _place_of(user: User, uuid: str, order: Order) -> Place | None:
    """Where this study stands, also when it was deleted meanwhile; None where `user` may not see it."""
    if not uuid:
        return None
    may_see = or_(is_theirs(user), is_shared_with(user))
    query = select(order.selected_key, Study.created_at, Study.id).where(Study.uuid == uuid, may_see)
    found = db.session.execute(query).first()
    return Place(*found) if found else None


def _ids(
    parts: list[Select[int]], order: Order, place: Place | None, *, backwards: bool
) -> tuple[list[int], bool]:
    """The studies of one page in order, and whether there are more beyond them."""
    found = []
    for part in parts:
        query = part.with_only_columns(
            Study.id.label("id"), order.selected_key.label("key"), Study.created_at.label("at")
        )
        if place:
            query = query.where(order.beyond(place, backwards=backwards))
        key = order.selected_key
        query = query.order_by(*order.terms(key, Study.created_at, Study.id, backwards=backwards))
        found.append(query.limit(PER_PAGE + 1))
    if len(found) > 1:
        both = union_all(*(select(part.subquery()) for part in found)).subquery()
        terms = order.terms(both.c.key, both.c.at, both.c.id, backwards=backwards)
        ids = list(db.session.scalars(select(both.c.id).order_by(*terms).limit(PER_PAGE + 1)))
    else:
        ids = list(db.session.scalars(found[0]))
    page = ids[:PER_PAGE]
    return (page[::-1] if backwards else page), len(ids) > PER_PAGE


def _counted(parts: list[Select[int]]) -> int:
    some = [part.limit(COUNTED + 1).subquery() for part in parts]
    counts = [db.session.scalar(select(func.count()).select_from(part)) or 0 for part in some]
    return min(sum(counts), COUNTED + 1)


def _rows(user: User, ids: list[int]) -> tuple[Row, ...]:
    query = (
        select(Study, Reading, sealed_from(user), own_verdict(user))
        .join(Reading, (Reading.study_id == Study.id) & Reading.latest)
        .where(Study.id.in_(ids))
        .options(joinedload(Study.user))
    )
    images, counts = _images(ids)
    labels, judges, colleagues = _labels(user, ids), _judges(ids), _colleagues(ids)
    rows = {
        study.id: Row(
            study=study,
            reading=reading,
            image=images.get(study.id),
            images=counts.get(study.id, 0),
            sealed=bool(sealed),
            shared_by=study.user.email if user.id in colleagues[study.id] else "",
            shared_with=len(colleagues[study.id]) if study.user_id == user.id else 0,
            labels=tuple(labels[study.id]),
            verdict=verdict,
            judged_by=len(judges[study.id] - {user.id}),
        )
        for study, reading, sealed, verdict in db.session.execute(query)
    }
    return tuple(rows[id_] for id_ in ids if id_ in rows)


def _images(ids: list[int]) -> tuple[dict[int, Image], dict[int, int]]:
    """The first image of each study, and how many there are."""
    grouped = select(Image.study_id, func.count(Image.id), func.min(Image.position))
    counted = db.session.execute(grouped.where(Image.study_id.in_(ids)).group_by(Image.study_id)).all()
    first = {(study_id, position) for study_id, _count, position in counted}
    positions = {position for _study_id, position in first}
    query = select(Image).where(Image.study_id.in_(ids), Image.position.in_(positions))
    images = {
        image.study_id: image
        for image in db.session.scalars(query)
        if (image.study_id, image.position) in first
    }
    return images, {study_id: count for study_id, count, _position in counted}


def _labels(user: User, ids: list[int]) -> dict[int, list[Label]]:
    query = select(Labelled.study_id, Label).join(Labelled.label)
    query = query.where(Labelled.study_id.in_(ids), Label.user_id == user.id).order_by(Label.folded)
    found = defaultdict(list)
    for study_id, label in db.session.execute(query):
        found[study_id].append(label)
    return found


def _judges(ids: list[int]) -> dict[int, set[int]]:
    query = select(Verdict.study_id, Verdict.user_id).where(Verdict.study_id.in_(ids)).distinct()
    found = defaultdict(set)
    for study_id, user_id in db.session.execute(query):
        found[study_id].add(user_id)
    return found


def _colleagues(ids: list[int]) -> dict[int, set[int]]:
    query = select(Share.study_id, Share.user_id).where(Share.study_id.in_(ids), Share.ended_at.is_(None))
    found = defaultdict(set)
    for study_id, user_id in db.session.execute(query):
        found[study_id].add(user_id)
    return found
