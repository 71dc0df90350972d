"""How well two masks agree."""

from __future__ import annotations

import numpy as np

from ml.images.overlap import dice

__all__ = ["dice", "hausdorff95_mm", "iou"]

_SHARE_OF_THE_OUTLINE = 95


def iou(true: np.ndarray, predicted: np.ndarray) -> float:
    """Intersection over union of two masks, (H, W) bool; two empty masks agree wholly (1.0)."""
    union = np.count_nonzero(true | predicted)
    return np.count_nonzero(true & predicted) / union if union else 1.0


def hausdorff95_mm(true: np.ndarray, predicted: np.ndarray, pixel_mm: float | None) -> float | None:
    """95 % Hausdorff distance of two masks' outlines, in mm.

    The larger of the two directed distances: the 95th percentile of how far the pixels of one outline lie from the
    nearest pixel of the other (Huttenlocher et al. 1993, doi 10.1109/34.232073; this form: Maier-Hein et al. 2024, doi
    10.1038/s41592-023-02151-z). An outline is the pixels of a mask with a neighbour outside it, above, below or beside them;
    what lies beyond the image is outside.

    Args:
        true, predicted: (H, W) bool, on the image's own grid.
        pixel_mm: side of a pixel.

    Returns:
        None where the pixel's size is not known, or a mask is empty: there is no outline to be far from.
    """
    if pixel_mm is None or not true.any() or not predicted.any():
        return None
    # half a second, which whoever wants labels only need not wait
    from scipy.ndimage import binary_erosion, distance_transform_edt

    outlines = [mask & ~binary_erosion(mask) for mask in (true, predicted)]
    distances = [distance_transform_edt(~outline, sampling=pixel_mm) for outline in outlines]
    return max(
        float(np.percentile(distances[1][outlines[0]], _SHARE_OF_THE_OUTLINE)),
        float(np.percentile(distances[0][outlines[1]], _SHARE_OF_THE_OUTLINE)),
    )
