"""A DICOM file to its header and stored pixels: header first, limits before any pixel is decoded."""

import io
import itertools
import logging
import re
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset, config
from pydicom.encaps import get_frame
from pydicom.filereader import read_dataset, read_partial
from pydicom.pixels import get_decoder
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEGExtended12Bit,
    RLELossless,
)

from ml.images.codestream import codestream_size
from ml.images.dicom.codec import decompressed
from ml.images.dicom.frames import single_frames
from ml.images.dicom.header import flattened
from ml.images.errors import (
    ImageError,
    Limits,
    NoPixelData,
    UndecodableImage,
    UnknownTransferSyntax,
    UnsupportedPixels,
    check_size,
)

# pydicom repeats values that break the standard in exceptions, warnings and its log; they may be names
config.settings.reading_validation_mode = config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", module="pydicom")

# an image has a few hundred, and some makers add as many private ones
_MOST_ELEMENTS = 20_000

_MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")


@dataclass(frozen=True)
class Slice:
    """One frame as it is stored.

    header: the data set with its transfer syntax in `file_meta`. stored: (H, W) integers before modality
    and VOI transformation, or (H, W, 3) uint8 RGB.
    """

    header: Dataset
    stored: np.ndarray


def open_slice(data: bytes, limits: Limits) -> Slice:
    """Read a DICOM file of one frame. Raises ImageError."""
    return next(open_slices(data, limits))


def open_slices(data: bytes, limits: Limits) -> Iterator[Slice]:
    """Read a DICOM file frame by frame, one or as many as the limits allow. Raises ImageError."""
    try:
        for header in single_frames(_read(data, limits), limits):
            flattened(header)
            _check(header, limits)
            stored = _stored(header)
            _correct_depth(header, stored)
            yield Slice(header, stored)
    except ImageError:
        raise
    except Exception as error:
        # pydicom and the codecs raise whatever comes to them; to the reader it means one thing
        raise UndecodableImage("DICOM") from error


def _read(data: bytes, limits: Limits) -> Dataset:
    stream = io.BytesIO(data)
    stream.seek(132)
    meta = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag >> 16 != 2)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        return _inflated(data[stream.tell() :], limits)
    return read_partial(io.BytesIO(data), stop_when=_element_counter())


def _inflated(data: bytes, limits: Limits) -> Dataset:
    # pydicom inflates without a limit, and 20 MB may hold 20 GB
    most = 2 * limits.max_pixels + limits.max_bytes
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = inflater.decompress(data, most)
    if not inflater.eof and len(plain) >= most:
        raise UndecodableImage("DICOM", "it holds more data than an image may have")
    dataset = read_dataset(io.BytesIO(plain), False, True, stop_when=_element_counter())
    dataset.file_meta = Dataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def _element_counter() -> Callable[[int, str | None, int], bool]:
    """A `stop_when` of pydicom's readers: millions of empty elements fit into a file and take minutes."""
    seen = itertools.count(1)

    def stop(tag: int, representation: str | None, length: int) -> bool:
        if next(seen) > _MOST_ELEMENTS:
            raise UndecodableImage("DICOM", "it holds more elements than any image has")
        return False

    return stop


def _check(header: Dataset, limits: Limits) -> None:
    if any(keyword in header for keyword in ("FloatPixelData", "DoubleFloatPixelData")):
        raise UnsupportedPixels("DICOM", "floating point numbers")
    if "PixelData" not in header or not header.PixelData:
        raise NoPixelData
    syntax = str(header.file_meta.get("TransferSyntaxUID", ""))
    if not _readable(syntax):
        raise UnknownTransferSyntax(_printable(syntax))
    if any(header.get(keyword) is None for keyword in ("Rows", "Columns", "BitsAllocated")):
        raise UndecodableImage("DICOM", "it does not say how large its image is")
    check_size(int(header.Rows), int(header.Columns), limits)
    if header.get("PhotometricInterpretation") not in (*_MONOCHROME, *_COLOUR, "PALETTE COLOR"):
        raise UnsupportedPixels("DICOM", "an unknown colour model")
    if int(header.BitsAllocated) not in (8, 16, 32):
        raise UnsupportedPixels("DICOM", f"{int(header.BitsAllocated)}-bit pixels")
    if syntax == JPEGExtended12Bit and int(header.BitsStored) > 8:
        # the only decoder of it is under the GPL
        raise UnsupportedPixels("DICOM", "lossy JPEG of 12 bits")


def _readable(syntax: str) -> bool:
    try:
        return bool(get_decoder(UID(syntax)).is_available)
    except NotImplementedError:
        return False


def _printable(syntax: str) -> str:
    """The UID if it is one: what else stands in its place is not repeated."""
    return syntax if re.fullmatch(r"[0-9.]{1,64}", syntax) else ""


def _stored(header: Dataset) -> np.ndarray:
    syntax = UID(header.file_meta.TransferSyntaxUID)
    # unused high bits are cut off below: they may hold an old overlay, and High Bit says where they are
    plain = not syntax.is_encapsulated or syntax == RLELossless
    if syntax.is_encapsulated:
        _check_codestream(header)
        pixels = decompressed(header)
    else:
        _check_length(header)
        pixels, _ = get_decoder(syntax).as_array(header, index=0, correct_unused_bits=False)
    if header.PhotometricInterpretation == "PALETTE COLOR":
        return _rgb(_palette(pixels, header))
    if int(header.SamplesPerPixel) > 1:
        return _rgb(pixels)
    return _significant_bits(pixels, header) if plain else pixels


def _check_length(header: Dataset) -> None:
    needed = int(header.Rows) * int(header.Columns) * int(header.SamplesPerPixel) * int(header.BitsAllocated)
    if header.PhotometricInterpretation == "YBR_FULL_422":
        needed = needed * 2 // 3
    if len(header.PixelData) < needed // 8:
        raise UndecodableImage("DICOM", "its pixel data end too early")


def _check_codestream(header: Dataset) -> None:
    """A small header before a huge codestream would have the codec allocate what the limits forbid."""
    frame = get_frame(header.PixelData, 0, number_of_frames=1)
    size = codestream_size(frame)
    if size is not None and size != (int(header.Rows), int(header.Columns)):
        raise UndecodableImage("DICOM", "its header and its compressed image differ in size")


def _significant_bits(pixels: np.ndarray, header: Dataset) -> np.ndarray:
    allocated = pixels.dtype.itemsize * 8
    stored = int(header.BitsStored)
    high = int(header.get("HighBit", stored - 1))
    if not stored - 1 <= high < allocated:
        high = stored - 1
    shifted: np.ndarray = (pixels << (allocated - 1 - high)) >> (allocated - stored)
    return shifted


def _correct_depth(header: Dataset, stored: np.ndarray) -> None:
    """Compressed pictures may hold more bits than their header says; the header is what gets corrected."""
    bits = int(header.BitsStored)
    lowest, highest = (
        (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if stored.dtype.kind == "i" else (0, 2**bits - 1)
    )
    if stored.min() < lowest or stored.max() > highest:
        header.BitsStored = stored.dtype.itemsize * 8


def _palette(pixels: np.ndarray, header: Dataset) -> np.ndarray:
    from pydicom.pixels import apply_color_lut

    colours: np.ndarray = apply_color_lut(pixels, header)
    return colours


def _rgb(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype.itemsize > 1:
        pixels = pixels >> (8 * (pixels.dtype.itemsize - 1))
    return np.ascontiguousarray(pixels[..., :3], dtype=np.uint8)
