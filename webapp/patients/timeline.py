"""The studies of one patient made into what their page shows: a line a study, a table and a chart a task, a notice.

Pure: no database, no request. Nothing of what the models or colleagues say of a sealed study is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ml.tasks import Head, ModelSpec, TaskSpec, UnknownTask, task
from webapp.reviews.view import in_words, judgement_names
from webapp.studies.view import agreement
from webapp.studies.view.agreement import Vote
from webapp.studies.view.columns import code_of, short_name
from webapp.words import gettext as _

if TYPE_CHECKING:
    from webapp.readings.tables import Prediction, Reading
    from webapp.reviews.tables import Verdict
    from webapp.studies.tables import Study

WIDTH, LEFT, STEP, TOP = 900, 130, 36, 22  # of the chart, in its own units
_DATES = 7  # more of them would run into each other


@dataclass(frozen=True)
class Moment:
    """One study with its last reading and the last verdict of each reader. `sealed`: its answers are not for this user yet."""

    study: Study
    reading: Reading
    sealed: bool
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Line:
    """One study on the page. `sentence` is empty where its models have not ended or their answers are sealed."""

    uuid: str
    at: datetime
    task_name: str
    image: str
    reading: Reading
    sealed: bool
    sentence: str
    verdicts: tuple[str, ...]
    models: str


@dataclass(frozen=True)
class Finding:
    """What one model says of one study: “Early”, with its version. Empty where it was not asked."""

    label: str
    version: str


@dataclass(frozen=True)
class Dot:
    """One study on the chart. `y` is None where nobody names a stage; `signed`: by verdict, not by the models' majority."""

    x: int
    y: int | None
    top: int
    bottom: int
    signed: bool
    at: datetime
    dated: bool


@dataclass(frozen=True)
class Chart:
    """Stages over time. `levels`: (name, y) from the lowest; `path` joins the dots that have a stage."""

    height: int
    levels: tuple[tuple[str, int], ...]
    dots: tuple[Dot, ...]
    path: str
    summary: str


@dataclass(frozen=True)
class Strand:
    """The studies of one task. `rows`: (line, a finding a model), the newest first. `changes`: which versions differ."""

    name: str
    head: str
    models: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Line, tuple[Finding, ...]], ...]
    chart: Chart | None
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Timeline:
    """The page of a patient, the newest study first."""

    code: str
    lines: tuple[Line, ...]
    strands: tuple[Strand, ...]
    sealed: int

    @property
    def first(self) -> datetime:
        return self.lines[-1].at

    @property
    def last(self) -> datetime:
        return self.lines[0].at


def timeline_of(moments: Sequence[Moment]) -> Timeline:
    """The page of these studies of one patient, at least one, the newest first."""
    lines = {moment.study.uuid: _line(moment) for moment in moments}
    specs = {
        moment.study.task: spec
        for moment in reversed(moments)
        if (spec := _spec(moment.study.task)) is not None
    }
    strands = [
        _strand(spec, [m for m in moments if m.study.task == key and _is_open(m)], lines)
        for key, spec in specs.items()
    ]
    return Timeline(
        code=moments[0].study.patient_code or "",
        lines=tuple(lines.values()),
        strands=tuple(strand for strand in strands if strand.rows),
        sealed=sum(line.sealed for line in lines.values()),
    )


def _is_open(moment: Moment) -> bool:
    return moment.reading.state == "done" and not moment.sealed


def _line(moment: Moment) -> Line:
    study, reading = moment.study, moment.reading
    spec = _spec(study.task)
    said = _said(moment) if spec and _is_open(moment) else {}
    image = study.images[0] if study.images else None
    size = [image.sequence, f"{image.columns} × {image.rows}"] if image else []
    return Line(
        uuid=study.uuid,
        at=study.created_at,
        task_name=_(spec.name) if spec else study.task,
        image=", ".join(part for part in size if part),
        reading=reading,
        sealed=moment.sealed and reading.state == "done",
        sentence=_sentence(spec, said) if spec and said else "",
        verdicts=() if moment.sealed else tuple(_verdict(verdict, spec) for verdict in moment.verdicts),
        models=", ".join(f"{code_of(model.name)} {p.version}" for model, p in _in_order(spec, said))
        if spec
        else "",
    )


def _said(moment: Moment) -> dict[str, Prediction]:
    return {p.model: p for p in moment.reading.predictions if p.state == "done"}


def _in_order(spec: TaskSpec, said: dict[str, Prediction]) -> list[tuple[ModelSpec, Prediction]]:
    return [(model, said[model.key]) for model in spec.models if model.key in said]


def _sentence(spec: TaskSpec, said: dict[str, Prediction]) -> str:
    votes = [
        Vote(model.key, short_name(model.name), p.labels)
        for model, p in _in_order(spec, said)
        if model.kind != "region" and p.labels
    ]
    counts = [agreement.count(head, votes) for head in spec.heads]
    return agreement.sentence(counts, agreement.main_head(spec)) or _("No model gives an answer.")


def _verdict(verdict: Verdict, spec: TaskSpec | None) -> str:
    words = judgement_names()[verdict.judgement]
    answer = in_words(verdict.labels, spec) if spec else ""
    return f"{words}: {answer}. {verdict.signed_by}" if answer else f"{words}. {verdict.signed_by}"


def _strand(spec: TaskSpec, moments: list[Moment], lines: dict[str, Line]) -> Strand:
    head = agreement.main_head(spec)
    asked = {key for moment in moments for key in _said(moment)}
    models = [model for model in spec.models if model.key in asked and model.kind != "region"]
    return Strand(
        name=_(spec.name),
        head=_(head.name),
        models=tuple((code_of(model.name), model.name) for model in models),
        rows=tuple(
            (
                lines[moment.study.uuid],
                tuple(_finding(_said(moment).get(model.key), head) for model in models),
            )
            for moment in moments
        ),
        chart=_chart(head, moments) if head.ordinal and len(moments) > 1 else None,
        changes=tuple(_changes(spec, moments)),
    )


def _finding(prediction: Prediction | None, head: Head) -> Finding:
    if prediction is None:
        return Finding("", "")
    return Finding(
        _(prediction.labels[head.key]) if head.key in prediction.labels else "", prediction.version
    )


def _changes(spec: TaskSpec, moments: list[Moment]) -> list[str]:
    """“Hybrid v1 1.1.0 to 1.3.0”: models that read these studies in more than one version, the oldest first."""
    found = []
    for model in spec.models:
        versions = dict.fromkeys(
            said[model.key].version for moment in reversed(moments) if model.key in (said := _said(moment))
        )
        if len(versions) > 1:
            found.append(f"{short_name(model.name)} {_(' to ').join(versions)}")
    return found


def _chart(head: Head, moments: list[Moment]) -> Chart | None:
    bottom = TOP + STEP * (len(head.labels) - 1)
    places = {label: bottom - STEP * place for place, label in enumerate(head.labels)}
    in_time = list(reversed(moments))
    space = (WIDTH - LEFT - 60) / max(1, len(in_time) - 1)
    every = -(-len(in_time) // _DATES)
    dots = []
    for number, moment in enumerate(in_time):
        said = [
            places[p.labels[head.key]] for p in _said(moment).values() if p.labels.get(head.key) in places
        ]
        right, signed = _stage(moment, head)
        heights = said or [places[right]] if right in places else said
        if heights:
            dots.append(
                Dot(
                    x=round(LEFT + space * number),
                    y=places.get(right),
                    top=min(heights),
                    bottom=max(heights),
                    signed=signed,
                    at=moment.study.created_at,
                    dated=number % every == 0,
                )
            )
    joined = [f"{dot.x} {dot.y}" for dot in dots if dot.y is not None]
    if not dots:
        return None
    stages = [right for moment in in_time if (right := _stage(moment, head)[0])]
    return Chart(
        height=bottom + 40,
        levels=tuple((_(label), y) for label, y in places.items()),
        dots=tuple(dots),
        path="M" + "L".join(joined) if len(joined) > 1 else "",
        summary=", ".join(_(stage) for stage in stages),
    )


def _stage(moment: Moment, head: Head) -> tuple[str, bool]:
    """The stage of a study and whether a verdict says it: the last one signed that names one, else the models' majority."""
    for verdict in sorted(moment.verdicts, key=lambda verdict: verdict.id, reverse=True):
        if verdict.labels.get(head.key):
            return verdict.labels[head.key], True
    return moment.reading.summary_stage or "", False


def _spec(key: str) -> TaskSpec | None:
    try:
        return task(key)
    except UnknownTask:
        return None
