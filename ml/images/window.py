"""Brightness and contrast: from the file's grey values to [0, 1]."""

import numpy as np


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
