"""The picture that the gate looks at: the same for every task, so that an image passes once whatever it is read for."""

from __future__ import annotations

import numpy as np

from ml.images.decode import DecodedImage
from ml.images.prepare import Preparation, prepare
from ml.images.window import displayed

SIZE = 160
"""Side of the gate's picture, in pixels."""

_PREPARATION = Preparation(size=SIZE, fit="pad")
_SOFT_TISSUE = (40.0, 400.0)
_FEWEST_GREYS = 8


def gate_view(image: DecodedImage) -> np.ndarray:
    """(SIZE, SIZE) float32 in [0, 1]: windowed by percentiles, aspect kept, zeros around it.

    A DICOM whose values are Hounsfield units first gets the soft-tissue window, as the training pictures of CT had it.
    """
    pixels = displayed(image, _SOFT_TISSUE) if _is_ct(image) else image.pixels
    return view_of(pixels)


def view_of(pixels: np.ndarray) -> np.ndarray:
    """The same of bare grey values, (H, W) of any real type."""
    return prepare(pixels, _PREPARATION).pixels


def is_blank(image: DecodedImage) -> bool:
    """Whether nearly all pixels have nearly the same grey value."""
    low, high = np.percentile(image.pixels, (0.5, 99.5))
    return bool(high - low < _FEWEST_GREYS)


def _is_ct(image: DecodedImage) -> bool:
    """Air is below -500 Hounsfield units, and no other modality's values are."""
    if image.rescale is None:
        return False
    slope, intercept = image.rescale
    return bool(slope * float(image.pixels.min()) + intercept <= -500)
