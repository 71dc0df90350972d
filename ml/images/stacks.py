"""Slices to stacks: which slices are one series, and in which order they lie in the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.images.errors import MixedStack

_SAME_DIRECTION = 0.99  # cosine: scanners write the same plane with crumbs
_SAME_PLACE_MM = 0.01


@dataclass(frozen=True)
class Place:
    """Where a DICOM slice says that it belongs; only compared, never stored.

    examination, series, frame_of_reference: UIDs of the file, "" where it has none. series_number, number: of the series, and of
    the slice in it (of a multi-frame file: of the frame). position: of the first pixel, mm in the patient. directions: cosines of
    rows and columns. shape: rows and columns.
    """

    examination: str
    series: str
    frame_of_reference: str
    series_number: int | None
    number: int | None
    position: tuple[float, ...] | None
    directions: tuple[float, ...] | None
    shape: tuple[int, int]


@dataclass(frozen=True)
class Stack:
    """One series in its order. slices: indices of what was given. place_mm: where each lies along its normal; None: unknown."""

    slices: tuple[int, ...]
    place_mm: tuple[float | None, ...]


def stacks_of(places: Sequence[Place]) -> tuple[Stack, ...]:
    """The series of one examination, by their number, else as they came.

    Raises MixedStack where they are not of one examination, or one series is no stack.
    """
    if len({place.examination for place in places}) > 1:
        raise MixedStack(
            "The files are of more than one examination. Please upload each examination by itself."
        )
    of_series: dict[str, list[int]] = {}
    for index, place in enumerate(places):
        of_series.setdefault(place.series, []).append(index)
    groups = sorted(of_series.values(), key=lambda group: _number(places[group[0]]))
    return tuple(_stack(places, group) for group in groups)


def _number(place: Place) -> float:
    return np.inf if place.series_number is None else place.series_number


def _stack(places: Sequence[Place], group: list[int]) -> Stack:
    if len(group) == 1:
        return Stack((group[0],), (_along(places[group[0]], places[group[0]]),))
    first = places[group[0]]
    if any(places[index].shape != first.shape for index in group):
        raise MixedStack("The slices of a series differ in size. Please upload the slices of one size alone.")
    along = [_along(places[index], first) for index in group]
    known = [place for place in along if place is not None]
    if len(known) < len(group):
        return Stack(tuple(_by_number(places, group)), (None,) * len(group))
    order = np.argsort(known, kind="stable")
    if np.diff(np.asarray(known)[order]).min() < _SAME_PLACE_MM:
        raise MixedStack(
            "Several slices of a series lie at the same place: they may be echoes, times or copies. "
            "Please upload one slice a place."
        )
    return Stack(tuple(group[i] for i in order), tuple(known[i] for i in order))


def _along(place: Place, first: Place) -> float | None:
    """Where a slice lies along the normal of its series, in mm. Raises MixedStack where it looks another way."""
    if place.position is None or place.directions is None or first.directions is None:
        return None
    normal = _normal(first)
    if float(normal @ _normal(place)) < _SAME_DIRECTION or not _same_rows(place, first):
        raise MixedStack(
            "The slices of a series look in different directions, as those of a localiser do. "
            "Please leave that series out."
        )
    return float(np.asarray(place.position) @ normal)


def _normal(place: Place) -> np.ndarray:
    assert place.directions is not None
    normal = np.cross(place.directions[:3], place.directions[3:])
    length = float(np.linalg.norm(normal))
    if length == 0:
        raise MixedStack("A slice says that its rows and columns have one direction. Please export it again.")
    return np.asarray(normal / length)


def _same_rows(one: Place, other: Place) -> bool:
    assert one.directions is not None
    assert other.directions is not None
    return float(np.dot(one.directions[:3], other.directions[:3])) > _SAME_DIRECTION


def _by_number(places: Sequence[Place], group: list[int]) -> list[int]:
    numbers = [places[index].number for index in group]
    if None in numbers or len(set(numbers)) < len(numbers):
        raise MixedStack(
            "The slices of a series tell neither where they lie nor which number they have, so they cannot be put in order. "
            "Please export the series again."
        )
    return sorted(group, key=lambda index: places[index].number or 0)
