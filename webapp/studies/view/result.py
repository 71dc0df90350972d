"""What the result page shows: rows and the task's description made into one frozen `Result`.

Pure: no database, no request. Every word, number and bar length is made here; templates only loop over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ml.tasks import TaskSpec
from webapp.studies.view import agreement, axis, columns
from webapp.studies.view.agreement import Count, Vote
from webapp.studies.view.numbers import score
from webapp.studies.view.sides import sides_of
from webapp.words import gettext as _

if TYPE_CHECKING:
    from webapp.readings.tables import Reading
    from webapp.studies.tables import Image


@dataclass(frozen=True)
class Gate:
    """What the gate saw. `scores`: (kind, number as text), highest first. No `sentence` where it passed."""

    kind: str
    passed: bool
    scores: tuple[tuple[str, str], ...]
    sentence: str


@dataclass(frozen=True)
class Result:
    """The result page of one reading.

    `sentence` is the headline, `warning` empty unless the models are far apart, `details` are short counts.
    `columns` has one entry a chosen model, in the task's order. `axis`: empty without ordinal head or votes.
    """

    uuid: str
    title: str
    patient_code: str
    note: str
    task: str
    task_name: str
    hint: str
    slice: str
    sides: tuple[str, str] | None
    uploaded_at: datetime
    read_at: datetime | None
    reading: str
    stopped: bool
    sentence: str
    warning: str
    details: tuple[str, ...]
    axis: tuple[axis.Stage, ...]
    wide: bool
    columns: tuple[columns.Column, ...]
    gate: Gate | None
    image_warnings: tuple[str, ...]

    @property
    def has_heatmaps(self) -> bool:
        return any(column.heatmaps for column in self.columns)

    @property
    def has_lesions(self) -> bool:
        return any(column.lesion and column.lesion.file for column in self.columns)

    @property
    def has_regions(self) -> bool:
        return any(column.region for column in self.columns)


def result_of(reading: Reading, spec: TaskSpec, thresholds: Mapping[str, Mapping[str, float]]) -> Result:
    """The page of an ended reading (done or stopped).

    Args:
        reading: with its study, the study's first image and its predictions.
        spec: the study's task.
        thresholds: model key to head key to the score from which the positive label is given; any may lack.
    """
    study = reading.study
    image = study.images[0]
    said = {p.model: p for p in reading.predictions}
    chosen = [model for model in spec.models if model.key in reading.models]
    votes = [
        Vote(model.key, columns.short_name(model.name), said[model.key].labels)
        for model in chosen
        if model.kind != "region"
        and model.key in said
        and said[model.key].state == "done"
        and said[model.key].labels
    ]
    counts = [agreement.count(head, votes) for head in spec.heads]
    main = agreement.main_head(spec)
    chief = next(c for c in counts if c.head.key == main.key)
    made = tuple(
        columns.column_of(model, said.get(model.key), reading, spec, counts, thresholds) for model in chosen
    )
    gate = _gate(reading.gate)
    stopped = reading.state == "stopped"
    return Result(
        uuid=study.uuid,
        title=study.patient_code or _("Study of %(task)s", task=_(spec.name)),
        patient_code=study.patient_code or "",
        note=study.note or "",
        task=spec.key,
        task_name=_(spec.name),
        hint=_(spec.wording.upload_hint),
        slice=_slice(image),
        sides=sides_of(image.orientation),
        uploaded_at=study.created_at,
        read_at=reading.ended_at,
        reading=str(reading.id),
        stopped=stopped,
        sentence=_stopped(spec, gate) if stopped else _headline(spec, counts, made),
        warning="" if stopped else agreement.warning(counts),
        details=_stopped_details(reading, gate) if stopped else _details(spec, counts, made),
        axis=() if stopped else axis.stages_of(main, chief, made),
        wide=chief.spread >= agreement.WIDE,
        columns=() if stopped else made,
        gate=gate,
        image_warnings=tuple(image.warnings or ()),
    )


def _headline(spec: TaskSpec, counts: list[Count], made: tuple[columns.Column, ...]) -> str:
    """The sentence from the counts, then who failed; or why there is no answer."""
    parts = [agreement.sentence(counts, agreement.main_head(spec))]
    if not parts[0]:
        heads = _(" and ").join(agreement.inside(head) for head in spec.heads)
        voters = [column for column in made if column.kind != "region"]
        if any(column.state == "not_applicable" for column in voters):
            parts = [_("No model can judge %(heads)s on this slice.", heads=heads)]
        elif not voters:
            parts = [_("Region only: no model was asked for %(heads)s.", heads=heads)]
        else:
            parts = [_("No model gives %(heads)s.", heads=heads)]
    failed = [column.short for column in made if column.state == "failed"]
    parts.extend(_("%(name)s failed.", name=name) for name in failed)
    return " ".join(part for part in parts if part)


def _details(spec: TaskSpec, counts: list[Count], made: tuple[columns.Column, ...]) -> tuple[str, ...]:
    """Counts of the other heads, largest difference, risks of error; or why no model could answer."""
    main = agreement.main_head(spec)
    found: list[str] = []
    for count in counts:
        if count.head.key != main.key:
            found.extend(
                _("%(label)s in %(n)s of %(total)s", label=_(label), n=len(names), total=count.total)
                for label, names in reversed(list(count.names.items()))
            )
        elif count.spread == 1:
            found.append(_("Largest difference: 1 stage"))
        elif count.spread:
            found.append(_("Largest difference: %(n)s stages", n=count.spread))
    risks = [column.risk for column in made if column.risk]
    said = [f"{risk} in {risks.count(risk)}" for risk in ("LOW", "MEDIUM", "HIGH") if risk in risks]
    if said:
        found.append(_("Risk of error: %(counts)s", counts=", ".join(said)))
    if not any(count.total for count in counts):
        sentences = [
            column.sentence for column in made if column.state == "not_applicable" and column.sentence
        ]
        found.extend(dict.fromkeys(sentences))
    return tuple(found)


def _gate(found: dict[str, Any] | None) -> Gate | None:
    if not found:
        return None
    scores = sorted((found.get("scores") or {}).items(), key=lambda item: -item[1])
    return Gate(
        kind=str(found.get("kind", "")),
        passed=found.get("state") != "stopped",
        # Stored with few decimals: a 1 or 0 there is a rounded number, not a certainty.
        scores=tuple((str(kind), score(min(max(float(value), 1e-4), 1 - 1e-4))) for kind, value in scores),
        sentence=str(found.get("sentence") or ""),
    )


def _stopped(spec: TaskSpec, gate: Gate | None) -> str:
    """What the gate saw instead of a guess. The task's last image kind means “anything else”."""
    if gate is None or gate.kind == spec.image_kinds[-1]:
        return _("This does not look like an image for “%(task)s”. Not read.", task=_(spec.name))
    return _(
        "This looks like a %(kind)s slice, which none of the chosen models can judge. Not read.",
        kind=gate.kind,
    )


def _stopped_details(reading: Reading, gate: Gate | None) -> tuple[str, ...]:
    sentence = (gate.sentence if gate else "") or reading.error or ""
    return (sentence,) if sentence else ()


def _slice(image: Image) -> str:
    """What is known of the image: “STIR, 256 × 256, PNG, 0.60 mm a pixel”."""
    parts = [image.sequence, f"{image.columns} × {image.rows}", image.format]
    if image.pixel_mm_row:
        parts.append(_("%(mm)s mm a pixel", mm=f"{image.pixel_mm_row:.2f}"))
    return ", ".join(part for part in parts if part)
