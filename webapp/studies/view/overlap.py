"""The agreement map of the result page in words and numbers: what each colour counts, how far every two models agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from ml.images.overlap import dice, votes
from webapp.studies.view.columns import Column
from webapp.studies.view.numbers import area, score
from webapp.studies.view.vote_colours import vote_colours
from webapp.words import gettext as _

if TYPE_CHECKING:
    from webapp.studies.marks import Marks
    from webapp.studies.tables import Image

LOW = 0.7  # a Dice coefficient from which two outlines are usually taken as the same structure


@dataclass(frozen=True)
class Step:
    """One colour of the map: how many models it stands for, and how much of the image they mark."""

    models: int
    colour: str
    area: str


@dataclass(frozen=True)
class Pair:
    """Dice coefficient of two models. `low`: below `LOW`."""

    text: str
    low: bool


@dataclass(frozen=True)
class Row:
    """A model with its Dice to each model before it."""

    code: str
    name: str
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class Overlap:
    """What the models of one kind mark together. `kind`: region or lesion; `steps` from one model to all of them.

    `codes` and `names` are the models' in the page's order, `rows` begin with the second one. `alone` says what only one
    model marks, and who marks nothing.
    """

    kind: str
    name: str
    title: str
    total: int
    steps: tuple[Step, ...]
    mean: str
    low: bool
    codes: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[Row, ...]
    alone: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The map in words."""
        shared = (
            _(
                "Marked by %(n)s of %(total)s models: %(area)s.",
                n=step.models,
                total=self.total,
                area=step.area,
            )
            for step in reversed(self.steps)
        )
        return (*shared, *self.alone)


def overlap_of(marks: Marks, columns: Sequence[Column], image: Image) -> Overlap:
    """The agreement of two or more masks on one image."""
    by_key = {column.key: column for column in columns}
    shown = [by_key[model] for model in marks.models]
    found = {
        (i, j): dice(marks.masks[i], marks.masks[j]) for i, j in combinations(range(len(marks.masks)), 2)
    }
    counted = votes(marks.masks)
    mean = fmean(found.values())
    return Overlap(
        kind=marks.kind,
        name={"region": _("Region overlap"), "lesion": _("Lesion overlap")}[marks.kind],
        title={"region": _("All regions"), "lesion": _("All lesions")}[marks.kind],
        total=len(shown),
        steps=tuple(
            Step(number, colour, _size(counted == number, image))
            for number, colour in enumerate(vote_colours(len(shown)), 1)
        ),
        mean=score(mean),
        low=mean < LOW,
        codes=tuple(column.code for column in shown),
        names=tuple(column.short for column in shown),
        rows=tuple(_row(i, column, found) for i, column in enumerate(shown) if i),
        alone=_alone(marks, shown, counted, image),
    )


def detail(overlap: Overlap) -> str:
    """The overlap in the headline: “Region overlap: mean Dice 0.72”."""
    if overlap.total == 2:
        return _("%(overlap)s: Dice %(dice)s", overlap=overlap.name, dice=overlap.mean)
    return _("%(overlap)s: mean Dice %(dice)s", overlap=overlap.name, dice=overlap.mean)


def _row(place: int, column: Column, found: Mapping[tuple[int, int], float]) -> Row:
    values = [found[before, place] for before in range(place)]
    return Row(column.code, column.short, tuple(Pair(score(value), value < LOW) for value in values))


def _alone(marks: Marks, shown: Sequence[Column], counted: np.ndarray, image: Image) -> tuple[str, ...]:
    said = []
    for column, mask in zip(shown, marks.masks, strict=True):
        own = mask & (counted == 1)
        if not mask.any():
            said.append(_("%(name)s marks nothing.", name=column.short))
        elif own.any():
            said.append(_("%(name)s alone marks %(area)s.", name=column.short, area=_size(own, image)))
    return tuple(said)


def _size(mask: np.ndarray, image: Image) -> str:
    pixels = int(np.count_nonzero(mask))
    if not pixels:
        return _("nothing")
    if not image.pixel_mm_row or not image.pixel_mm_column:
        return area(None, pixels)
    return area(pixels * image.pixel_mm_row * image.pixel_mm_column, pixels)
