"""What the page of several studies of one patient shows: each study's answers, and what changed but the patient.

Pure, as the result page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ml.tasks import TaskSpec
from webapp.studies.files import middle_of
from webapp.studies.view.agreement import WIDE, main_head
from webapp.studies.view.columns import Column
from webapp.studies.view.picture import Picture, picture_of
from webapp.studies.view.result import Result, described
from webapp.studies.view.side_by_side import Axis
from webapp.studies.view.side_by_side.axis import Mark, Place, part_of
from webapp.words import gettext as _

if TYPE_CHECKING:
    from webapp.readings.tables import Reading


@dataclass(frozen=True)
class Visit:
    """One study. `result` is None while it is sealed or not read; `shown` is the model whose marks lie on its image.

    `slice`: which one of a stack is shown, counted from 1 through the study; None where the study is one image.
    """

    number: int
    reading: Reading
    spec: TaskSpec
    sealed: bool
    result: Result | None
    image: str
    picture: Picture
    slice: int | None
    shown: Column | None = None

    @property
    def majority(self) -> str | None:
        """What more than half of the models say on the main head; None where they do not, or nothing may be shown."""
        if self.result is None:
            return None
        rows = (
            self.result.axis.places
            if self.result.axis
            else self.result.chart.rows
            if self.result.chart
            else ()
        )
        return next((row.name if isinstance(row, Place) else row.label for row in rows if row.majority), None)


@dataclass(frozen=True)
class FollowUp:
    """Studies of one patient code, the oldest first.

    `changes` names models whose version is not the same in all: “Hybrid v1 1.1.0 to 1.3.0”. `axis` sets the studies'
    majorities side by side where their labels have an order. `models` are those whose marks can be chosen: (key, name).
    """

    title: str
    visits: tuple[Visit, ...]
    sentence: str
    axis: Axis | None
    changes: tuple[str, ...]
    several_tasks: bool
    models: tuple[tuple[str, str], ...]
    chosen: str

    @property
    def has_heatmaps(self) -> bool:
        return any(column.heatmaps for column in self._shown)

    @property
    def has_focused_heatmaps(self) -> bool:
        return any(heatmap.key == "focused" for column in self._shown for heatmap in column.heatmaps)

    @property
    def has_lesions(self) -> bool:
        return any(column.lesion and column.lesion.file for column in self._shown)

    @property
    def has_regions(self) -> bool:
        return any(column.region for column in self._shown)

    @property
    def overlaps(self) -> tuple[()]:
        """Agreement maps are of one study; here each study shows what one model marks."""
        return ()

    @property
    def _shown(self) -> tuple[Column, ...]:
        return tuple(visit.shown for visit in self.visits if visit.shown)


def visit_of(number: int, reading: Reading, spec: TaskSpec, result: Result | None, *, sealed: bool) -> Visit:
    """One study of the page; `result` only where its answers may be shown."""
    images = reading.study.images
    stack = result.stack if result else None
    image = images[stack.slice - 1] if stack else middle_of(reading.study)
    if len(images) == 1:
        return Visit(number, reading, spec, sealed, result, described(image), picture_of(image), None)
    place = _("slice %(k)s of %(n)s", k=image.position + 1, n=len(images))
    words = f"{described(image)}, {place}"
    return Visit(number, reading, spec, sealed, result, words, picture_of(image), image.position + 1)


def follow_up_of(visits: Sequence[Visit], model: str = "") -> FollowUp:
    """The page of two studies or more, in the order of time.

    Args:
        model: key of the model whose marks are shown; without it, or where it read none, the lesion or region model's.
    """
    answered = [visit for visit in visits if visit.result]
    columns = {column.key: column for visit in answered for column in _columns(visit)}
    chosen = model if model in columns else _first(list(columns.values()))
    several = len({visit.spec.key for visit in visits}) > 1
    shown = tuple(
        replace(visit, shown=next((c for c in _columns(visit) if c.key == chosen), None)) for visit in visits
    )
    return FollowUp(
        title=visits[0].reading.study.patient_code or "",
        visits=shown,
        sentence=_sentence(answered, several),
        axis=None if several else _axis(answered),
        changes=tuple(_changes(answered)),
        several_tasks=several,
        models=tuple((column.key, column.name) for column in columns.values()),
        chosen=chosen,
    )


def _columns(visit: Visit) -> tuple[Column, ...]:
    return visit.result.columns if visit.result else ()


def _first(columns: Sequence[Column]) -> str:
    """The model whose marks say most about one study beside another: a lesion model's, else a region model's."""
    for kind in ("lesion", "region"):
        found = next((column.key for column in columns if column.kind == kind), None)
        if found:
            return found
    return columns[0].key if columns else ""


def _sentence(answered: Sequence[Visit], several: bool) -> str:
    if several or len(answered) < 2:
        return ""
    said = [visit.majority or _("no majority") for visit in answered]
    head = _(main_head(answered[0].spec).name)
    return _("%(head)s by the majority of the models: %(labels)s.", head=head, labels=", ".join(said))


def _axis(answered: Sequence[Visit]) -> Axis | None:
    """Each study at the label of its majority."""
    axes = [visit.result.axis for visit in answered if visit.result and visit.result.axis]
    if not axes:
        return None
    names = [place.name for place in axes[0].places]
    places = [names.index(visit.majority) for visit in answered if visit.majority in names]
    low, high = min(places, default=0), max(places, default=0)
    return Axis(
        name=axes[0].name,
        places=tuple(
            Place(
                name=name,
                marks=tuple(
                    Mark(str(visit.number), _("Study %(n)s: %(label)s", n=visit.number, label=name), False)
                    for visit in answered
                    if visit.majority == name
                ),
                majority=False,
                part=part_of(place, low, high),
            )
            for place, name in enumerate(names)
        ),
        wide=high - low >= WIDE,
    )


def _changes(answered: Sequence[Visit]) -> list[str]:
    """Models of which another version read another study: a change may come from the model, not from the patient."""
    versions: dict[tuple[str, str], list[str]] = {}
    names: dict[tuple[str, str], str] = {}
    for visit in answered:
        for column in _columns(visit):
            key = (visit.spec.key, column.key)
            names[key] = column.short
            seen = versions.setdefault(key, [])
            if column.version and (not seen or seen[-1] != column.version):
                seen.append(column.version)
    return [
        _("%(name)s %(versions)s", name=names[key], versions=_(" to ").join(seen))
        for key, seen in versions.items()
        if len(seen) > 1
    ]
