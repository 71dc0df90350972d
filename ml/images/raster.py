"""PNG, JPEG, TIFF and WebP: header first, then one picture, upright, as grey or colour."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from ml.images.codestream import webp_size
from ml.images.errors import (
    ImageError,
    Limits,
    TooManyFrames,
    TooManyPixels,
    UndecodableImage,
    UnsupportedPixels,
    check_size,
)

# a pixel has chroma where two channels differ by more than this; a picture where more than this share has
_CHROMA = 12
_COLOURED_SHARE = 0.01

# a progressive JPEG has about ten scans; each costs a pass over the whole picture
_MOST_SCANS = 64

_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")


@dataclass(frozen=True)
class Picture:
    """grey: (H, W) uint8 or uint16. rgb: (H, W, 3) uint8, only where the file has real colour."""

    grey: np.ndarray
    rgb: np.ndarray | None


def open_picture(data: bytes, kind: str, limits: Limits) -> Picture:
    """Decode a PNG, JPEG, TIFF or WebP of one frame. kind: what its first bytes say. Raises ImageError."""
    try:
        _check_header(data, kind, limits)
        with Image.open(io.BytesIO(data), formats=[kind.upper()]) as image:
            check_size(image.height, image.width, limits)
            if _has_several(image):
                raise TooManyFrames("pages of a TIFF" if kind == "TIFF" else "an animation")
            if kind == "PNG" and data[24] == 16 and data[25] != 0:
                return _deep_png(data, image)
            image.load()
            return _picture(_upright(image), kind)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise TooManyPixels(None, limits.max_pixels) from error
    except Exception as error:
        # whatever a decoder says of foreign bytes, it means one thing to the reader
        raise UndecodableImage(kind) from error


def is_colour(rgb: np.ndarray) -> bool:
    """Whether more than 1 % of the pixels of (H, W, 3) uint8 have chroma; grey saved as RGB has none."""
    red, green, blue = (rgb[..., channel].astype(np.int16) for channel in range(3))
    chroma = np.maximum(np.abs(red - green), np.abs(green - blue))
    return float(np.mean(chroma > _CHROMA)) > _COLOURED_SHARE


def luma(rgb: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 -> (H, W) uint8 by ITU-R BT.601; equal channels keep their value."""
    return np.asarray(Image.fromarray(rgb).convert("L"))


def _check_header(data: bytes, kind: str, limits: Limits) -> None:
    """Sizes that Pillow's `open` would answer with an error of its own, or with memory."""
    if kind == "PNG" and data[12:16] == b"IHDR":
        check_size(int.from_bytes(data[20:24], "big"), int.from_bytes(data[16:20], "big"), limits)
    if kind == "WebP" and (size := webp_size(data)) is not None:
        check_size(*size, limits)
    if kind == "JPEG" and data.count(b"\xff\xda") > _MOST_SCANS:
        raise UndecodableImage(kind, "it is built of more scans than any camera or scanner writes")


def _has_several(image: Image.Image) -> bool:
    if image.format == "MPO":
        # telephones add a second view or a depth map behind the photograph
        return False
    return int(getattr(image, "n_frames", 1)) > 1


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, ValueError, KeyError, TypeError, SyntaxError):
        # a broken EXIF block says nothing of the picture, which was read already
        return image


def _picture(image: Image.Image, kind: str) -> Picture:
    if image.mode in _SIXTEEN_BIT:
        return Picture(np.asarray(image).astype(np.uint16), None)
    if image.mode in ("I", "F"):
        return Picture(_sixteen_bit(np.asarray(image), kind), None)
    if image.mode in ("L", "1"):
        return Picture(np.asarray(image.convert("L")), None)
    return _grey_or_colour(np.asarray(_opaque(image).convert("RGB")))


def _grey_or_colour(rgb: np.ndarray) -> Picture:
    return Picture(luma(rgb), rgb if is_colour(rgb) else None)


def _opaque(image: Image.Image) -> Image.Image:
    """What is transparent becomes black, the background of scans."""
    if not image.has_transparency_data:
        return image
    layered = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, (0, 0, 0, 255)), layered)


def _sixteen_bit(values: np.ndarray, kind: str) -> np.ndarray:
    """Integers that fit are kept, shifted where negative; all else is scaled from its own range."""
    if not np.isfinite(values).all():
        raise UnsupportedPixels(kind, "numbers that are not finite")
    lowest, highest = float(values.min()), float(values.max())
    if values.dtype.kind == "i" and highest - min(lowest, 0) < 2**16:
        return (values.astype(np.int64) - int(min(lowest, 0))).astype(np.uint16)
    if highest <= lowest:
        return np.zeros(values.shape, np.uint16)
    return np.rint((values.astype(np.float64) - lowest) * (65535 / (highest - lowest))).astype(np.uint16)


def _deep_png(data: bytes, image: Image.Image) -> Picture:
    """PNG of 16 bits with colour or alpha channels, which Pillow would cut to 8 bits."""
    import cv2

    channels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if channels is None or channels.dtype != np.uint16:
        image.load()
        return _picture(_upright(image), "PNG")
    if channels.ndim == 3 and channels.shape[2] == 4:
        channels = (channels[..., :3] * (channels[..., 3:] / np.float32(65535))).astype(np.uint16)
    if channels.ndim == 2 or (channels == channels[..., :1]).all():
        return Picture(np.ascontiguousarray(channels if channels.ndim == 2 else channels[..., 0]), None)
    return _grey_or_colour(np.ascontiguousarray((channels[..., ::-1] >> 8).astype(np.uint8)))
