"""Pictures that the application keeps, all PNG: previews, masks, heatmaps, uploads without their metadata."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from ml.images.window import percentile_window


def mask_png(mask: np.ndarray) -> bytes:
    """(H, W) bool -> PNG of 1 bit a pixel."""
    return _png(Image.fromarray(mask.astype(bool)))


def read_mask(data: bytes) -> np.ndarray:
    """The PNG of `mask_png` -> (H, W) bool."""
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        return np.asarray(image.convert("1"), dtype=bool)


def heatmap_png(map: np.ndarray) -> bytes:
    """(H, W) float32 in [0, 1] -> PNG of 16 bit grey, value / 65535 = share of the map's maximum."""
    values = np.nan_to_num(np.asarray(map, np.float64), nan=0.0, posinf=1.0, neginf=0.0)
    return grey_png(np.rint(np.clip(values, 0.0, 1.0) * 65535).astype(np.uint16))


def read_heatmap(data: bytes) -> np.ndarray:
    """The PNG of `heatmap_png` -> (H, W) float32 in [0, 1]."""
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        return (np.asarray(image).astype(np.float32) / np.float32(65535)).astype(np.float32)


def preview_png(pixels: np.ndarray) -> bytes:
    """(H, W) uint8 or uint16 -> PNG of 8 bit grey in the slice's own percentile window, on the same grid."""
    return grey_png(np.rint(percentile_window(pixels) * 255).astype(np.uint8))


def smaller_png(png: bytes, side: int) -> bytes:
    """A grey PNG -> one whose longer side has `side` pixels at most; a small one stays as it is."""
    with Image.open(io.BytesIO(png)) as image:
        image.thumbnail((side, side))
        return _png(image)


def grey_png(pixels: np.ndarray) -> bytes:
    """(H, W) uint8 or uint16 -> PNG of the same values."""
    return _png(Image.fromarray(np.ascontiguousarray(pixels)))


def rgb_png(pixels: np.ndarray) -> bytes:
    """(H, W, 3) uint8 -> PNG of the same values."""
    return _png(Image.fromarray(np.ascontiguousarray(pixels)))


def indexed_png(values: np.ndarray, colours: Sequence[str]) -> bytes:
    """(H, W) uint8 -> PNG with a palette: 0 is transparent, n the nth of the colours (“#rrggbb”).

    Raises ValueError where a value has no colour.
    """
    if values.size and int(values.max()) > len(colours):
        raise ValueError(f"Each value needs a colour. Received: {values.max()} with {len(colours)} colours")
    image = Image.fromarray(np.ascontiguousarray(values, np.uint8)).convert("P")
    image.putpalette([0, 0, 0, *(part for colour in colours for part in bytes.fromhex(colour[1:]))])
    file = io.BytesIO()
    image.save(file, "PNG", transparency=0)
    return file.getvalue()


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
