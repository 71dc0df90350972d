"""From an image to a network's square, and from the square back to the image's own grid."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ml.images.window import displayed, percentile_window

if TYPE_CHECKING:
    from ml.images.decode import DecodedImage


@dataclass(frozen=True)
class Preparation:
    """How a task's images become a network's input.

    size: side of the square in pixels. fit: "pad" keeps the aspect (the shorter side is centred in zeros),
    "squash" stretches to the square. grey: "percentiles" of the slice, low and high, become 0 and 1; "displayed" takes
    the image as a viewer shows it (`ml.images.window.displayed`, with the `hounsfield` level and width where it is a CT).
    sampled: side of the square that the whole image is brought to first, by `sampling`: "bilinear" without smoothing, which
    leaves the aliasing that the training images have, or "lanczos". clahe: clip limit of the equalisation (8 x 8 tiles) that
    follows it. An image that is `prepared` has had both.
    """

    size: int
    fit: Literal["pad", "squash"]
    low: float = 0.5
    high: float = 99.5
    grey: Literal["percentiles", "displayed"] = "percentiles"
    hounsfield: tuple[float, float] | None = None
    sampled: int | None = None
    sampling: Literal["bilinear", "lanczos"] = "bilinear"
    clahe: float | None = None


@dataclass(frozen=True)
class Geometry:
    """Where an image lies in the square: `height` x `width` pixels from (`top`, `left`)."""

    rows: int
    columns: int
    size: int
    top: int
    left: int
    height: int
    width: int

    def to_square(self, image: np.ndarray) -> np.ndarray:
        """(H, W) float32 on the image's grid -> (S, S) float32, zeros around it."""
        square = np.zeros((self.size, self.size), np.float32)
        square[self.top : self.top + self.height, self.left : self.left + self.width] = resized(
            image, self.height, self.width
        )
        return square

    def to_image(self, map: np.ndarray) -> np.ndarray:
        """(S, S) float32 -> (H, W) float32 on the image's own grid, padding cut off.

        A map of another size than the square (a heatmap of a deeper layer, say) is brought to the square
        first. Bilinear where it grows, by area where it shrinks.
        """
        if map.shape != (self.size, self.size):
            map = resized(map, self.size, self.size)
        inside = map[self.top : self.top + self.height, self.left : self.left + self.width]
        return resized(inside, self.rows, self.columns)


@dataclass(frozen=True)
class Prepared:
    """pixels: (S, S) float32 in [0, 1]; geometry: the way back."""

    pixels: np.ndarray
    geometry: Geometry


def prepare(pixels: np.ndarray, preparation: Preparation, size: int | None = None) -> Prepared:
    """Window the slice by its own percentiles, then fit it into the square.

    pixels: (H, W) uint8 or uint16. size: the network's input size where it differs from the task's.
    """
    windowed = percentile_window(pixels, preparation.low, preparation.high)
    geometry = geometry_of(pixels.shape[0], pixels.shape[1], preparation, size)
    return Prepared(geometry.to_square(windowed), geometry)


def prepare_image(image: "DecodedImage", preparation: Preparation, size: int | None = None) -> Prepared:
    """All steps from a decoded image to a network's input of `size` (the task's own by default)."""
    if preparation.grey == "percentiles":
        return prepare(image.pixels, preparation, size)
    pixels = displayed(image, preparation.hounsfield)
    geometry = geometry_of(pixels.shape[0], pixels.shape[1], preparation, size)
    if not image.prepared:
        pixels = _equalised(_sampled(pixels, preparation), preparation.clahe)
    shares = pixels.astype(np.float32) / 255
    if preparation.sampled is None:
        return Prepared(geometry.to_square(shares), geometry)
    return Prepared(np.clip(resized(shares, geometry.size, geometry.size), 0.0, 1.0), geometry)


def _sampled(pixels: np.ndarray, preparation: Preparation) -> np.ndarray:
    side = preparation.sampled
    if side is None or pixels.shape == (side, side):
        return pixels
    import cv2

    ways = {
        "bilinear": cv2.INTER_LINEAR,
        "lanczos": cv2.INTER_AREA if min(pixels.shape) > side else cv2.INTER_LANCZOS4,
    }
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=ways[preparation.sampling]))


def _equalised(pixels: np.ndarray, clip: float | None) -> np.ndarray:
    """Contrast-limited adaptive histogram equalisation (Zuiderveld 1994), uint8 to uint8."""
    if clip is None:
        return pixels
    import cv2

    return np.asarray(cv2.createCLAHE(clip, (8, 8)).apply(np.ascontiguousarray(pixels)))


def prepare_mask(mask: np.ndarray, preparation: Preparation, size: int | None = None) -> np.ndarray:
    """(H, W) bool -> (S, S) float32 in [0, 1], by the same geometry as the image (edges become fractions)."""
    geometry = geometry_of(mask.shape[0], mask.shape[1], preparation, size)
    return geometry.to_square(mask.astype(np.float32))


def geometry_of(rows: int, columns: int, preparation: Preparation, size: int | None = None) -> Geometry:
    """Where an image of rows x columns comes to lie in the square.

    Padding to a square and then shrinking is done as shrinking and then padding: the same picture, without
    holding the padded square of a long narrow image in memory.
    """
    side = size or preparation.size
    if preparation.fit == "squash":
        return Geometry(rows, columns, side, 0, 0, side, side)
    longest = max(rows, columns)
    height = max(1, round(side * rows / longest))
    width = max(1, round(side * columns / longest))
    return Geometry(rows, columns, side, (side - height) // 2, (side - width) // 2, height, width)


def resized(image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """(H, W) -> (rows, columns) float32: by area where it shrinks, bilinear where it grows."""
    # cv2 costs 30 MB, and the web process imports this module for the names of the steps only
    import cv2

    image = np.ascontiguousarray(image, dtype=np.float32)
    if image.shape == (rows, columns):
        return image.copy()
    shrinks = rows * columns < image.shape[0] * image.shape[1]
    result: np.ndarray = cv2.resize(
        image, (columns, rows), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    return result
