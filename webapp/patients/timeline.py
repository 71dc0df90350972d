"""The studies of one patient made into what their page shows: a line a study, a table and a chart a task, a notice.

Pure: no database, no request. Nothing of what the models or colleagues say of a sealed study is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ml.tasks import Head, ModelSpec, TaskSpec, UnknownTask, task
from webapp.patients.chart import Chart, chart_of
from webapp.reviews.view import in_words, judgement_names
from webapp.studies.view import agreement
from webapp.studies.view.agreement import Vote
from webapp.studies.view.columns import code_of, short_name
from webapp.words import gettext as _

if TYPE_CHECKING:
    from webapp.patients.moments import Moment, Said
    from webapp.readings.tables import Reading
    from webapp.reviews.tables import Verdict


@dataclass(frozen=True)
class Signature:
    """A verdict in words, with who signed it and when."""

    words: str
    by: str
    at: datetime


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
    verdicts: tuple[Signature, ...]
    models: str


@dataclass(frozen=True)
class Finding:
    """What one model says of one study: “Early”, with its version. Empty where it was not asked."""

    label: str
    version: str


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
        _strand(spec, [m for m in moments if m.study.task == key and m.is_open], lines)
        for key, spec in specs.items()
    ]
    return Timeline(
        code=moments[0].study.patient_code or "",
        lines=tuple(lines.values()),
        strands=tuple(strand for strand in strands if strand.rows),
        sealed=sum(line.sealed for line in lines.values()),
    )


def _line(moment: Moment) -> Line:
    study, reading = moment.study, moment.reading
    spec = _spec(study.task)
    said = moment.said if spec and moment.is_open else {}
    image = study.images[0] if study.images else None
    size = [image.sequence, f"{image.columns} × {image.rows}"] if image else []
    if moment.is_stack:
        size.append(_("%(n)s slices", n=len(study.images)))
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


def _in_order(spec: TaskSpec, said: dict[str, Said]) -> list[tuple[ModelSpec, Said]]:
    return [(model, said[model.key]) for model in spec.models if model.key in said]


def _sentence(spec: TaskSpec, said: dict[str, Said]) -> str:
    votes = [
        Vote(model.key, short_name(model.name), p.labels)
        for model, p in _in_order(spec, said)
        if model.kind != "region" and p.labels
    ]
    counts = [agreement.count(head, votes) for head in spec.heads]
    return agreement.sentence(counts, agreement.main_head(spec)) or _("No model gives an answer.")


def _verdict(verdict: Verdict, spec: TaskSpec | None) -> Signature:
    words = judgement_names()[verdict.judgement]
    answer = in_words(verdict.labels, spec) if spec else ""
    said = f"{words}: {answer}." if answer else f"{words}."
    if len(verdict.study.images) > 1:
        said = _("Slice %(k)s: %(said)s", k=verdict.prediction.image.position + 1, said=said)
    return Signature(said, verdict.signed_by, verdict.signed_at)


def _strand(spec: TaskSpec, moments: list[Moment], lines: dict[str, Line]) -> Strand:
    head = agreement.main_head(spec)
    asked = {key for moment in moments for key in moment.said}
    models = [model for model in spec.models if model.key in asked and model.kind != "region"]
    return Strand(
        name=_(spec.name),
        head=_(head.name),
        models=tuple((code_of(model.name), model.name) for model in models),
        rows=tuple(
            (
                lines[moment.study.uuid],
                tuple(_finding(moment.said.get(model.key), head) for model in models),
            )
            for moment in moments
        ),
        chart=chart_of(head, moments) if head.ordinal and len(moments) > 1 else None,
        changes=tuple(_changes(spec, moments)),
    )


def _finding(prediction: Said | None, head: Head) -> Finding:
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
            said[model.key].version for moment in reversed(moments) if model.key in (said := moment.said)
        )
        if len(versions) > 1:
            found.append(f"{short_name(model.name)} {_(' to ').join(versions)}")
    return found


def _spec(key: str) -> TaskSpec | None:
    try:
        return task(key)
    except UnknownTask:
        return None
