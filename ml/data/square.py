"""From an image as it came to the 8-bit square of the published `Dataset/` layout, and the same for its mask."""

from __future__ import annotations

import numpy as np

from ml.images.prepare import Preparation, geometry_of, prepare, prepare_mask


def windowed_square(pixels: np.ndarray, preparation: Preparation) -> np.ndarray:
    """As a network of the task is shown it: (H, W) of any real dtype -> (S, S) uint8, windowed by its own percentiles."""
    return _rounded(prepare(pixels, preparation).pixels * 255)


def plain_square(pixels: np.ndarray, preparation: Preparation) -> np.ndarray:
    """The same, but 8-bit grey values stay what they are: whoever made them has windowed them already."""
    if pixels.dtype != np.uint8:
        return windowed_square(pixels, preparation)
    return _rounded(geometry_of(pixels.shape[0], pixels.shape[1], preparation).to_square(pixels))


def mask_square(mask: np.ndarray, preparation: Preparation) -> np.ndarray:
    """A mask by the same geometry: (H, W) bool -> (S, S) bool; a pixel belongs to it that is covered by half."""
    return np.asarray(prepare_mask(mask, preparation) >= 0.5)


def _rounded(square: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(square), np.uint8)
