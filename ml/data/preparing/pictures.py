"""The images of a source as the published layout holds them: a grey square, and a square mask where there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ml.data.example import NOTHING, DataError, Example
from ml.data.region_mask import LABELME, outlined
from ml.data.square import mask_square, side_of
from ml.images.decode import DecodedImage, decode
from ml.images.errors import ImageError, Limits, UndecodableImage, UnsupportedPixels, check_size
from ml.images.prepare import Preparation, resized

Square = Callable[[DecodedImage, Preparation], np.ndarray]


@dataclass(frozen=True)
class Picture:
    """example: with its new `image_id` and `pixel_mm`. pixels: (S, S) uint8. mask: (S, S) bool, None where there is none."""

    example: Example
    pixels: np.ndarray
    mask: np.ndarray | None


@dataclass
class Found:
    """pictures: of what could be read. broken_images, broken_masks: file, as the source names it, to why it could not."""

    pictures: list[Picture] = field(default_factory=list)
    broken_images: dict[str, str] = field(default_factory=dict)
    broken_masks: dict[str, str] = field(default_factory=dict)


def read_pictures(
    originals: Sequence[Example], source: Path, preparation: Preparation, square: Square
) -> Found:
    """Reads and prepares every image; those that can be read are numbered without gaps, in the source's order."""
    found = Found()
    for original in originals:
        try:
            image = replace(_image(original.path), prepared=original.prepared)
        except (ImageError, OSError) as error:
            found.broken_images[_name(original.path, source)] = _why(error)
            continue
        pixels, mask = image.pixels, None
        if original.region_path is not None:
            try:
                mask = _mask(original.region_path, (pixels.shape[0], pixels.shape[1]))
            except (ImageError, DataError, OSError) as error:
                found.broken_masks[_name(original.region_path, source)] = _why(error)
        shrunk = max(pixels.shape) / side_of(preparation)
        example = replace(
            original,
            image_id=f"img_{len(found.pictures):04d}",
            pixel_mm=None if original.pixel_mm is None else round(original.pixel_mm * shrunk, 4),
            region_kind=original.region_kind if mask is not None or original.region_kind == NOTHING else None,
            prepared=True,
        )
        prepared = None if mask is None else mask_square(mask, preparation)
        found.pictures.append(Picture(example, square(image, preparation), prepared))
    return found


def _image(file: Path) -> DecodedImage:
    """With pixels of any real dtype. Raises ImageError, OSError."""
    return DecodedImage(_array(file), "NPY") if file.suffix.lower() == ".npy" else decode(file.read_bytes())


def _array(file: Path) -> np.ndarray:
    """The slice of a `.npy` file; of a stack, whose shortest side counts its slices, the middle one."""
    try:
        array = np.load(file, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise UndecodableImage("NPY") from error
    if not isinstance(array, np.ndarray) or array.ndim not in (2, 3) or array.dtype.kind not in "uif":
        raise UnsupportedPixels("NPY", "no slice of numbers")
    if array.ndim == 3:
        along = int(np.argmin(array.shape))
        array = np.take(array, array.shape[along] // 2, axis=along)
    check_size(array.shape[0], array.shape[1], Limits())
    if not np.isfinite(array).all():
        raise UnsupportedPixels("NPY", "numbers that are not finite")
    return np.asarray(array)


def _mask(file: Path, shape: tuple[int, int]) -> np.ndarray:
    """(H, W) bool on the image's grid: a picture of 0 / 255 or 0 / 1, or outlines. Raises ImageError, DataError, OSError."""
    if file.suffix.lower() == LABELME:
        return outlined(file, shape)
    grey = decode(file.read_bytes()).pixels
    mask = np.asarray(grey > (127 if grey.max() > 1 else 0))
    return mask if mask.shape == shape else np.asarray(resized(mask.astype(np.float32), *shape) >= 0.5)


def _name(file: Path, source: Path) -> str:
    return (file.relative_to(source) if file.is_relative_to(source) else file).as_posix()


def _why(error: ImageError | DataError | OSError) -> str:
    return f"{error.strerror or error}." if isinstance(error, OSError) else error.sentence
