"""One look at an image: its size, what names its pixels, what names its looks, or why it cannot be read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.data.auditing.perceptual_hash import perceptual_hash
from ml.images.decode import decode
from ml.images.errors import ImageError


@dataclass(frozen=True)
class Look:
    """What an audit keeps of an image.

    Args:
        shape: (rows, columns); None where the image cannot be read.
        digest: SHA-256 of its pixels, whatever file they came in.
        hash: perceptual hash; None for a blank image, which looks like every other blank one.
        blank: it has one grey value only.
        error: a sentence, where it cannot be read.
    """

    shape: tuple[int, int] | None = None
    digest: str | None = None
    hash: int | None = None
    blank: bool = False
    error: str | None = None


def look_at(file: Path) -> Look:
    """Reads an image once; whatever is wrong with the file is part of the answer."""
    try:
        pixels = decode(file.read_bytes()).pixels
    except ImageError as error:
        return Look(error=error.sentence)
    except OSError as error:
        return Look(error=f"{error.strerror or error}.")
    shape = (pixels.shape[0], pixels.shape[1])
    digest = hashlib.sha256(f"{shape} {pixels.dtype}".encode() + np.ascontiguousarray(pixels).tobytes())
    blank = bool(pixels.min() == pixels.max())
    return Look(shape, digest.hexdigest(), None if blank else perceptual_hash(pixels), blank)
