"""What pages show of verdicts and own answers: rows and the task made into words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from ml.tasks import Head, TaskSpec
from webapp.accounts.tables import User
from webapp.formats import day_time
from webapp.readings.tables import Prediction
from webapp.reviews.outlines import outline_kind
from webapp.reviews.reveals import is_independent
from webapp.reviews.signing import heads_of, own_answers_on, verdicts_on
from webapp.reviews.tables import OwnAnswer, Verdict
from webapp.sharing.colleagues import reads
from webapp.studies.tables import Study
from webapp.studies.view.numbers import area, lesion_area
from webapp.words import gettext as _


@dataclass(frozen=True)
class Signed:
    """One signed verdict in words. `superseded`: the same person signed a later one on the same prediction.

    `outline` says what was drawn with it; empty where nothing was.
    """

    id: int
    judgement: str
    name: str
    tone: str
    sign: str
    answer: str
    reason: str
    note: str
    by: str
    at: datetime
    superseded: bool
    outline: str


@dataclass(frozen=True)
class OwnSaid:
    """One own answer in words; `sentence` says whether it came before the models' answers were seen."""

    sentence: str
    note: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Start:
    """A mask that a drawing may start from. `file`: a picture of the study; `verdict`: the verdict with which it was drawn."""

    name: str
    file: str = ""
    verdict: int = 0


@dataclass(frozen=True)
class Review:
    """What is said of one prediction. `current` are the verdicts that count, one a person; `may_sign`: a form is shown.

    `outline_kind` is what the model outlines, region or lesion; None where it outlines nothing.
    """

    model: str
    prediction: int
    heads: tuple[Head, ...]
    verdicts: tuple[Signed, ...]
    may_sign: bool
    outline_kind: str | None

    @property
    def current(self) -> tuple[Signed, ...]:
        return tuple(verdict for verdict in self.verdicts if not verdict.superseded)

    @property
    def outlines(self) -> tuple[Signed, ...]:
        """The verdicts that count and with which an outline was drawn."""
        return tuple(verdict for verdict in self.current if verdict.outline)


def judgement_names() -> dict[str, str]:
    """What pages call the judgements, in order."""
    return {"agree": _("Agree"), "disagree": _("Disagree"), "unusable": _("Unusable")}


def reason_names() -> dict[str, str]:
    """What pages call the reasons, in order."""
    return {
        "answer": _("Wrong answer"),
        "outline": _("Outline or heatmap in the wrong place"),
        "artefact": _("Misled by an artefact"),
        "quality": _("Image quality too low"),
        "wrong_image": _("Wrong sequence, part or view"),
        "other": _("Other, see the note"),
    }


def reviews_of(
    user: User, study: Study, predictions: Iterable[Prediction], spec: TaskSpec
) -> dict[str, Review]:
    """Model key to what is said of its prediction on one slice. Only predictions that ended well are judged."""
    verdicts = verdicts_on(study)
    return {
        prediction.model: review_of(user, study, prediction, spec, verdicts)
        for prediction in predictions
        if prediction.state == "done"
    }


def review_of(
    user: User, study: Study, prediction: Prediction, spec: TaskSpec, verdicts: list[Verdict]
) -> Review:
    """What is said of one prediction, the earliest first."""
    old = superseded(verdicts)
    return Review(
        model=prediction.model,
        prediction=prediction.id,
        heads=heads_of(spec, prediction.model),
        verdicts=tuple(_signed(v, spec, v.id in old) for v in verdicts if v.prediction_id == prediction.id),
        may_sign=reads(user, study),
        outline_kind=outline_kind(spec, prediction.model),
    )


def starts_of(prediction: Prediction, spec: TaskSpec, verdicts: Iterable[Verdict]) -> tuple[Start, ...]:
    """What a corrected outline may start from: masks of the same kind on the same image, this model's own first."""
    kind = outline_kind(spec, prediction.model)
    if kind is None:
        return ()
    others = sorted(prediction.reading.predictions, key=lambda other: other.model != prediction.model)
    models = [
        Start(spec.model(other.model).name, file=f"{other.model}-{kind}.png")
        for other in others
        if other.image_id == prediction.image_id
        and kind in other.files
        and outline_kind(spec, other.model) == kind
    ]
    drawn = [
        Start(f"{verdict.signed_by}, {day_time(verdict.signed_at)}", verdict=verdict.id)
        for verdict in verdicts
        if verdict.outline_kind == kind and verdict.prediction.image_id == prediction.image_id
    ]
    return (*models, *reversed(drawn))


def superseded(verdicts: Iterable[Verdict]) -> set[int]:
    """The ids of verdicts after which the same person signed another on the same prediction."""
    last: dict[tuple[int, int], int] = {}
    old = set()
    for verdict in sorted(verdicts, key=lambda verdict: verdict.id):
        key = (verdict.prediction_id, verdict.user_id)
        if key in last:
            old.add(last[key])
        last[key] = verdict.id
    return old


def outlines_of(uuid: str, verdicts: Iterable[Signed]) -> list[str]:
    """Addresses of the outlines that were drawn with these verdicts on a study, for the viewer."""
    return [url_for("reviews.outline", uuid=uuid, verdict=verdict.id) for verdict in verdicts]


def own_answers_of(study: Study, spec: TaskSpec) -> tuple[OwnSaid, ...]:
    """What readers said before the models, the earliest first."""
    return tuple(_own(answer, spec) for answer in own_answers_on(study))


def own_words(answer: OwnAnswer, spec: TaskSpec) -> str:
    """An own answer in one line: “AS status Positive, Stage: cannot tell”."""
    return in_words(answer.labels, spec)


def in_words(labels: Mapping[str, str | None], spec: TaskSpec) -> str:
    """Labels by head in one line."""
    said = []
    for head in spec.heads:
        if head.key in labels:
            label = labels[head.key]
            said.append(f"{_(head.name)} {_(label)}" if label else f"{_(head.name)}: {_('cannot tell')}")
    return ", ".join(said)


def _signed(verdict: Verdict, spec: TaskSpec, old: bool) -> Signed:
    tone, sign = {
        "agree": ("ok", "check"),
        "disagree": ("caution", "cross"),
        "unusable": ("quiet", "unusable"),
    }[verdict.judgement]
    return Signed(
        id=verdict.id,
        judgement=verdict.judgement,
        name=judgement_names()[verdict.judgement],
        tone=tone,
        sign=sign,
        answer=in_words(verdict.labels, spec) if verdict.judgement == "disagree" else "",
        reason=reason_names().get(verdict.reason, ""),
        note=verdict.note,
        by=verdict.signed_by,
        at=verdict.signed_at,
        superseded=old,
        outline=_outline(verdict),
    )


def _own(answer: OwnAnswer, spec: TaskSpec) -> OwnSaid:
    words = own_words(answer, spec)
    if is_independent(answer):
        sentence = _("Own answer before the models’: %(answer)s", answer=words)
    else:
        sentence = _(
            "Own answer, given after the models’ had been seen, so not independent: %(answer)s", answer=words
        )
    return OwnSaid(sentence, answer.note, answer.signed_by, answer.signed_at)


def _outline(verdict: Verdict) -> str:
    if verdict.outline_px is None:
        return ""
    if verdict.outline_px == 0:
        return _("Drawn: nothing to outline")
    image = verdict.prediction.image
    if image.pixel_mm_row and image.pixel_mm_column:
        drawn = lesion_area(verdict.outline_px * image.pixel_mm_row * image.pixel_mm_column)
    else:
        drawn = area(None, verdict.outline_px)
    return _("Outline drawn: %(area)s", area=drawn)
