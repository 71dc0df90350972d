"""Bytes to grey pixels, with limits: the one door through which images come in."""

from dataclasses import dataclass

import numpy as np

from ml.images.errors import EmptyFile, Limits, TooManyBytes, UnknownType


@dataclass(frozen=True)
class DecodedImage:
    """One slice as it came.

    pixels: (H, W) uint8 or uint16, grey, bright = high. format: "PNG", "JPEG", "TIFF", "WebP" or "DICOM".
    pixel_mm: (row spacing, column spacing), None where unknown. sequence: "STIR" or "T1W" where the DICOM
    says so. orientation: the DICOM's six direction cosines joined by backslashes. colour: the file had real
    colour (pixels are then its luma). warnings: sentences for the reader. window: the DICOM's own (lowest,
    highest) displayed value in the units of `pixels`, a proposal for the display and nothing more.
    """

    pixels: np.ndarray
    format: str
    pixel_mm: tuple[float, float] | None = None
    sequence: str | None = None
    orientation: str | None = None
    laterality: str | None = None
    colour: bool = False
    warnings: tuple[str, ...] = ()
    window: tuple[float, float] | None = None


_NO_LIMITS_CHANGED = Limits()


def decode(data: bytes, limits: Limits = _NO_LIMITS_CHANGED) -> DecodedImage:
    """Decode one image by its content, never by its name. Raises ImageError, and nothing else."""
    from ml.images import raster

    kind = format_of(data, limits)
    picture = raster.open_picture(data, kind, limits)
    return DecodedImage(pixels=picture.grey, format=kind, colour=picture.colour)


def format_of(data: bytes, limits: Limits = _NO_LIMITS_CHANGED) -> str:
    """What the first bytes say: "PNG", "JPEG", "TIFF", "WebP" or "DICOM".

    Raises EmptyFile, TooManyBytes, UnknownType.
    """
    if not data:
        raise EmptyFile
    if len(data) > limits.max_bytes:
        raise TooManyBytes(len(data), limits.max_bytes)
    if data[128:132] == b"DICM":
        return "DICOM"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return "TIFF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    raise UnknownType
