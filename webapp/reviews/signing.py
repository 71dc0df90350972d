"""The one way to a verdict or an own answer, for page and API alike: checked, signed with name and time, added, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import abort
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ml.tasks import Head, TaskSpec, UnknownModel, task
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.readings.tables import Prediction, Reading
from webapp.reviews.outlines import NoOutline, Outline, checked_outline, outline_kind
from webapp.reviews.sealing import is_sealed
from webapp.reviews.tables import JUDGEMENTS, REASONS, OwnAnswer, Verdict
from webapp.sharing.colleagues import reads
from webapp.studies import files
from webapp.studies.tables import Image, Study
from webapp.transactions import committed
from webapp.words import gettext as _

NOTE_LENGTH = 1000
CANNOT_TELL = "cannot_tell"
_PATIENCE_SECONDS = 10.0


class NotSigned(Exception):
    """What is not taken as a signature; nothing was stored. `sentence` is for the clinician, `status` the HTTP status."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


@dataclass(frozen=True)
class Opinion:
    """What somebody wants to sign. `labels`: head key to right label, or to CANNOT_TELL in an own answer. `outline`: the PNG of
    the right outline, where one was drawn."""

    judgement: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    note: str = ""
    outline: bytes | None = None


def prediction_of(study: Study, image: Image, model: str) -> Prediction:
    """What a model says of a slice in the study's last reading; 404 where it says nothing, or all have not ended."""
    query = (
        select(Prediction)
        .join(Reading)
        .where(
            Reading.study_id == study.id,
            Reading.latest,
            Reading.state == "done",
            Prediction.model == model,
            Prediction.image_id == image.id,
        )
    )
    prediction = db.session.scalar(query)
    if prediction is None or prediction.state != "done":
        abort(404)
    return prediction


def heads_of(spec: TaskSpec, model: str) -> tuple[Head, ...]:
    """The questions that a model answers: all of its task, or none where it outlines a region or left the task."""
    try:
        return () if spec.model(model).kind == "region" else spec.heads
    except UnknownModel:
        return ()


def sign_verdict(user: User, study: Study, prediction: Prediction, opinion: Opinion) -> Verdict:
    """Add a verdict on a prediction; an earlier one of the same user is superseded. Raises NotSigned."""
    _readers_only(user, study)
    if is_sealed(user, study):
        raise NotSigned(409, _("Record your own answer first. The models' answers are sealed until then."))
    spec = task(study.task)
    labels = _right_labels(spec, prediction, opinion)
    outline = _right_outline(spec, prediction, opinion)
    values = {
        "study_id": study.id,
        "prediction_id": prediction.id,
        "user_id": user.id,
        "judgement": opinion.judgement,
        "labels": labels,
        "reason": "" if opinion.judgement == "agree" else opinion.reason,
        "note": _checked_note(opinion.note),
        "signed_by": user.email,
    }
    uuid, model = study.uuid, prediction.model
    if outline:
        kind = outline_kind(spec, model)
        values |= {"outline_kind": kind, "outline_sha256": outline.sha256, "outline_px": outline.pixels}
        values |= {"outline_file": _stored(uuid, model, outline)}

    def row() -> Verdict:
        verdict = Verdict(**values)
        db.session.add(verdict)
        return verdict

    try:
        return committed(row, _PATIENCE_SECONDS)
    except BaseException:
        if outline:
            files.remove_files(uuid, [str(values["outline_file"])])
        raise


def record_own_answer(user: User, study: Study, opinion: Opinion) -> OwnAnswer:
    """Record what a second reader says before the models' answers are shown. Raises NotSigned."""
    _readers_only(user, study)
    read = select(Reading.id).where(Reading.study_id == study.id, Reading.latest, Reading.state == "done")
    if db.session.scalar(read) is None:
        raise NotSigned(409, _("This study has not been read yet."))
    closed = _(
        "The models' answers on this study are open already: an own answer is not taken or changed now."
    )
    if not is_sealed(user, study):
        raise NotSigned(409, closed)
    values = {
        "study_id": study.id,
        "user_id": user.id,
        "labels": _own_labels(task(study.task), opinion),
        "note": _checked_note(opinion.note),
        "signed_by": user.email,
    }

    def row() -> OwnAnswer:
        answer = OwnAnswer(**values)
        db.session.add(answer)
        return answer

    try:
        return committed(row, _PATIENCE_SECONDS)
    except IntegrityError as error:  # sent twice at once: the first one counts
        raise NotSigned(409, closed) from error


def verdicts_on(study: Study) -> list[Verdict]:
    """All verdicts on a study, the earliest first."""
    return list(db.session.scalars(select(Verdict).where(Verdict.study_id == study.id).order_by(Verdict.id)))


def own_answers_on(study: Study) -> list[OwnAnswer]:
    """What readers said of the study before the models' answers were shown to them, the earliest first."""
    query = select(OwnAnswer).where(OwnAnswer.study_id == study.id).order_by(OwnAnswer.id)
    return list(db.session.scalars(query))


def own_answer_of(user: User, study: Study) -> OwnAnswer | None:
    """What this user said of the study before the models' answers were shown."""
    query = select(OwnAnswer).where(OwnAnswer.study_id == study.id, OwnAnswer.user_id == user.id)
    answer: OwnAnswer | None = db.session.scalar(query)
    return answer


def _readers_only(user: User, study: Study) -> None:
    if not reads(user, study):
        raise NotSigned(
            403,
            _(
                "Only the owner of a study and colleagues whom it is shared with judge it. Nothing was stored."
            ),
        )


def _right_labels(spec: TaskSpec, prediction: Prediction, opinion: Opinion) -> dict[str, str]:
    """The right label of each head by this opinion, checked. Raises NotSigned."""
    if opinion.judgement not in JUDGEMENTS:
        raise NotSigned(422, _("Choose agree, disagree or unusable."))
    if opinion.judgement == "agree":
        return dict(prediction.labels)
    if opinion.reason not in REASONS:
        raise NotSigned(422, _("Choose a reason."))
    if opinion.judgement == "unusable":
        return {}
    heads = heads_of(spec, prediction.model)
    labels = {head.key: _checked_label(head, opinion) for head in heads}
    # An outline may be wrong where the labels are right.
    if heads and opinion.reason != "outline" and labels == prediction.labels:
        raise NotSigned(422, _("This is what the model says. Choose agree, or another right answer."))
    return labels


def _right_outline(spec: TaskSpec, prediction: Prediction, opinion: Opinion) -> Outline | None:
    """The outline that goes with this opinion, checked; None where none was drawn. Raises NotSigned."""
    if opinion.outline is None:
        return None
    if outline_kind(spec, prediction.model) is None:
        raise NotSigned(422, _("This model outlines nothing, so there is no outline to correct."))
    if opinion.judgement != "disagree":
        raise NotSigned(
            422, _("An outline of your own goes with “disagree”. Choose it, or discard the drawing.")
        )
    try:
        return checked_outline(opinion.outline, prediction.image)
    except NoOutline as error:
        raise NotSigned(422, error.sentence) from error


def _stored(uuid: str, model: str, outline: Outline) -> str:
    """The name of the outline's new file in the study's folder. Raises NotSigned."""
    try:
        files.check_room()
        return files.add_file(uuid, f"outline-{model}", ".png", outline.data)
    except files.DiskFull as error:
        raise NotSigned(error.status, error.sentence) from error


def _own_labels(spec: TaskSpec, opinion: Opinion) -> dict[str, str | None]:
    cannot = {head.key for head in spec.heads if opinion.labels.get(head.key) == CANNOT_TELL}
    return {head.key: None if head.key in cannot else _checked_label(head, opinion) for head in spec.heads}


def _checked_label(head: Head, opinion: Opinion) -> str:
    label = opinion.labels.get(head.key, "")
    if label not in head.labels:
        raise NotSigned(422, _("Choose an answer to each question: %(head)s.", head=_(head.name)))
    return label


def _checked_note(note: str) -> str:
    note = note.strip()
    if len(note) > NOTE_LENGTH:
        raise NotSigned(422, _("A note has at most %(n)s characters.", n=NOTE_LENGTH))
    return note
