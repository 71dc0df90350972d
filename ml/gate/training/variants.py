"""What can have happened to a picture on its way to an upload, so that none of it tells the gate a kind.

The data sets have each their own marks: kidney CT is equalised, radiographs are squashed to squares. An upload may have been
treated in any way, so every kind is learned with and without.
"""

from __future__ import annotations

import cv2
import numpy as np

from ml.gate.looks import INVERTED, TURNED, UPSIDE_DOWN

_LONGEST = 288


def varied(pixels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A random variant of a picture, (H, W) of any size, as uint8: aspect, crop, tilt, equalisation, contrast, noise."""
    picture = _stretched(_as_bytes(pixels), generator)
    picture = _cropped(picture, generator)
    picture = _tilted(picture, generator)
    if generator.random() < 0.3:
        picture = cv2.createCLAHE(float(generator.uniform(1, 4)), (8, 8)).apply(picture)
    shares = picture.astype(np.float32) / 255
    if generator.random() < 0.4:
        shares = _flattened(shares, generator)
    shares = np.power(shares, np.exp(generator.uniform(-0.45, 0.45)))
    if generator.random() < 0.4:
        shares = cv2.GaussianBlur(shares, (0, 0), generator.uniform(0.3, 1.3))
    shares = shares + generator.normal(0, generator.uniform(0, 0.04), shares.shape)
    return _mirrored(np.asarray(np.rint(np.clip(shares, 0, 1) * 255), np.uint8), generator)


def in_manner(pixels: np.ndarray, manner: str, generator: np.random.Generator) -> np.ndarray:
    """The picture inverted, turned by a quarter to either side, or upside down; as it is for any other manner."""
    if manner == INVERTED:
        return np.asarray(255 - _as_bytes(pixels))
    if manner == TURNED:
        return np.rot90(pixels, int(generator.choice((1, 3))))
    return np.rot90(pixels, 2) if manner == UPSIDE_DOWN else pixels


def _as_bytes(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype == np.uint8:
        return pixels
    low, high = float(pixels.min()), float(pixels.max())
    return np.asarray((pixels.astype(np.float32) - low) / max(high - low, 1.0) * 255, np.uint8)


def _stretched(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """To another aspect: what a squashed picture may have had, and what keeps a square from meaning anything."""
    stretch = float(np.exp(generator.uniform(-0.45, 0.45))) if generator.random() < 0.7 else 1.0
    rows, columns = picture.shape[0] / np.sqrt(stretch), picture.shape[1] * np.sqrt(stretch)
    scale = _LONGEST / max(rows, columns)
    size = max(8, round(columns * scale)), max(8, round(rows * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _cropped(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Up to an eighth off every side, or a black border of as much around it."""
    rows, columns = picture.shape
    cuts = [int(generator.uniform(-0.06, 0.12) * side) for side in (rows, rows, columns, columns)]
    inside = picture[max(0, cuts[0]) : rows - max(0, cuts[1]), max(0, cuts[2]) : columns - max(0, cuts[3])]
    top, bottom, left, right = (max(0, -cut) for cut in cuts)
    return np.asarray(cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_CONSTANT, value=0))


def _tilted(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    rows, columns = picture.shape
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), float(generator.uniform(-10, 10)), 1.0)
    return np.asarray(cv2.warpAffine(picture, matrix, (columns, rows), flags=cv2.INTER_LINEAR))


def _flattened(shares: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Less local contrast: about what an equalised picture was before."""
    around = cv2.GaussianBlur(shares, (0, 0), generator.uniform(8, 24))
    return np.asarray(around + generator.uniform(0.4, 0.9) * (shares - around), np.float32)


def _mirrored(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return picture[:, ::-1] if generator.random() < 0.3 else picture
