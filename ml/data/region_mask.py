"""The mask of an example's region, whatever the data set keeps it in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ml.data.example import NOTHING, DataError, Example

LABELME = ".json"

# OpenCV fills every pixel that an edge touches, so outlines are drawn finer than their mask, as far as memory allows.
_FINER, _LARGEST = 4, 4096


def read_region_mask(example: Example, shape: tuple[int, int]) -> np.ndarray:
    """An example's region, (H, W) bool of the shape given; what was marked on another grid is brought to it.

    Understood are pictures of 0 / 255 and of 0 / 1, and LabelMe's outlines, whose inside is the region.

    Raises:
        DataError: the example has none, or its file is neither.
    """
    file = example.region_path
    if file is None and example.region_kind == NOTHING:
        return np.zeros(shape, bool)
    if file is None:
        raise DataError(f"{example.image_id} has no mask.")
    return outlined(file, shape) if file.suffix.lower() == LABELME else _drawn(file, shape)


def grid_of(file: Path) -> tuple[int, int]:
    """(rows, columns) of the image that a LabelMe file outlines. Raises DataError."""
    return _read(file)[0]


def outlined(file: Path, shape: tuple[int, int]) -> np.ndarray:
    """The inside of a LabelMe file's polygons, (H, W) bool; of its boxes where it has no polygon. Raises DataError.

    A pixel belongs to it that is covered by half; of an outline too small for that, every pixel that it touches.
    """
    grid, outlines = _read(file)
    finer = min(_FINER, max(1, _LARGEST // max(shape)))
    filled = _filled(outlines, grid, (shape[0] * finer, shape[1] * finer))
    covered = filled.reshape(shape[0], finer, shape[1], finer).mean(axis=(1, 3)) >= 0.5
    return covered if covered.any() else _filled(outlines, grid, shape).astype(bool)


def _filled(outlines: Sequence[np.ndarray], grid: tuple[int, int], shape: tuple[int, int]) -> np.ndarray:
    import cv2

    mask = np.zeros(shape, np.uint8)
    for outline in outlines:
        # LabelMe counts from a pixel's corner, OpenCV from its middle
        corners = outline * (shape[1] / grid[1], shape[0] / grid[0]) - 0.5
        cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 1)
    return mask


def _read(file: Path) -> tuple[tuple[int, int], list[np.ndarray]]:
    """The image's (rows, columns), and its outlines, (n, 2) each, x before y."""
    try:
        said: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        grid = (int(said["imageHeight"]), int(said["imageWidth"]))
        shapes = said["shapes"]
        polygons = [_points(each) for each in shapes if each.get("shape_type", "polygon") == "polygon"]
        polygons = polygons or [
            _corners(_points(each)) for each in shapes if each["shape_type"] == "rectangle"
        ]
        if min(grid) < 1:
            raise ValueError(f"no size: {grid}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"The outlines {file} cannot be read: they are not as LabelMe writes them."
        ) from error
    return grid, polygons


def _points(shape: dict[str, Any]) -> np.ndarray:
    points = np.array(shape["points"], dtype=float)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"no points: {points.shape}")
    return points


def _corners(points: np.ndarray) -> np.ndarray:
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def _drawn(file: Path, shape: Sequence[int]) -> np.ndarray:
    import cv2

    grey: np.ndarray | None = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise DataError(f"The mask {file} cannot be read.")
    if grey.shape != tuple(shape):
        grey = cv2.resize(grey, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.asarray(grey > (127 if grey.max() > 1 else 0))
