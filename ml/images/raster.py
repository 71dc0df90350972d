"""PNG, JPEG, TIFF and WebP: header first, then one picture, upright, as grey or colour."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from ml.images.errors import ImageError, Limits, TooManyFrames, TooManyPixels, TooSmall, UndecodableImage


@dataclass(frozen=True)
class Picture:
    """grey: (H, W) uint8 or uint16. rgb: (H, W, 3) uint8, only where the file has real colour."""

    grey: np.ndarray
    rgb: np.ndarray | None

    @property
    def colour(self) -> bool:
        return self.rgb is not None


def open_picture(data: bytes, kind: str, limits: Limits) -> Picture:
    """Decode a PNG, JPEG, TIFF or WebP. Raises ImageError."""
    try:
        with Image.open(io.BytesIO(data), formats=[kind.upper()]) as image:
            check_size(image.height, image.width, limits)
            if getattr(image, "n_frames", 1) > 1:
                raise TooManyFrames("an animation or several pages")
            image.load()
            return _picture(ImageOps.exif_transpose(image))
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise TooManyPixels(0, 0, limits.max_pixels) from error
    except Exception as error:
        # whatever a decoder says of foreign bytes, it means one thing to the reader
        raise UndecodableImage(kind) from error


def check_size(rows: int, columns: int, limits: Limits) -> None:
    """Raises TooManyPixels or TooSmall."""
    if rows * columns > limits.max_pixels:
        raise TooManyPixels(rows, columns, limits.max_pixels)
    if min(rows, columns) < limits.min_side:
        raise TooSmall(rows, columns, limits.min_side)


def _picture(image: Image.Image) -> Picture:
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        return Picture(np.asarray(image).astype(np.uint16), None)
    if image.mode == "L":
        return Picture(np.asarray(image), None)
    rgb = np.asarray(image.convert("RGB"))
    if is_colour(rgb):
        return Picture(np.asarray(image.convert("RGB").convert("L")), rgb)
    return Picture(np.asarray(image.convert("RGB").convert("L")), None)


def is_colour(rgb: np.ndarray) -> bool:
    """Whether more than 1 % of the pixels of (H, W, 3) uint8 have chroma; grey saved as RGB has none."""
    red, green, blue = (rgb[..., channel].astype(np.int16) for channel in range(3))
    chroma = np.maximum(np.abs(red - green), np.abs(green - blue))
    return float(np.mean(chroma > 12)) > 0.01
