"""What the result page shows: rows and the task's description made into one frozen `Result`.

Pure: no database, no request. Every word, number and bar length is made here; templates only loop over them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ml.tasks import FIND_TASK, TaskSpec, tasks
from webapp.studies.slices import predictions_on
from webapp.studies.view import agreement, columns
from webapp.studies.view.agreement import Count, Vote
from webapp.studies.view.numbers import score
from webapp.studies.view.overlap import Overlap, detail, overlap_of
from webapp.studies.view.picture import Picture, picture_of
from webapp.studies.view.side_by_side import Axis, Chart, axis_of, chart_of
from webapp.studies.view.stack import Stack, findings_of, opening_slice, stack_of
from webapp.words import gettext as _

if TYPE_CHECKING:
    from webapp.readings.tables import Reading
    from webapp.studies.marks import Marks
    from webapp.studies.tables import Image


@dataclass(frozen=True)
class Gate:
    """What the gate saw. `scores`: (kind, number as text), highest first. No `sentence` and `reason` where it passed."""

    kind: str
    reason: str
    passed: bool
    scores: tuple[tuple[str, str], ...]
    sentence: str


@dataclass(frozen=True)
class Result:
    """The result page of one reading.

    `sentence` is the headline, `warning` empty unless the models are far apart, `details` are short counts.
    `columns` has one entry a chosen model, in the task's order. Where models voted, `axis` sets them side by side if the
    main head's labels have an order, else `chart` does. `overlaps` is how far the masks agree, one entry a kind of mask that
    two models or more left. Where the study is a `stack`, all of this is about one slice.
    """

    uuid: str
    title: str
    patient_code: str
    note: str
    task: str
    task_name: str
    hint: str
    image: str
    picture: Picture
    uploaded_at: datetime
    read_at: datetime | None
    reading: str
    stopped: bool
    sentence: str
    warning: str
    details: tuple[str, ...]
    axis: Axis | None
    chart: Chart | None
    overlaps: tuple[Overlap, ...]
    columns: tuple[columns.Column, ...]
    gate: Gate | None
    image_warnings: tuple[str, ...]
    stack: Stack | None

    @property
    def has_heatmaps(self) -> bool:
        return any(column.heatmaps for column in self.columns)

    @property
    def has_focused_heatmaps(self) -> bool:
        return any(heatmap.key == "focused" for column in self.columns for heatmap in column.heatmaps)

    @property
    def has_lesions(self) -> bool:
        return any(column.lesion and column.lesion.file for column in self.columns)

    @property
    def has_regions(self) -> bool:
        return any(column.region for column in self.columns)


def result_of(
    reading: Reading,
    spec: TaskSpec,
    thresholds: Mapping[str, Mapping[str, float]],
    image: Image | None = None,
    marks: Sequence[Marks] = (),
) -> Result:
    """The page of an ended reading (done or stopped).

    Args:
        reading: with its study, the study's images and its predictions.
        spec: the study's task.
        thresholds: model key to head key to the score from which the positive label is given; any may lack.
        image: the slice to show; without it that of `slice_of`.
        marks: the masks on that slice that can be compared, by kind.
    """
    study = reading.study
    findings = findings_of(reading, spec) if len(study.images) > 1 else ()
    image = image or opening_slice(study.images, findings)
    said = {p.model: p for p in predictions_on(reading, image)}
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
    overlaps = tuple(overlap_of(one, made, image) for one in marks)
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
        image=described(image),
        picture=picture_of(image),
        uploaded_at=study.created_at,
        read_at=reading.ended_at,
        reading=str(reading.id),
        stopped=stopped,
        sentence=_stopped(spec, gate) if stopped else _headline(spec, counts, made),
        warning="" if stopped else agreement.warning(counts, main),
        details=_stopped_details(reading, gate) if stopped else _details(spec, counts, made, overlaps),
        axis=None if stopped else axis_of(main, chief, made),
        chart=None if stopped else chart_of(main, chief, made),
        overlaps=() if stopped else overlaps,
        columns=() if stopped else made,
        gate=gate,
        image_warnings=tuple(image.warnings or ()),
        stack=stack_of(study.images, image, findings),
    )


def slice_of(reading: Reading, spec: TaskSpec) -> Image:
    """The slice on which a result opens; the image, where a study has one."""
    images = reading.study.images
    return opening_slice(images, findings_of(reading, spec) if len(images) > 1 else ())


def _headline(spec: TaskSpec, counts: list[Count], made: tuple[columns.Column, ...]) -> str:
    """The sentence from the counts, then who failed; or why there is no answer."""
    parts = [agreement.sentence(counts, agreement.main_head(spec))]
    if not parts[0]:
        heads = agreement.questions(spec)
        voters = [column for column in made if column.kind != "region"]
        if any(column.state == "not_applicable" for column in voters):
            parts = [_("No model can judge %(heads)s on this image.", heads=heads)]
        elif not voters:
            parts = [_("Region only: no model was asked for %(heads)s.", heads=heads)]
        else:
            parts = [_("No model gives %(heads)s.", heads=heads)]
    failed = [column.short for column in made if column.state == "failed"]
    parts.extend(_("%(name)s failed.", name=name) for name in failed)
    return " ".join(part for part in parts if part)


def _details(
    spec: TaskSpec,
    counts: list[Count],
    made: tuple[columns.Column, ...],
    overlaps: tuple[Overlap, ...],
) -> tuple[str, ...]:
    """Whose answers are one, counts of the other heads, largest difference, overlap, risks of error; or why there is none."""
    main = agreement.main_head(spec)
    found = list(_one_opinion(spec, made))
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
    found.extend(detail(overlap) for overlap in overlaps)
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


def _one_opinion(spec: TaskSpec, made: tuple[columns.Column, ...]) -> Iterator[str]:
    """That models agree says little where they judge the same lesion map."""
    models = {model.key: model for model in spec.models}
    of_map = [
        column
        for column in made
        if column.answers and (column.kind == "lesion" or models[column.key].sees == "lesion_map")
    ]
    if len(of_map) > 1:
        names = agreement.joined([column.short for column in of_map])
        yield _("%(names)s judge one lesion map: that they agree is no second opinion", names=names)


def _gate(found: dict[str, Any] | None) -> Gate | None:
    if not found:
        return None
    scores = sorted((found.get("scores") or {}).items(), key=lambda item: -item[1])
    return Gate(
        kind=str(found.get("kind", "")),
        reason=str(found.get("reason") or ""),
        passed=found.get("state") != "stopped",
        # Stored with few decimals: a 1 or 0 there is a rounded number, not a certainty.
        scores=tuple((str(kind), score(min(max(float(value), 1e-4), 1 - 1e-4))) for kind, value in scores),
        sentence=str(found.get("sentence") or ""),
    )


def _stopped(spec: TaskSpec, gate: Gate | None) -> str:
    """What the gate saw instead of a guess."""
    if spec is FIND_TASK:
        return _("No task was found that reads this image. Not read.")
    if gate is None or not any(gate.kind in other.image_kinds for other in tasks()):
        return _("This does not look like an image for “%(task)s”. Not read.", task=_(spec.name))
    if gate.kind not in spec.image_kinds:
        return _(
            "This looks like another kind of image (%(kind)s) than “%(task)s” reads. Not read.",
            kind=_(gate.kind),
            task=_(spec.name),
        )
    if gate.reason in ("", "not judged"):
        return _(
            "This looks like a %(kind)s image, which none of the chosen models can judge. Not read.",
            kind=_(gate.kind),
        )
    return _("This image is not like those that the models learned from. Not read.")


def _stopped_details(reading: Reading, gate: Gate | None) -> tuple[str, ...]:
    sentence = (gate.sentence if gate else "") or reading.error or ""
    return (sentence,) if sentence else ()


def described(image: Image) -> str:
    """What is known of the image: “STIR, 256 × 256, PNG, 0.60 mm a pixel”."""
    parts = [image.sequence, f"{image.columns} × {image.rows}", image.format]
    if image.pixel_mm_row:
        parts.append(_("%(mm)s mm a pixel", mm=f"{image.pixel_mm_row:.2f}"))
    return ", ".join(part for part in parts if part)
