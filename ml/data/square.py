"""From an image as it came to the 8-bit square of the published `Dataset/` layout, and the same for its mask."""

from __future__ import annotations

import numpy as np

from ml.images.decode import DecodedImage
from ml.images.prepare import Preparation, geometry_of, prepare, prepare_image, prepare_mask


def side_of(preparation: Preparation) -> int:
    """Side of a prepared image, in pixels: what the task's images are sampled to, where they are, else what networks see."""
    return preparation.sampled or preparation.size


def prepared_square(image: DecodedImage, preparation: Preparation) -> np.ndarray:
    """As the networks of the task are shown it: an image -> (S, S) uint8 after all steps that it has not had yet."""
    return _rounded(prepare_image(image, preparation, side_of(preparation)).pixels * 255)


def plain_square(pixels: np.ndarray, preparation: Preparation) -> np.ndarray:
    """The same, but 8-bit grey values stay what they are: whoever made them has windowed them already."""
    if pixels.dtype != np.uint8:
        return _rounded(prepare(pixels, preparation).pixels * 255)
    return _rounded(geometry_of(pixels.shape[0], pixels.shape[1], preparation).to_square(pixels))


def mask_square(mask: np.ndarray, preparation: Preparation) -> np.ndarray:
    """A mask by the same geometry: (H, W) bool -> (S, S) bool; a pixel belongs to it that is covered by half."""
    return np.asarray(prepare_mask(mask, preparation, side_of(preparation)) >= 0.5)


def _rounded(square: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(square), np.uint8)
