"""What the page says of a stack: which slice is shown, on which slices the models find something, and how much of it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from ml.tasks import ModelSpec, TaskSpec
from webapp.readings.stack import runs_of
from webapp.studies.view.columns import short_name
from webapp.studies.view.numbers import lesion_area, volume
from webapp.studies.view.sides import sides_of
from webapp.words import gettext as _

if TYPE_CHECKING:
    from webapp.readings.tables import Prediction, Reading
    from webapp.studies.tables import Image


@dataclass(frozen=True)
class Series:
    """One series. `first`, `last`: numbers of its slices in the study; `linked`: that of its slice nearest to the one shown."""

    name: str
    first: int
    last: int
    linked: int | None
    shown: bool
    sides: tuple[str, str] | None

    @property
    def of(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True)
class Run:
    """Neighbouring slices with findings. `text`: their numbers in the series; `first`: that of the first one in the study."""

    text: str
    first: int


@dataclass(frozen=True)
class Findings:
    """Where one model finds something in one series (`number` counts from 1): consecutive slices first.

    `consecutive`: the numbers of these slices in the study, run by run. `outlines`: the model outlines lesions, so that there
    are `area` and `volume`; area_mm2 and volume_mm3 are None where the files do not tell the spacing, and for other models.
    """

    model: str
    name: str
    number: int
    series: str
    runs: tuple[Run, ...]
    found: int
    judged: int
    outlines: bool
    area: str
    volume: str
    consecutive: tuple[tuple[int, ...], ...]
    area_mm2: float | None
    volume_mm3: float | None


@dataclass(frozen=True)
class Stack:
    """The slices of a study. `slice` counts through the study, `number` through the series shown; both from 1."""

    slice: int
    number: int
    of: int
    name: str
    series: tuple[Series, ...]
    findings: tuple[Findings, ...]

    @property
    def shown(self) -> Series:
        return next(one for one in self.series if one.shown)

    @property
    def beside(self) -> Series | None:
        """The series that is shown beside: the first that has a slice at the same place, else the first other one."""
        others = [one for one in self.series if not one.shown]
        return next((one for one in others if one.linked), others[0] if others else None)


def stack_of(images: Sequence[Image], image: Image, findings: Sequence[Findings] = ()) -> Stack | None:
    """The stack that a slice belongs to; None where a study is one slice. Tells nothing of the models but what it is given."""
    if len(images) == 1:
        return None
    in_series = [one for one in images if one.series == image.series]
    names = series_names(images)
    return Stack(
        slice=image.position + 1,
        number=in_series.index(image) + 1,
        of=len(in_series),
        name=names[image.series],
        series=tuple(_series(images, number, name, image) for number, name in names.items()),
        findings=tuple(findings),
    )


def opening_slice(images: Sequence[Image], findings: Sequence[Findings]) -> Image:
    """Where a result opens: on the slice on which most models find something, of those the earliest; else in the middle."""
    counts = Counter(number for found in findings for run in found.consecutive for number in run)
    if not counts:
        return images[len(images) // 2]
    most = max(counts.values())
    return images[min(number for number, count in counts.items() if count == most) - 1]


def series_names(images: Sequence[Image]) -> dict[int, str]:
    """Number of a series to what pages call it: its sequence where that tells it from the others."""
    sequences = {one.series: one.sequence for one in images}
    values = list(sequences.values())
    return {
        number: sequence if sequence and values.count(sequence) == 1 else _("Series %(n)s", n=number + 1)
        for number, sequence in sorted(sequences.items())
    }


def findings_of(
    reading: Reading, spec: TaskSpec, images: Sequence[Image] | None = None
) -> tuple[Findings, ...]:
    """Where each model that judges finds something, by model and series; empty before the reading is done."""
    images = reading.study.images if images is None else images
    if reading.state != "done":
        return ()
    names = series_names(images)
    found = []
    for model in spec.models:
        if model.key not in reading.models or model.kind == "region":
            continue
        for number, name in names.items():
            slices = [one for one in images if one.series == number]
            said = {p.image_id: p for p in reading.predictions if p.model == model.key and p.state == "done"}
            judged = [one for one in slices if one.id in said]
            if judged:
                found.append(_findings(model, spec, name, slices, said))
    return tuple(found)


def spacing_mm(images: Sequence[Image]) -> float | None:
    """Distance between neighbouring slices of a series, the median; None where a place is not known."""
    places = [one.place_mm for one in images]
    if len(places) < 2 or any(place is None for place in places):
        return None
    return median(abs(b - a) for a, b in itertools.pairwise(p for p in places if p is not None))


def _series(images: Sequence[Image], number: int, name: str, shown: Image) -> Series:
    slices = [one for one in images if one.series == number]
    return Series(
        name,
        slices[0].position + 1,
        slices[-1].position + 1,
        None if number == shown.series else _linked(slices, shown),
        number == shown.series,
        sides_of(slices[0].orientation),
    )


def _linked(slices: Sequence[Image], shown: Image) -> int | None:
    """The slice of another series that lies where the shown one does; None where none does, or nobody knows."""
    gap = spacing_mm(slices)
    if gap is None or shown.place_mm is None or slices[0].orientation != shown.orientation:
        return None
    place = shown.place_mm
    nearest = min(slices, key=lambda one: abs((one.place_mm or 0.0) - place))
    return nearest.position + 1 if abs((nearest.place_mm or 0.0) - place) <= gap else None


def _findings(
    model: ModelSpec, spec: TaskSpec, series: str, slices: Sequence[Image], said: dict[int, Prediction]
) -> Findings:
    found = [one for one in slices if one.id in said and _finds(said[one.id], spec)]
    runs = runs_of([one.position for one in found], {one.position: one.series for one in slices})
    first = slices[0].position
    area_mm2, volume_mm3 = _extent(model, slices, said)
    return Findings(
        model=model.key,
        name=short_name(model.name),
        number=slices[0].series + 1,
        series=series,
        runs=tuple(Run(_run([place - first + 1 for place in run]), run[0] + 1) for run in runs),
        found=len(found),
        judged=sum(one.id in said for one in slices),
        outlines=model.kind == "lesion",
        area=_("unknown") if area_mm2 is None else lesion_area(area_mm2),
        volume=_("unknown") if volume_mm3 is None else volume(volume_mm3),
        consecutive=tuple(tuple(position + 1 for position in run) for run in runs),
        area_mm2=area_mm2,
        volume_mm3=volume_mm3,
    )


def _finds(prediction: Prediction, spec: TaskSpec) -> bool:
    return any(head.is_finding(prediction.labels.get(head.key)) for head in spec.heads)


def _run(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return str(numbers[0])
    return _("%(first)s to %(last)s", first=numbers[0], last=numbers[-1])


def _extent(
    model: ModelSpec, slices: Sequence[Image], said: dict[int, Prediction]
) -> tuple[float | None, float | None]:
    """Total area in mm² and volume in mm³ of what a lesion model outlines, as far as they are known."""
    lesions: list[dict[str, Any]] = [p.lesion for one in slices if (p := said.get(one.id)) and p.lesion]
    if model.kind != "lesion" or any(lesion["area_mm2"] is None for lesion in lesions):
        return None, None
    area = sum(lesion["area_mm2"] for lesion in lesions)
    gap = spacing_mm(slices)
    return area, None if gap is None else area * gap
