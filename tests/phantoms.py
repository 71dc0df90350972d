"""Pictures for tests and documents, drawn from numbers: no patient ever stood in front of them.

Each function gives the same picture for the same arguments.
"""

import cv2
import numpy as np


def sacroiliac_slice(
    size: int = 256, sequence: str = "STIR", oedema: float = 1.0, seed: int = 1
) -> np.ndarray:
    """An oblique coronal slice through both sacroiliac joints, (size, size) uint8.

    sequence: "STIR" (fat dark, fluid and oedema bright) or "T1W" (fat bright, fluid dark). oedema: 0 draws none.
    """
    shades = {
        "STIR": {"fat": 40, "muscle": 105, "marrow": 72, "cortex": 16, "fluid": 235},
        "T1W": {"fat": 205, "muscle": 85, "marrow": 150, "cortex": 14, "fluid": 45},
    }[sequence]
    picture = np.zeros((size, size), np.float32)
    _ellipse(picture, (0.5, 0.5), (0.47, 0.46), shades["fat"])
    _ellipse(picture, (0.5, 0.5), (0.43, 0.42), shades["muscle"])
    for side in (-1, 1):
        _polygon(picture, _ilium(side), shades["cortex"])
        _polygon(picture, _shrunk(_ilium(side), 0.93), shades["marrow"])
    _polygon(picture, _SACRUM, shades["cortex"])
    _polygon(picture, _shrunk(_SACRUM, 0.95), shades["marrow"] + 4)
    for x, y in ((0.41, 0.42), (0.59, 0.42), (0.43, 0.54), (0.57, 0.54), (0.45, 0.64), (0.55, 0.64)):
        _ellipse(picture, (x, y), (0.022, 0.026), (shades["fluid"] + shades["muscle"]) / 2)
    picture = cv2.GaussianBlur(picture, (0, 0), size / 180)
    bright = 1 if sequence == "STIR" else -0.4
    picture += (
        110
        * oedema
        * bright
        * (_spot(size, 0.70, 0.46, 0.035, 0.07) + 0.6 * _spot(size, 0.33, 0.5, 0.025, 0.05))
    )
    return _with_grain(picture, seed)


def sacroiliac_region(size: int = 256) -> np.ndarray:
    """The bone of `sacroiliac_slice`: (size, size) bool."""
    region = np.zeros((size, size), np.float32)
    for outline in (_ilium(-1), _ilium(1), _SACRUM):
        _polygon(region, outline, 1)
    return region > 0.5


def colour_photograph(size: int = 256, seed: int = 1) -> np.ndarray:
    """A landscape: blue sky, green meadow, red house. (size, size, 3) uint8 RGB."""
    grain = np.random.default_rng(seed).normal(0, 4, (size, size, 3))
    photograph = np.empty((size, size, 3), np.float64)
    height = np.linspace(0, 1, size)[:, None]
    photograph[..., 0], photograph[..., 1], photograph[..., 2] = (
        90 + 60 * height,
        150 + 30 * height,
        225 - 20 * height,
    )
    photograph[int(size * 0.6) :] = (70, 140, 50)
    photograph[int(size * 0.45) : int(size * 0.75), int(size * 0.3) : int(size * 0.6)] = (180, 50, 40)
    return np.clip(photograph + grain, 0, 255).astype(np.uint8)


def noise(size: int = 256, seed: int = 1) -> np.ndarray:
    """Grey values without any meaning: (size, size) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (size, size), dtype=np.uint8)


_SACRUM = np.array(
    [(0.34, 0.27), (0.66, 0.27), (0.69, 0.35), (0.65, 0.52), (0.59, 0.68), (0.5, 0.8), (0.41, 0.68), (0.35, 0.52),
     (0.31, 0.35)]
)  # fmt: skip


def _ilium(side: int) -> np.ndarray:
    right = np.array(
        [(0.72, 0.3), (0.8, 0.16), (0.88, 0.2), (0.86, 0.4), (0.78, 0.58), (0.66, 0.7), (0.68, 0.54)]
    )
    return right if side > 0 else right * (-1, 1) + (1, 0)


def _shrunk(outline: np.ndarray, share: float) -> np.ndarray:
    centre = outline.mean(axis=0)
    return centre + (outline - centre) * share


def _polygon(picture: np.ndarray, outline: np.ndarray, shade: float) -> None:
    corners = np.rint(outline * picture.shape[0]).astype(np.int32)
    cv2.fillPoly(picture, [corners], float(shade))


def _ellipse(
    picture: np.ndarray, centre: tuple[float, float], axes: tuple[float, float], shade: float
) -> None:
    size = picture.shape[0]
    whole = (round(centre[0] * size), round(centre[1] * size)), (round(axes[0] * size), round(axes[1] * size))
    cv2.ellipse(picture, *whole, 0, 0, 360, float(shade), -1)


def _spot(size: int, x: float, y: float, width: float, height: float) -> np.ndarray:
    down, across = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j]
    return np.exp(-(((across - x) / width) ** 2) - ((down - y) / height) ** 2)


def _with_grain(picture: np.ndarray, seed: int) -> np.ndarray:
    """Uneven coil sensitivity and receiver noise (Rician: never below zero)."""
    size = picture.shape[0]
    down, across = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    sensitivity = 1.1 - 0.2 * ((across - 0.1) ** 2 + down**2)
    random = np.random.default_rng(seed)
    real, imaginary = random.normal(0, 4, (2, size, size))
    return np.clip(np.hypot(picture * sensitivity + real, imaginary), 0, 255).astype(np.uint8)
