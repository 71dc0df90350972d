"""What the lesion network sees of each pixel: brightness relative to the bone at several scales, and where in the bone it lies.

A slice's grey values mean nothing by themselves (coil, window and scanner scale them); bright compared with the bone around is
what readers call oedema. Scales are in mm, so that pictures of any size look alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.images.prepare import Geometry
from ml.lesion import near_joints

SIDE = 336
"""Side of the square in pixels: the grid on which the readers outlined."""
FIELD_OF_VIEW_MM = 200.0
"""Longest side of a slice whose pixel spacing is not known: that of the protocol the network learned from."""
PLANES = 22

_REGION_FROM = 0.5
_SMOOTH_MM = (0.6, 1.2, 2.4, 4.8)
_AROUND_MM = (4.0, 8.0, 16.0)
_WIDE_MM = 12.0
_SPOT_PX = 13
_BRIGHT_MM = 3.0
_BRIGHT_FROM = 1.7
"""Bright is what, smoothed over 3 mm, is 1.7 times the bone's median: chosen on the out-of-fold scores of `sij_mri`."""


@dataclass(frozen=True)
class LesionView:
    """planes: (SIDE, SIDE, PLANES) float32; region: (SIDE, SIDE) bool; geometry: the way back to the image's grid.

    bright_share: of the region's pixels, how many are bright by brightness alone, whatever the network says of them, 0 to 1.
    """

    planes: np.ndarray
    region: np.ndarray
    geometry: Geometry
    bright_share: float


def lesion_view(
    pixels: np.ndarray, region: np.ndarray, pixel_mm: tuple[float, float] | None
) -> LesionView | None:
    """The planes of one slice.

    Args:
        pixels: (H, W), any real dtype.
        region: (H, W) float32 in [0, 1], the share that a region network gives each pixel.
        pixel_mm: spacing of rows and columns, where known.

    Returns:
        None where there is no region.
    """
    geometry = _geometry(pixels.shape[0], pixels.shape[1])
    share = geometry.to_square(region)
    inside = share >= _REGION_FROM
    if not inside.any():
        return None
    darkest = float(np.percentile(pixels, 0.5))
    grey = geometry.to_square(np.maximum(pixels.astype(np.float32) - darkest, 0.0))
    relative = grey / max(float(np.median(grey[inside])), 1e-6)
    longest_mm = (
        max(pixels.shape[0] * pixel_mm[0], pixels.shape[1] * pixel_mm[1]) if pixel_mm else FIELD_OF_VIEW_MM
    )
    mm = longest_mm / SIDE
    planes = [*_brightness(relative, inside, mm), *_place(share, inside, mm)]
    bright = _smooth(relative, _BRIGHT_MM / mm)[inside] > _BRIGHT_FROM
    return LesionView(
        np.stack(planes, axis=-1).astype(np.float32), inside, geometry, bright_share=float(bright.mean())
    )


def _geometry(rows: int, columns: int) -> Geometry:
    longest = max(rows, columns)
    height, width = (max(1, round(SIDE * length / longest)) for length in (rows, columns))
    return Geometry(rows, columns, SIDE, (SIDE - height) // 2, (SIDE - width) // 2, height, width)


def _brightness(relative: np.ndarray, inside: np.ndarray, mm: float) -> list[np.ndarray]:
    """Relative brightness, smoothed, and compared with the bone near and far; the bone's own spread is the last yardstick."""
    import cv2  # costs the web process 30 MB, which needs this package's names only

    def smooth(picture: np.ndarray, width_mm: float) -> np.ndarray:
        return _smooth(picture, width_mm / mm)

    def of_bone(picture: np.ndarray, width_mm: float) -> np.ndarray:
        bone = smooth(np.where(inside, picture, 0.0), width_mm)
        return np.asarray(bone / np.maximum(smooth(inside, width_mm), 0.05))

    levels = [smooth(relative, width) for width in _SMOOTH_MM]
    wide = of_bone(relative, _WIDE_MM)
    spread = np.sqrt(np.maximum(of_bone(relative * relative, _WIDE_MM) - wide**2, 1e-4))
    spot = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_SPOT_PX, _SPOT_PX))
    return [
        relative,
        *levels,
        *[levels[1] - of_bone(relative, width) for width in _AROUND_MM],
        levels[0] - levels[2],
        levels[1] - levels[3],
        wide,
        (levels[1] - wide) / spread,
        smooth(relative < 0.6, 2.4),
        np.asarray(cv2.morphologyEx(levels[0], cv2.MORPH_TOPHAT, spot)),
    ]


def _smooth(picture: np.ndarray, width_px: float) -> np.ndarray:
    import cv2

    return np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), width_px))


def _place(share: np.ndarray, inside: np.ndarray, mm: float) -> list[np.ndarray]:
    """How deep in the bone, how far from the middle, how far down; and how much bone is in view."""
    import cv2

    rows, columns = np.nonzero(inside)
    top, left = rows.min(), columns.min()
    height, width = rows.max() - top + 1, columns.max() - left + 1
    down, across = np.mgrid[: inside.shape[0], : inside.shape[1]].astype(np.float32)
    whole = [np.log(inside.sum() * mm * mm), width * mm / 100, height * mm / 100]
    return [
        np.asarray(cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)) * mm,
        share,
        np.abs(across - (left + (width - 1) / 2)) / width,
        (down - top) / height,
        near_joints(inside).astype(np.float32),
        *[np.full(inside.shape, value, np.float32) for value in whole],
    ]
