"""Changes of a picture that take a shortcut away and leave the anatomy: what a model loses by them, it owed to the shortcut."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Probe = Callable[[np.ndarray], np.ndarray]

_BORDER = 0.08
_CORNER = 0.22
_BLUR_PX = 1.5


def border_masked(picture: np.ndarray) -> np.ndarray:
    """The outer 8 % on each side become the picture's median: frames, the table, letters at the edge."""
    margin = max(1, round(_BORDER * len(picture)))
    masked = np.full_like(picture, np.median(picture))
    masked[margin:-margin, margin:-margin] = picture[margin:-margin, margin:-margin]
    return masked


def corners_masked(picture: np.ndarray) -> np.ndarray:
    """Squares of 22 % of the side in all four corners become the picture's median: burnt-in letters and dates."""
    side = max(1, round(_CORNER * len(picture)))
    masked = picture.copy()
    for rows in (slice(None, side), slice(-side, None)):
        for columns in (slice(None, side), slice(-side, None)):
            masked[rows, columns] = np.median(picture)
    return masked


def cropped(picture: np.ndarray) -> np.ndarray:
    """The outer 8 % on each side are cut off and the rest fills the square: borders and field of view."""
    import cv2

    margin = max(1, round(_BORDER * len(picture)))
    inner = np.ascontiguousarray(picture[margin:-margin, margin:-margin])
    return np.asarray(cv2.resize(inner, picture.shape[::-1], interpolation=cv2.INTER_LINEAR))


def blurred(picture: np.ndarray) -> np.ndarray:
    """A Gaussian of 1.5 px: aliasing, grain and traces of JPEG, which differ from source to source."""
    import cv2

    return np.asarray(cv2.GaussianBlur(picture, (0, 0), _BLUR_PX))


def equalised(picture: np.ndarray) -> np.ndarray:
    """Every grey value equally frequent: brightness and contrast of the whole, and with them much of a contrast phase."""
    import cv2

    grey = np.rint(np.clip(picture, 0.0, 1.0) * 255).astype(np.uint8)
    return np.asarray(cv2.equalizeHist(grey), np.float32) / 255


PROBES: dict[str, Probe] = {
    "border_masked": border_masked,
    "corners_masked": corners_masked,
    "cropped": cropped,
    "blurred": blurred,
    "equalised": equalised,
}
"""Each takes and gives (S, S) float32 in [0, 1]."""
