"""Masks of a data set that say nothing, or do not belong to their image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ml.data.auditing.looks import Look, look_at
from ml.data.example import DataError, Example
from ml.data.region_mask import LABELME, grid_of, outlined


def masks_of(examples: Sequence[Example], shapes: Mapping[str, tuple[int, int] | None]) -> dict[str, Any]:
    """`n_masks`, and the ids of those that are `blank` (one value only), `unreadable` or `of_another_size`.

    Args:
        shapes: (rows, columns) of each image by id, None where it cannot be read.
    """
    looks = {e.image_id: _look_at(e.region_path) for e in examples if e.region_path is not None}
    return {
        "n_masks": len(looks),
        "blank": [key for key, look in looks.items() if look.blank],
        "unreadable": [key for key, look in looks.items() if look.error is not None],
        "of_another_size": [
            key for key, look in looks.items() if look.shape and shapes[key] and look.shape != shapes[key]
        ],
    }


def _look_at(file: Path) -> Look:
    if file.suffix.lower() != LABELME:
        return look_at(file)
    try:
        shape = grid_of(file)
        mask = outlined(file, shape)
    except DataError as error:
        return Look(error=error.sentence)
    return Look(shape, blank=bool(mask.min() == mask.max()))
