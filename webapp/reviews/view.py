"""What pages show of verdicts and own answers: rows and the task made into words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ml.tasks import Head, TaskSpec
from webapp.accounts.tables import User
from webapp.readings.tables import Prediction
from webapp.reviews.signing import heads_of, verdicts_on
from webapp.reviews.tables import OwnAnswer, Verdict
from webapp.studies.tables import Study
from webapp.words import gettext as _


@dataclass(frozen=True)
class Signed:
    """One signed verdict in words. `superseded`: the same person signed a later one on the same prediction."""

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


@dataclass(frozen=True)
class Review:
    """What is said of one prediction. `current` are the verdicts that count, one a person; `may_sign`: a form is shown."""

    model: str
    prediction: int
    heads: tuple[Head, ...]
    verdicts: tuple[Signed, ...]
    may_sign: bool

    @property
    def current(self) -> tuple[Signed, ...]:
        return tuple(verdict for verdict in self.verdicts if not verdict.superseded)


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
        may_sign=study.user_id == user.id,
    )


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
    )
