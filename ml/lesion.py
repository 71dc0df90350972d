"""A lesion as it is told to readers: where, how large, and how much of it lies near the sacroiliac joints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LESION_FROM = 0.9
"""From which share on a pixel is taken for lesion. The network learned from as many lesion pixels as others, so that it says more
than half far too easily."""
_SURE = 32
"""A share counts by this power: only what the network is nearly sure of adds up to a burden."""

_WIDE = 0.45
_MIDDLE = 0.22


@dataclass(frozen=True)
class Lesion:
    """What a lesion model found on one slice.

    Args:
        mask: (H, W) bool on the image's grid.
        pixels: of the mask.
        share_of_region: of the region's pixels, 0 to 1.
        area_mm2: None without a known spacing.
        near_joint_share: share of the lesion's pixels near the sacroiliac joints, by a rough rule (`near_joints`); None without
            a lesion.
        burden: the mean of the shares to the power of 32 in the region, 0 to 1: whether there is a lesion follows from it.
        bright_share: of the region's pixels, those bright by brightness alone (`ml.images.lesion_planes`), 0 to 1: with the
            burden it tells how far a lesion reaches, where oedema fills so much of the bone that little stands out from it.
    """

    mask: np.ndarray
    pixels: int
    share_of_region: float
    area_mm2: float | None
    near_joint_share: float | None
    burden: float
    bright_share: float


def lesion_of(
    shares: np.ndarray,
    region: np.ndarray,
    threshold: float,
    spacing: tuple[float, float] | None,
    bright_share: float,
) -> Lesion:
    """Measures a lesion.

    Args:
        shares: (H, W) float32 in [0, 1], how sure each pixel is to be lesion.
        region: (H, W) bool; lesions are counted in it only.
        threshold: from which share on a pixel belongs to the lesion.
        spacing: of rows and columns in mm, where known.
        bright_share: of the `LesionView`, 0 to 1.
    """
    inside = np.where(region, shares, 0.0)
    mask = inside >= threshold
    pixels, bone = int(mask.sum()), int(region.sum())
    return Lesion(
        mask=mask,
        pixels=pixels,
        share_of_region=pixels / bone if bone else 0.0,
        area_mm2=pixels * spacing[0] * spacing[1] if spacing else None,
        near_joint_share=float((mask & near_joints(region)).sum() / pixels) if pixels else None,
        burden=float((inside**_SURE).sum() / bone) if bone else 0.0,
        bright_share=bright_share,
    )


def near_joints(region: np.ndarray) -> np.ndarray:
    """The region without its separate narrow parts in the middle: lumbar vertebrae and their joints.

    A rough rule made for the `sij_mri` data set and named so wherever it is shown; no reader drew it.

    Args:
        region: (H, W) bool.

    Returns:
        (H, W) bool: sacrum and iliac bones.
    """
    import cv2

    count, part, facts, centres = cv2.connectedComponentsWithStats(region.astype(np.uint8))
    columns = np.flatnonzero(region.any(axis=0))
    if not len(columns):
        return region
    width = columns[-1] + 1 - columns[0]
    middle = (columns[0] + columns[-1]) / 2
    central = [
        number
        for number in range(1, count)
        if facts[number, cv2.CC_STAT_WIDTH] < _WIDE * width
        and abs(centres[number, 0] - middle) < _MIDDLE * width
    ]
    return np.asarray(region & ~np.isin(part, central))
