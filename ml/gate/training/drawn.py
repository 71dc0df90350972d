"""Pictures of nobody: crops of photographs, and drawn textures and lettering."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from sklearn.datasets import load_sample_images

from ml.data import DataError
from ml.images.decode import decode

_SIDE = 256


def photographs(
    folder: Path | None, count: int, generator: np.random.Generator
) -> list[tuple[np.ndarray, bool]]:
    """About `count` grey crops, each with whether it is for the test.

    Of a folder every third picture is for the test; names that begin alike (one picture in two sizes or colours) stay on one
    side. Without a folder scikit-learn's temple and flower are learned from, and Matplotlib's portrait is for the test.

    Raises:
        DataError: the folder holds no pictures.
    """
    whole = _shipped() if folder is None else _of_folder(folder)
    return [
        (_crop(grey, generator), test)
        for grey, test in whole
        for _ in range(max(1, round(count / len(whole))))
    ]


def _shipped() -> list[tuple[np.ndarray, bool]]:
    portrait = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    learned = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in load_sample_images().images]
    return [*((picture, False) for picture in learned), (decode(portrait.read_bytes()).pixels, True)]


def _of_folder(folder: Path) -> list[tuple[np.ndarray, bool]]:
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in {".png", ".jpg", ".jpeg"})
    if not files:
        raise DataError(f"{folder} holds no pictures.")
    names = sorted({_beginning(file) for file in files})
    return [(decode(p.read_bytes()).pixels, names.index(_beginning(p)) % 3 == 2) for p in files]


def _beginning(file: Path) -> str:
    return re.split(r"[-_]", file.stem)[0]


def _crop(grey: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """At least half of each side."""
    rows, columns = (int(generator.integers(side // 2, side + 1)) for side in grey.shape)
    top, left = (
        int(generator.integers(0, side - used + 1))
        for side, used in zip(grey.shape, (rows, columns), strict=True)
    )
    return grey[top : top + rows, left : left + columns]


def drawings(count: int, generator: np.random.Generator) -> list[tuple[np.ndarray, bool]]:
    """Drawn pictures of `_STYLES` in turn, each with whether it is for the test (a quarter, of other random numbers)."""
    return [
        (_greys(_STYLES[number % len(_STYLES)](generator)), number // len(_STYLES) % 4 == 3)
        for number in range(count)
    ]


def _greys(canvas: np.ndarray) -> np.ndarray:
    low, high = float(canvas.min()), float(canvas.max())
    return np.asarray(np.rint((canvas - low) / max(high - low, 1e-6) * 255), np.uint8)


def _noise(generator: np.random.Generator) -> np.ndarray:
    return np.asarray(generator.random((_SIDE, _SIDE)))


def _gradient(generator: np.random.Generator) -> np.ndarray:
    slopes = generator.uniform(-1, 1, 2)
    return np.add.outer(np.linspace(0, slopes[0], _SIDE), np.linspace(0, slopes[1], _SIDE))


def _clouds(generator: np.random.Generator) -> np.ndarray:
    coarse = generator.random((int(generator.integers(3, 24)),) * 2).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC))


def _stripes(generator: np.random.Generator) -> np.ndarray:
    rows, columns = np.mgrid[0:_SIDE, 0:_SIDE]
    angle = generator.uniform(0, np.pi)
    along = rows * np.sin(angle) + columns * np.cos(angle)
    return np.asarray(np.sin(along * generator.uniform(0.05, 1.0)))


def _ellipses(generator: np.random.Generator) -> np.ndarray:
    """A few soft or hard ellipses on black: about what a phantom is."""
    canvas = np.zeros((_SIDE, _SIDE), np.float32)
    for _ in range(int(generator.integers(1, 8))):
        centre = tuple(int(c) for c in generator.integers(40, _SIDE - 40, 2))
        axes = tuple(int(a) for a in generator.integers(8, 90, 2))
        grey = float(generator.uniform(0.1, 1))
        cv2.ellipse(canvas, centre, axes, float(generator.uniform(0, 180)), 0, 360, grey, -1)
    if generator.random() < 0.5:
        canvas = cv2.GaussianBlur(canvas, (0, 0), generator.uniform(1, 6))
    return canvas + generator.normal(0, generator.uniform(0, 0.08), canvas.shape)


def _lettering(generator: np.random.Generator) -> np.ndarray:
    page = np.full((_SIDE, _SIDE), int(generator.integers(0, 2)) * 255, np.uint8)
    ink = 255 - int(page[0, 0])
    for line in range(int(generator.integers(2, 12))):
        text = "".join(chr(int(c)) for c in generator.integers(65, 123, 18))
        cv2.putText(page, text, (4, 20 + 20 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.55, ink, 1)
    return page.astype(np.float32)


_STYLES: tuple[Callable[[np.random.Generator], np.ndarray], ...] = (
    _noise,
    _gradient,
    _clouds,
    _stripes,
    _ellipses,
    _lettering,
)
