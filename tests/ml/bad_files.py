"""Files that must not be read, each with the error that it deserves (None: it is odd but fine).

`BAD_FILES` maps a name to the function that builds the bytes and the expected error class; `bad_file(name)` builds.
"""

import functools
import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from ml.images import errors
from tests.ml.dicom_files import dicom_bytes, dicom_dataset, uncommon_syntax
from tests.phantoms import colour_photograph, sacroiliac_slice


def encoded(pixels: np.ndarray, format: str, **options: Any) -> bytes:
    """Pixels as a file of Pillow's `format`."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format, **options)
    return file.getvalue()


@functools.cache
def bad_file(name: str) -> bytes:
    """The bytes of the bad file `name`."""
    return BAD_FILES[name][0]()


def png_of_size(columns: int, rows: int, packed: bytes = b"") -> bytes:
    """A grey PNG whose header promises columns x rows; `packed` is the zlib stream of its lines."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def png_bomb() -> bytes:
    """30,000 x 30,000 zeros in less than a megabyte: complete and correct, 900 million pixels."""
    columns = rows = 30_000
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    hundred_lines = packer.compress(bytes(100 * (columns + 1))) + packer.flush(zlib.Z_FULL_FLUSH)
    # Adler-32 of n zeros: the first sum stays 1, the second counts the bytes
    checksum = struct.pack(">HH", rows * (columns + 1) % 65521, 1)
    return png_of_size(columns, rows, b"\x78\xda" + hundred_lines * (rows // 100) + packer.flush() + checksum)


def animated(format: str) -> bytes:
    """Two frames as GIF, APNG, animated WebP, or two pages as TIFF."""
    frames = [Image.fromarray(sacroiliac_slice(64, seed=seed)) for seed in (1, 2)]
    file = io.BytesIO()
    frames[0].save(file, format, save_all=True, append_images=frames[1:])
    return file.getvalue()


def truncated(data: bytes, share: float = 0.5) -> bytes:
    """The first part of a file."""
    return data[: int(len(data) * share)]


def _dicom(**changes: Any) -> bytes:
    dataset = dicom_dataset()
    for keyword, value in changes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dicom_bytes(dataset)


def _report() -> bytes:
    report = Dataset()
    report.file_meta = dicom_dataset().file_meta
    report.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    report.SOPClassUID, report.SOPInstanceUID, report.Modality = (
        "1.2.840.10008.5.1.4.1.1.88.11",
        "1.2.3",
        "SR",
    )
    return dicom_bytes(report)


def _sized(format: str, marker: bytes, offset: int, size: bytes) -> bytes:
    """A file whose header is told another size: `size` written `offset` bytes behind `marker`."""
    data = bytearray(encoded(sacroiliac_slice(64), format))
    at = data.index(marker) + offset
    data[at : at + len(size)] = size
    return bytes(data)


def _tiff_bomb() -> bytes:
    data = bytearray(encoded(sacroiliac_slice(64), "TIFF"))
    for tag in (256, 257):
        # entry of a directory: tag, type LONG, one value, the value
        at = data.index(struct.pack("<H", tag) + b"\x04\x00\x01\x00\x00\x00")
        data[at + 8 : at + 12] = struct.pack("<I", 60_000)
    return bytes(data)


def _elements() -> bytes:
    """A DICOM of half a million empty private elements."""
    head = dicom_bytes(dicom_dataset(PixelData=b"\0\0"))[:-14]
    return head + b"".join(
        struct.pack("<HH2sH", 0x7FE1 + at // 65536 * 2, at % 65536, b"SH", 0) for at in range(500_000)
    )


def _inner_bomb() -> bytes:
    """A small header around a JPEG that says 60,000 x 60,000."""
    from tests.ml.dicom_files import as_syntax

    data = bytearray(as_syntax(dicom_dataset(bits=8), "JPEG baseline"))
    frame = data.index(b"\xff\xc0", len(data) // 10)
    data[frame + 5 : frame + 9] = struct.pack(">HH", 60_000, 60_000)
    return bytes(data)


def _deflate_bomb() -> bytes:
    from tests.ml.dicom_files import deflated_bomb

    return deflated_bomb()


def _swapped_preamble(preamble: bytes) -> bytes:
    data = bytearray(dicom_bytes(dicom_dataset()))
    data[: len(preamble)] = preamble
    assert dcmread(io.BytesIO(bytes(data))).Rows
    return bytes(data)


def _photograph() -> bytes:
    return encoded(colour_photograph(), "JPEG", quality=90)


def _slice_png() -> bytes:
    return encoded(sacroiliac_slice(), "PNG")


BAD_FILES: dict[str, tuple[Callable[[], bytes], type[errors.ImageError] | None]] = {
    "empty": (lambda: b"", errors.EmptyFile),
    "text named png": (lambda: b"This is a letter, not an image.\n" * 20, errors.UnknownType),
    "html": (lambda: b"<!DOCTYPE html><html><script>alert(1)</script></html>", errors.UnknownType),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"/>', errors.UnknownType),
    "pdf": (lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n" * 5, errors.UnknownType),
    "gif": (lambda: encoded(sacroiliac_slice(64), "GIF"), errors.UnknownType),
    "animated gif": (lambda: animated("GIF"), errors.UnknownType),
    "bmp": (lambda: encoded(sacroiliac_slice(64), "BMP"), errors.UnknownType),
    "zip": (lambda: b"PK\x03\x04" + bytes(200), errors.UnknownType),
    "only a png signature": (lambda: b"\x89PNG\r\n\x1a\n", errors.UndecodableImage),
    "truncated jpeg": (lambda: truncated(encoded(sacroiliac_slice(), "JPEG")), errors.UndecodableImage),
    "truncated png": (lambda: truncated(_slice_png()), errors.UndecodableImage),
    "truncated tiff": (lambda: truncated(encoded(sacroiliac_slice(), "TIFF")), errors.UndecodableImage),
    "truncated webp": (lambda: truncated(encoded(sacroiliac_slice(), "WEBP")), errors.UndecodableImage),
    "png bomb": (png_bomb, errors.TooManyPixels),
    "png header of 2^31 pixels a side": (lambda: png_of_size(2**31 - 1, 2**31 - 1), errors.TooManyPixels),
    "jpeg bomb": (
        lambda: _sized("JPEG", b"\xff\xc0", 5, struct.pack(">HH", 60_000, 60_000)),
        errors.TooManyPixels,
    ),
    "tiff bomb": (_tiff_bomb, errors.TooManyPixels),
    "webp bomb": (lambda: _sized("WEBP", b"VP8 ", 14, b"\xff\x3f\xff\x3f"), errors.TooManyPixels),
    "tiny jpeg": (lambda: encoded(sacroiliac_slice(16), "JPEG"), errors.TooSmall),
    "animated png": (lambda: animated("PNG"), errors.TooManyFrames),
    "animated webp": (lambda: animated("WEBP"), errors.TooManyFrames),
    "multi-page tiff": (lambda: animated("TIFF"), errors.TooManyFrames),
    "1x1": (lambda: encoded(np.zeros((1, 1), np.uint8), "PNG"), errors.TooSmall),
    "a strip": (lambda: encoded(np.zeros((4, 400), np.uint8), "PNG"), errors.TooSmall),
    "colour photograph": (_photograph, None),
    "dicom without pixel data": (_report, errors.NoPixelData),
    "dicom with empty pixel data": (lambda: _dicom(PixelData=b""), errors.NoPixelData),
    "dicom with unknown transfer syntax": (uncommon_syntax, errors.UnknownTransferSyntax),
    "dicom with truncated pixel data": (
        lambda: _dicom(PixelData=bytes(1000)),
        errors.UndecodableImage,
    ),
    "truncated dicom": (lambda: truncated(dicom_bytes(dicom_dataset())), errors.UndecodableImage),
    "dicom header only": (lambda: bytes(128) + b"DICM", errors.NoPixelData),
    "multi-frame dicom": (
        lambda: _dicom(NumberOfFrames=2, PixelData=bytes(2 * 96 * 80 * 2)),
        errors.TooManyFrames,
    ),
    "dicom of absurd size": (lambda: _dicom(Rows=65535, Columns=65535), errors.TooManyPixels),
    "dicom of a million frames": (lambda: _dicom(NumberOfFrames=1_000_000), errors.TooManyFrames),
    "dicom without rows": (lambda: _dicom(Rows=None), errors.UndecodableImage),
    "dicom of no rows": (lambda: _dicom(Rows=0), errors.TooSmall),
    "dicom of 1 bit": (lambda: _dicom(BitsAllocated=1, BitsStored=1, HighBit=0), errors.UnsupportedPixels),
    "dicom of a million elements": (_elements, errors.UndecodableImage),
    "dicom around a jpeg bomb": (_inner_bomb, errors.UndecodableImage),
    "dicom deflate bomb": (_deflate_bomb, errors.UndecodableImage),
    "dicom that is a tiff as well": (lambda: _swapped_preamble(b"II*\x00\x08\x00\x00\x00"), None),
    "dicom that is a program as well": (lambda: _swapped_preamble(b"MZ\x90\x00"), None),
    "png with a web page behind it": (lambda: _slice_png() + b"<script>alert(1)</script>", None),
    "jpeg with a zip behind it": (
        lambda: encoded(sacroiliac_slice(), "JPEG") + b"PK\x03\x04" + bytes(100),
        None,
    ),
}


def refused_uploads() -> dict[str, int]:
    """Name of a file to the HTTP status with which an upload of it is refused: uploads may be zips and have several frames."""
    statuses = {name: error.status for name, (_, error) in BAD_FILES.items() if error is not None}
    del statuses["multi-frame dicom"]
    return statuses | {"zip": 422, "dicom of a million frames": errors.TooManySlices.status}
