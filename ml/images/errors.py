"""What can be wrong with a file: each error has a sentence to act on, and the HTTP status it deserves."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Limits:
    """What a file may be, checked before any pixel is decoded.

    max_bytes: size of the file. max_pixels: rows x columns x frames. min_side: the shorter side in pixels.
    max_frames: of a DICOM, where more than one is wanted.
    """

    max_bytes: int = 20 * 2**20
    max_pixels: int = 64_000_000
    min_side: int = 32
    max_frames: int = 1


class ImageError(Exception):
    """A file that is not read. `sentence` is for people, `code` for programs, `status` for HTTP."""

    code: ClassVar[str] = "image"
    status: ClassVar[int] = 422

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class EmptyFile(ImageError):
    code = "empty_file"

    def __init__(self) -> None:
        super().__init__("The file is empty. Please export the image again and upload the new file.")


class UnknownType(ImageError):
    code = "unknown_type"
    status = 415

    def __init__(self) -> None:
        super().__init__(
            "This file is no image that can be read here, whatever its name says. "
            "Please upload a PNG, JPEG, TIFF, WebP or DICOM file."
        )


class TooManyBytes(ImageError):
    code = "too_many_bytes"
    status = 413

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"The file has {_megabytes(size)}; at most {_megabytes(limit)} are accepted.")


class TooManyPixels(ImageError):
    code = "too_many_pixels"
    status = 413

    def __init__(self, size: tuple[int, int] | None, limit: int) -> None:
        """size: (rows, columns), None where the decoder refused before it told them."""
        says = f"has {size[1]:,} x {size[0]:,} pixels" if size else "is larger than any slice"
        super().__init__(
            f"The image says that it {says}; at most {limit / 1e6:,.0f} million pixels are accepted."
        )


class TooManyFrames(ImageError):
    code = "too_many_frames"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The file holds more than one image ({what}). Please upload the one slice that shall be read."
        )


class TooManySlices(ImageError):
    code = "too_many_slices"
    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"There are more than {limit:,} slices; at most {limit:,} are read together. Please upload a part of them."
        )


class MixedStack(ImageError):
    """Slices that are no stack; the sentence says why."""

    code = "mixed_stack"


class TooSmall(ImageError):
    code = "too_small"

    def __init__(self, rows: int, columns: int, least: int) -> None:
        super().__init__(
            f"The image has only {columns} x {rows} pixels; "
            f"each side needs at least {least} pixels to show anything that can be read."
        )


class UndecodableImage(ImageError):
    code = "undecodable"

    def __init__(self, format: str, why: str = "it is damaged or not complete") -> None:
        super().__init__(f"The {format} file cannot be decoded: {why}. Please export the image again.")


class UnsupportedPixels(ImageError):
    code = "unsupported_pixels"

    def __init__(self, format: str, what: str) -> None:
        super().__init__(
            f"The {format} file holds pixels of a kind that is not read here ({what}). "
            "Please export the image as 8 or 16 bit grey."
        )


class NoPixelData(ImageError):
    code = "no_pixel_data"

    def __init__(self) -> None:
        super().__init__(
            "The DICOM file holds no image: it may be a report, a plan or a directory, or its end is missing. "
            "Please upload the whole file of the slice itself."
        )


class UnknownTransferSyntax(ImageError):
    code = "unknown_transfer_syntax"

    def __init__(self, uid: str) -> None:
        super().__init__(
            f"The DICOM file is compressed in an unknown way (transfer syntax {uid or 'not named'}). "
            "Please export it uncompressed, as Explicit VR Little Endian."
        )


def check_size(rows: int, columns: int, limits: Limits) -> None:
    """What a header says of the picture's size. Raises TooManyPixels or TooSmall."""
    if rows * columns > limits.max_pixels:
        raise TooManyPixels((rows, columns), limits.max_pixels)
    if min(rows, columns) < limits.min_side:
        raise TooSmall(rows, columns, limits.min_side)


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.3g} MB"
