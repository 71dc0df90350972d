"""Stored DICOM values to grey pixels, bright = high: modality and VOI steps (PS3.3 C.11.1, C.11.2)."""

from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from ml.images.dicom.header import number, word
from ml.images.dicom.lut import lut_of
from ml.images.errors import UnsupportedPixels


@dataclass(frozen=True)
class Grey:
    """pixels: (H, W) uint8 or uint16, bright = high.

    window: (lowest, highest) value that the DICOM proposes to display, in the units of `pixels`. rescale:
    (slope, intercept) from `pixels` to the modality's unit (Hounsfield for CT). Both are None where a VOI
    table or a sigmoid was applied.
    """

    pixels: np.ndarray
    window: tuple[float, float] | None = None
    rescale: tuple[float, float] | None = None


def grey_of(header: Dataset, stored: np.ndarray) -> Grey:
    """Grey pixels of full depth from stored values.

    What changes the shape of the grey scale is applied: modality LUT, VOI LUT sequence, sigmoid VOI function,
    MONOCHROME1. What only shifts, scales or cuts it is not, because the networks window each slice by its own
    percentiles and a narrow linear window would crush what lies outside: a linear rescale is reported as
    `rescale`, a linear window as `window`, and the pixels stay the stored integers, shifted so that none is
    negative. The first VOI LUT is used where there are several, and it goes before a window, as in pydicom.

    stored: (H, W) integers. Raises UnsupportedPixels where more than 16 bits are in use.
    """
    values, bits = stored, int(header.BitsStored)
    slope, intercept = _rescale(header)
    if modality := lut_of(header, "ModalityLUTSequence"):
        values, bits, slope, intercept = modality.apply(values), modality.bits, 1.0, 0.0
    window = _window(header)
    voi = lut_of(header, "VOILUTSequence")
    shaped = voi is not None or (window is not None and word(header, "VOILUTFunction") == "SIGMOID")
    if voi is not None:
        values, bits = voi.apply(np.rint(values * slope + intercept)), voi.bits
    elif shaped and window is not None:
        values, bits = _sigmoid(values * slope + intercept, *window), 16
    if shaped:
        slope, intercept, window = 1.0, 0.0, None

    inverted = (header.PhotometricInterpretation == "MONOCHROME1") != (slope < 0)
    pixels, sign, offset = _upright(values, bits, inverted)
    pixels = _with_dark_padding(header, stored, pixels)
    rescale = (slope * sign, slope * offset + intercept)
    return Grey(pixels, _window_in(rescale, window), None if shaped else rescale)


def _upright(values: np.ndarray, bits: int, inverted: bool) -> tuple[np.ndarray, int, int]:
    """(pixels, sign, offset) with values = sign * pixels + offset, no pixel negative, bright = high."""
    values = values.astype(np.int64)
    lowest, highest = int(values.min()), int(values.max())
    if inverted:
        # the highest value that the file could hold becomes 0: equal values stay equal from slice to slice
        sign, offset = -1, max(highest, min(0, lowest) + 2 ** min(bits, 16) - 1)
    else:
        sign, offset = 1, min(0, lowest)
    pixels = (values - offset) * sign
    most = int(pixels.max())
    if most >= 2**16:
        raise UnsupportedPixels("DICOM", "more than 16 bits")
    return pixels.astype(np.uint8 if bits <= 8 and most < 2**8 else np.uint16), sign, offset


def _with_dark_padding(header: Dataset, stored: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Padding (PS3.3 C.7.5.1.1.2) is no tissue: it takes the darkest value of the picture."""
    padding = number(header, "PixelPaddingValue")
    if padding is None:
        return pixels
    padded = stored == padding
    if not padded.any() or padded.all():
        return pixels
    return np.where(padded, pixels[~padded].min(), pixels)


def _sigmoid(values: np.ndarray, centre: float, width: float) -> np.ndarray:
    exponent = np.clip(-4 * (values - centre) / width, -60, 60)
    return np.rint(65535 / (1 + np.exp(exponent)))


def _rescale(header: Dataset) -> tuple[float, float]:
    slope, intercept = number(header, "RescaleSlope"), number(header, "RescaleIntercept")
    return (slope, intercept or 0.0) if slope else (1.0, intercept or 0.0)


def _window(header: Dataset) -> tuple[float, float] | None:
    centre, width = number(header, "WindowCenter"), number(header, "WindowWidth")
    return None if centre is None or width is None or width <= 0 else (centre, width)


def _window_in(
    rescale: tuple[float, float], window: tuple[float, float] | None
) -> tuple[float, float] | None:
    """The window (centre, width in the modality's unit) as (lowest, highest) in the units of the pixels."""
    if window is None:
        return None
    slope, intercept = rescale
    centre, width = (window[0] - intercept) / slope, abs(window[1] / slope)
    return centre - width / 2, centre + width / 2
