"""Bytes to grey pixels, with limits: the one door through which images come in."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ml.images.errors import EmptyFile, ImageError, Limits, TooManyBytes, UndecodableImage, UnknownType
from ml.images.raster import Picture, is_colour, luma, open_picture
from ml.images.store import grey_png, rgb_png

_DEFAULT = Limits()

_BURNED_IN = (
    "The file says that text is burned into the picture. It may name the patient; it is shown as it is, "
    "and networks may take it for anatomy."
)


@dataclass(frozen=True)
class DecodedImage:
    """One slice as it came.

    pixels: (H, W) uint8 or uint16, grey, bright = high. format: "PNG", "JPEG", "TIFF", "WebP" or "DICOM".
    pixel_mm: (row spacing, column spacing), None where unknown. sequence: "STIR" or "T1W" where the DICOM
    says so. orientation: the DICOM's six direction cosines joined by backslashes. laterality: "R", "L", "B"
    or "U". colour: the file had real colour (pixels are then its luma). warnings: sentences for the reader.
    window: (lowest, highest) value that the DICOM proposes to display, in the units of `pixels`. rescale:
    (slope, intercept) from `pixels` to the modality's unit, Hounsfield for CT.
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


@dataclass(frozen=True)
class StoredImage:
    """What the application keeps of an upload: `data` without identity that decodes to `image.pixels`."""

    data: bytes
    extension: Literal[".png", ".dcm"]
    image: DecodedImage


def decode(data: bytes, limits: Limits = _DEFAULT) -> DecodedImage:
    """Decode one image by its content, never by its name. Raises ImageError, and nothing else."""
    kind = format_of(data, limits)
    if kind == "DICOM":
        return _dicom(data, limits, None)[1]
    return _raster(open_picture(data, kind, limits), kind)


def stored_form(data: bytes, key: bytes, limits: Limits = _DEFAULT) -> StoredImage:
    """Decode once, and give what is kept of the file. Raises ImageError, and nothing else.

    A DICOM is rewritten to an allow-list (ml.images.rewrite), its UIDs mapped by a hash under `key`. All
    else becomes a PNG of the same pixels: upright, grey of 8 or 16 bits, or RGB where there is colour,
    without metadata.
    """
    kind = format_of(data, limits)
    if kind == "DICOM":
        file, image = _dicom(data, limits, key)
        return StoredImage(file, ".dcm", image)
    picture = open_picture(data, kind, limits)
    file = grey_png(picture.grey) if picture.rgb is None else rgb_png(picture.rgb)
    return StoredImage(file, ".png", _raster(picture, kind))


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


def _dicom(data: bytes, limits: Limits, key: bytes | None) -> tuple[bytes, DecodedImage]:
    """(the rewritten file, or b"" without a key; the image)."""
    # the web process starts without the DICOM libraries
    from ml.images import dicom, grey, header, rewrite, sequence

    slice_ = dicom.open_slice(data, limits)
    tags = slice_.header
    try:
        coloured = slice_.stored.ndim == 3
        shades = grey.Grey(luma(slice_.stored)) if coloured else grey.grey_of(tags, slice_.stored)
        image = DecodedImage(
            pixels=shades.pixels,
            format="DICOM",
            pixel_mm=header.pixel_mm(tags),
            sequence=sequence.sequence_of(tags),
            orientation=header.orientation(tags),
            laterality=header.laterality(tags),
            colour=coloured and is_colour(slice_.stored),
            warnings=(_BURNED_IN,) if header.word(tags, "BurnedInAnnotation") == "YES" else (),
            window=shades.window,
            rescale=shades.rescale,
        )
        return (rewrite.rewritten(slice_, key) if key is not None else b""), image
    except ImageError:
        raise
    except Exception as error:
        # a header may contradict itself in more ways than can be listed
        raise UndecodableImage("DICOM", "its header contradicts itself") from error
