"""Brightness and contrast: from the file's grey values to those that a network or a reader sees."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ml.images.decode import DecodedImage


def percentile_window(pixels: np.ndarray, low: float = 0.5, high: float = 99.5) -> np.ndarray:
    """Map the slice's grey values between two of its own percentiles linearly to [0, 1].

    pixels: (H, W), any real dtype. low, high: percentiles, 0 to 100. Returns (H, W) float32 in [0, 1].
    Where the two percentiles coincide (a picture that is nearly all background) darkest and brightest value
    are used instead; a picture of one single value becomes zeros.
    """
    bottom, top = (float(value) for value in np.percentile(pixels, (low, high)))
    if top <= bottom:
        bottom, top = float(pixels.min()), float(pixels.max())
    if top <= bottom:
        return np.zeros(pixels.shape, np.float32)
    window = pixels.astype(np.float32)
    window -= np.float32(bottom)
    window /= np.float32(top - bottom)
    return np.clip(window, 0.0, 1.0, out=window)


def displayed(image: "DecodedImage", hounsfield: tuple[float, float] | None = None) -> np.ndarray:
    """The image as a viewer shows it, (H, W) uint8.

    A CT that says how its values become Hounsfield units gets the window `hounsfield` (level, width); otherwise the window that
    the file itself proposes counts; an image of 8 bits without one is left as it is; all else runs from its darkest to its
    brightest value.
    """
    if hounsfield is not None and image.rescale is not None:
        (level, width), (slope, intercept) = hounsfield, image.rescale
        bounds = ((level - width / 2 - intercept) / slope, (level + width / 2 - intercept) / slope)
    elif image.window is not None:
        bounds = image.window
    elif image.pixels.dtype == np.uint8:
        return image.pixels
    else:
        bounds = (float(image.pixels.min()), float(image.pixels.max()))
    bottom, top = bounds
    shares = (image.pixels.astype(np.float32) - bottom) / max(top - bottom, 1e-6)
    return np.asarray(np.rint(np.clip(shares, 0.0, 1.0) * 255), np.uint8)
