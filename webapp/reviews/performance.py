"""How the models do against signed verdicts, by model and version, and how often readers change their minds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import exists, func, select

from ml.tasks import Head, ModelSpec, TaskSpec
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.readings.tables import Prediction, Reading
from webapp.reviews.intervals import TOO_FEW, Share
from webapp.reviews.reveals import independent
from webapp.reviews.tables import OwnAnswer, Verdict
from webapp.studies.tables import Image, Study


@dataclass(frozen=True)
class Judged:
    """One verdict that counts: what the model said, and what is right by the clinician."""

    model: str
    version: str
    judgement: str
    said: Mapping[str, str]
    right: Mapping[str, str]
    reason: str = ""


@dataclass(frozen=True)
class HeadFigures:
    """One question. `matrix`: a row a right label, a column a label of the model, in the labels' order."""

    head: Head
    matrix: tuple[tuple[int, ...], ...]

    @property
    def agreement(self) -> Share:
        return Share(sum(row[i] for i, row in enumerate(self.matrix)), sum(map(sum, self.matrix)))

    @property
    def sensitivity(self) -> Share | None:
        """Of those that are positive by verdict, the share that the model finds; None without a positive label."""
        at = self._positive
        return None if at is None else Share(self.matrix[at][at], sum(self.matrix[at]))

    @property
    def specificity(self) -> Share | None:
        """Of those that are not positive by verdict, the share that the model does not call positive."""
        at = self._positive
        if at is None:
            return None
        others = [row for i, row in enumerate(self.matrix) if i != at]
        return Share(sum(sum(row) - row[at] for row in others), sum(map(sum, others)))

    @property
    def _positive(self) -> int | None:
        return None if self.head.positive is None else self.head.labels.index(self.head.positive)


@dataclass(frozen=True)
class ModelFigures:
    """One version of one model. `reasons` are those of disagreements and unusable predictions, the commonest first."""

    key: str
    name: str
    version: str
    agreement: Share
    unusable: int
    reasons: tuple[tuple[str, int], ...]
    heads: tuple[HeadFigures, ...]

    @property
    def too_few(self) -> bool:
        return self.agreement.n < TOO_FEW

    def figures_of(self, head: Head) -> HeadFigures | None:
        """The figures of one question; None for a model that does not answer it."""
        return next((figures for figures in self.heads if figures.head == head), None)


@dataclass(frozen=True)
class Changes:
    """Own answers to one head against the final verdict: how many changed, and how many came where there was none."""

    head: Head
    changed: Share
    found_later: int


def performance_of(user: User, spec: TaskSpec) -> tuple[ModelFigures, ...]:
    """The figures of a task's models: over all verdicts for administrators, over their own for clinicians."""
    return measured(spec, _judged(user, spec))


def measured(spec: TaskSpec, judged: Iterable[Judged]) -> tuple[ModelFigures, ...]:
    """The figures from verdicts, in the task's order, the latest version first."""
    by_model: dict[tuple[str, str], list[Judged]] = {}
    for one in judged:
        by_model.setdefault((one.model, one.version), []).append(one)
    return tuple(
        _figures(spec, model, version, by_model[key, version])
        for model in spec.models
        for key, version in sorted(by_model, key=lambda found: version_order(found[1]), reverse=True)
        if key == model.key
    )


def changes_of(user: User, spec: TaskSpec) -> tuple[Changes, ...]:
    """How often second readers changed their mind on each head of a task."""
    first = _own_answers(user, spec)
    final = _final_labels(user, spec)
    return tuple(
        changes(head, [(own.get(head.key), final.get(key, {}).get(head.key)) for key, own in first.items()])
        for head in spec.heads
    )


def seen_first(user: User, spec: TaskSpec) -> int:
    """How many own answers came after the models' had been seen; they count as no change of mind, and as none kept."""
    query = select(func.count(OwnAnswer.id)).join(Study).where(Study.task == spec.key, ~independent())
    if not user.is_admin:
        query = query.where(OwnAnswer.user_id == user.id)
    return db.session.scalar(query) or 0


def changes(head: Head, pairs: Iterable[tuple[str | None, str | None]]) -> Changes:
    """Counts pairs of own answer (None: could not tell) and final label (None: no verdict says one)."""
    judged = [(own, final) for own, final in pairs if final is not None]
    told = [(own, final) for own, final in judged if own is not None]
    return Changes(
        head=head,
        changed=Share(sum(own != final for own, final in told), len(told)),
        found_later=len(judged) - len(told),
    )


def _figures(spec: TaskSpec, model: ModelSpec, version: str, judged: list[Judged]) -> ModelFigures:
    usable = [one for one in judged if one.judgement != "unusable"]
    heads = () if model.kind == "region" else spec.heads
    return ModelFigures(
        key=model.key,
        name=model.name,
        version=version,
        agreement=Share(sum(one.judgement == "agree" for one in usable), len(usable)),
        unusable=len(judged) - len(usable),
        reasons=tuple(Counter(one.reason for one in judged if one.reason).most_common()),
        heads=tuple(HeadFigures(head, _matrix(head, usable)) for head in heads),
    )


def _matrix(head: Head, judged: list[Judged]) -> tuple[tuple[int, ...], ...]:
    pairs = Counter((one.right.get(head.key), one.said.get(head.key)) for one in judged)
    return tuple(tuple(pairs[right, said] for said in head.labels) for right in head.labels)


def version_order(version: str) -> tuple[tuple[bool, int, str], ...]:
    """A version for sorting: 1.10.0 after 1.9.0, and anything that is no number before numbers."""
    return tuple((part.isdigit(), int(part) if part.isdigit() else 0, part) for part in version.split("."))


def _judged(user: User, spec: TaskSpec) -> list[Judged]:
    """Of each reader, slice, model and version the last verdict. Readings outside validated input do not count."""
    last = (
        select(func.max(Verdict.id))
        .join(Prediction, Verdict.prediction_id == Prediction.id)
        .join(Reading, Prediction.reading_id == Reading.id)
        .join(Study, Verdict.study_id == Study.id)
        .where(Study.task == spec.key, Reading.anyway_reason.is_(None))
        .group_by(Verdict.user_id, Prediction.image_id, Prediction.model, Prediction.version)
    )
    if not user.is_admin:
        last = last.where(Verdict.user_id == user.id)
    query = (
        select(
            Prediction.model,
            Prediction.version,
            Verdict.judgement,
            Prediction.labels,
            Verdict.labels,
            Verdict.reason,
        )
        .join(Prediction, Verdict.prediction_id == Prediction.id)
        .where(Verdict.id.in_(last))
    )
    return [Judged(*row) for row in db.session.execute(query)]


def _own_answers(user: User, spec: TaskSpec) -> dict[tuple[int, int], Mapping[str, str | None]]:
    """User and study to the labels of the own answer, where it was independent of the models."""
    query = select(OwnAnswer).join(Study).where(Study.task == spec.key, independent())
    if not user.is_admin:
        query = query.where(OwnAnswer.user_id == user.id)
    return {(own.user_id, own.study_id): own.labels for own in db.session.scalars(query)}


def _final_labels(user: User, spec: TaskSpec) -> dict[tuple[int, int], dict[str, str]]:
    """User and study to the labels that the last verdict with any on that study says.

    Verdicts on the slices of a stack are left out: an own answer is about the whole study.
    """
    stack = exists().where(Image.study_id == Study.id, Image.position > 0)
    query = (
        select(Verdict.user_id, Verdict.study_id, Verdict.labels)
        .join(Study)
        .where(Study.task == spec.key, Verdict.judgement != "unusable", ~stack)
        .order_by(Verdict.id)
    )
    if not user.is_admin:
        query = query.where(Verdict.user_id == user.id)
    return {(by, study): labels for by, study, labels in db.session.execute(query) if labels}
