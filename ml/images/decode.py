"""Bytes to grey pixels, with limits: the one door through which images come in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ml.images.errors import EmptyFile, Limits, TooManyBytes, UnknownType
from ml.images.raster import Picture, open_picture
from ml.images.stacks import Place
from ml.images.store import grey_png, rgb_png

_DEFAULT = Limits()


@dataclass(frozen=True)
class DecodedImage:
    """One slice as it came.

    pixels: (H, W) uint8 or uint16, grey, bright = high. format: "PNG", "JPEG", "TIFF", "WebP" or "DICOM".
    pixel_mm: (row spacing, column spacing), None where unknown. sequence: "STIR" or "T1W" where the DICOM
    says so. orientation: the DICOM's six direction cosines joined by backslashes. laterality: "R", "L", "B"
    or "U". colour: the file had real colour (pixels are then its luma). warnings: sentences for the reader.
    window: (lowest, highest) value that the DICOM proposes to display, in the units of `pixels`. rescale:
    (slope, intercept) from `pixels` to the modality's unit, Hounsfield for CT. modality: the DICOM's own word for
    it, as "MR" or "CT". prepared: the pixels have had the
    task's sampling and equalisation already, as those of a training folder may; no upload's have.
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
    rescale: tuple[float, float] | None = None
    modality: str | None = None
    prepared: bool = False


@dataclass(frozen=True)
class StoredImage:
    """What the application keeps of a slice: `data` without identity that decodes to `image.pixels`.

    place: where a DICOM says that the slice belongs; None for other formats.
    """

    data: bytes
    extension: Literal[".png", ".dcm"]
    image: DecodedImage
    place: Place | None = None


def decode(data: bytes, limits: Limits = _DEFAULT) -> DecodedImage:
    """Decode one image by its content, never by its name. Raises ImageError, and nothing else."""
    kind = format_of(data, limits)
    if kind == "DICOM":
        # the web process starts without the DICOM libraries
        from ml.images.dicom import decode_dicom

        return decode_dicom(data, limits)
    return _raster(open_picture(data, kind, limits), kind)


def stored_form(data: bytes, key: bytes, limits: Limits = _DEFAULT) -> StoredImage:
    """Decode once, and give what is kept of a file of one slice. Raises ImageError, and nothing else."""
    return next(stored_slices(data, key, limits))


def stored_slices(data: bytes, key: bytes, limits: Limits = _DEFAULT) -> Iterator[StoredImage]:
    """Decode a file slice by slice, and give what is kept of each. Raises ImageError, and nothing else.

    A DICOM is rewritten to an allow-list (ml.images.dicom), its UIDs mapped by a hash under `key`, a multi-frame one to a file
    a frame. All else becomes a PNG of the same pixels: upright, grey of 8 or 16 bits, or RGB where there is colour,
    without metadata.
    """
    kind = format_of(data, limits)
    if kind == "DICOM":
        from ml.images.dicom import rewrite_dicom

        for file, image, place in rewrite_dicom(data, key, limits):
            yield StoredImage(file, ".dcm", image, place)
        return
    picture = open_picture(data, kind, limits)
    file = grey_png(picture.grey) if picture.rgb is None else rgb_png(picture.rgb)
    yield StoredImage(file, ".png", _raster(picture, kind))


def format_of(data: bytes, limits: Limits = _DEFAULT) -> str:
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
    if data.startswith((b"II*\x00", b"MM\x00*")):
        return "TIFF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    raise UnknownType


def _raster(picture: Picture, kind: str) -> DecodedImage:
    return DecodedImage(picture.grey, kind, colour=picture.rgb is not None)
