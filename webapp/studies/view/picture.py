"""What the viewer has to know of an image before it has its grey values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.studies.pixels import are_sent
from webapp.studies.view.sides import ends_of, sides_of

if TYPE_CHECKING:
    from webapp.studies.tables import Image


@dataclass(frozen=True)
class Picture:
    """The grid of an image: `rows` and `columns` of pixels, `mm_row` and `mm_column` their spacing in mm or None.

    `sides` are the letters at its left and right edge, `ends` at the upper and lower one; None where unknown.
    `has_values`: the stored grey values are sent, not only the preview.
    """

    rows: int
    columns: int
    mm_row: float | None
    mm_column: float | None
    sides: tuple[str, str] | None
    ends: tuple[str, str] | None
    has_values: bool


def picture_of(image: Image) -> Picture:
    """The grid of a stored image."""
    return Picture(
        rows=image.rows,
        columns=image.columns,
        mm_row=image.pixel_mm_row or None,
        mm_column=image.pixel_mm_column or None,
        sides=sides_of(image.orientation),
        ends=ends_of(image.orientation),
        has_values=are_sent(image),
    )
