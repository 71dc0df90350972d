"""A heatmap kept only where it is asked for: inside the region, or inside the published fixed box."""

from __future__ import annotations

from typing import Literal

import numpy as np

Focus = Literal["region", "box"]


def focused(
    heatmap: np.ndarray, region: np.ndarray | None, box: tuple[float, float, float, float]
) -> tuple[np.ndarray, Focus]:
    """The heatmap inside the region, renormalised to a maximum of 1.

    Args:
        heatmap: (H, W) float32 in [0, 1].
        region: (H, W) bool, or None where no region network could be run.
        box: first and last row, first and last column as shares of the sides; used where no region was found.

    Returns:
        (H, W) float32 in [0, 1], and what it was focused on.
    """
    focus: Focus = "region"
    if region is None or not region.any():
        focus, region = "box", _box_mask(heatmap.shape, box)
    return normalised(heatmap * region), focus


def normalised(heatmap: np.ndarray) -> np.ndarray:
    """(H, W) float32 with a maximum of 1; a map without anything stays zero."""
    highest = float(heatmap.max())
    return (heatmap / highest if highest > 0 else heatmap).astype(np.float32)


def _box_mask(shape: tuple[int, ...], box: tuple[float, float, float, float]) -> np.ndarray:
    rows, columns = shape
    top, bottom, left, right = box
    mask = np.zeros(shape, bool)
    mask[round(top * rows) : round(bottom * rows), round(left * columns) : round(right * columns)] = True
    return mask
