"""Compressed DICOM frames to pixels, so that a damaged one takes nothing with it."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.pixels import get_decoder
from pydicom.uid import UID

# The first that is installed and knows the compression. pydicom's own RLE and Pillow decode in this process. Damaged
# JPEG-LS keeps CharLS busy for ever and damaged lossless JPEG makes GDCM abort its process, so these have their own.
_CODECS = ("pydicom", "pillow", "pyjpegls", "gdcm")
_TRUSTED = ("pydicom", "pillow")

_SECONDS = 60

_DESCRIPTION = (
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PixelRepresentation",
    "PlanarConfiguration",
    "BitsAllocated",
    "BitsStored",
)
_OPTIONS = (
    "rows",
    "columns",
    "samples_per_pixel",
    "photometric_interpretation",
    "pixel_representation",
    "planar_configuration",
    "bits_allocated",
    "bits_stored",
)


class CodecFailed(Exception):
    """A codec that ended without pixels; what it said is the cause's standard error."""


def decompressed(header: Dataset) -> np.ndarray:
    """The only frame of an encapsulated data set: (H, W) or (H, W, 3), YBR turned to RGB.

    Raises CodecFailed, or whatever an in-process codec raises.
    """
    syntax = UID(header.file_meta.TransferSyntaxUID)
    plugins = get_decoder(syntax).available_plugins
    codec = next(name for name in _CODECS if name in plugins)
    if codec in _TRUSTED:
        return _here(header, syntax, codec)
    return _apart(header, syntax, codec)


def _here(header: Dataset, syntax: UID, codec: str) -> np.ndarray:
    # RLE carries the unused high bits along; the caller cuts them off by High Bit
    pixels: np.ndarray
    pixels, _ = get_decoder(syntax).as_array(
        header, index=0, decoding_plugin=codec, correct_unused_bits=codec != "pydicom"
    )
    return pixels


def _apart(header: Dataset, syntax: UID, codec: str) -> np.ndarray:
    description: dict[str, str | int] = {
        option: value if isinstance(value, str) else int(value)
        for option, value in zip(_OPTIONS, (header.get(keyword, 0) for keyword in _DESCRIPTION), strict=True)
    }
    description |= {"number_of_frames": 1, "pixel_keyword": "PixelData"}
    program = str(Path(__file__).with_name("codec_child.py"))
    try:
        # -P: the child's own folder is no place to import from
        ended = subprocess.run(  # noqa: S603 - our own program; nothing of the file is on its command line but numbers
            [sys.executable, "-P", program, codec, str(syntax), json.dumps(description)],
            input=header.PixelData,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise CodecFailed(f"codec {codec} did not decode the frame") from error
    pixels: np.ndarray = np.load(io.BytesIO(ended.stdout), allow_pickle=False)
    return pixels
