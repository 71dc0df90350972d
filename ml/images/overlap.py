"""How masks of one image lie over each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def votes(masks: Sequence[np.ndarray]) -> np.ndarray:
    """How many of the masks mark each pixel.

    Args:
        masks: one or more, each (H, W) bool on the same grid.

    Returns:
        (H, W) uint8, from 0 to the number of masks.

    Raises:
        ValueError: where there is no mask, or one lies on another grid.
    """
    if not masks:
        raise ValueError("There is no mask to count.")
    shapes = {mask.shape for mask in masks}
    if len(shapes) > 1:
        raise ValueError(f"Masks of one image lie on one grid. Received: shapes={sorted(shapes)}")
    counts: np.ndarray = np.stack(masks).astype(bool).sum(axis=0, dtype=np.uint8)
    return counts


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Dice coefficient of two masks, (H, W) bool: twice what both mark, divided by the sum of what each marks.

    From 0.0, no pixel in common, to 1.0, the same pixels. Two empty masks agree wholly (1.0); an empty one and another do not
    (0.0). Dice 1945, doi 10.2307/1932409.
    """
    total = np.count_nonzero(one) + np.count_nonzero(other)
    return 2 * np.count_nonzero(one & other) / total if total else 1.0
