"""The files of one study to its stored slices: rewritten without identity, put in order, in their place all at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ml.images.decode import StoredImage, decode, stored_slices
from ml.images.errors import Limits, TooManyBytes, TooManySlices
from ml.images.stacks import Place, Stack, stacks_of
from ml.images.store import preview_png
from webapp.settings import Settings
from webapp.studies import files
from webapp.studies.parcel import Part, is_dicom

# The frames of one file are in memory together; more pixels than this are refused anyway.
_FRAMES_BYTES = 2 * Limits().max_pixels + 2**20


@dataclass(frozen=True)
class _Kept:
    """A slice whose file is written. values: what its row holds."""

    values: dict[str, Any]
    place: Place | None


def store_slices(uuid: str, parts: Sequence[Part], key: bytes, settings: Settings) -> list[dict[str, Any]]:
    """Make a study's folder of its files, and give the values of its `Image` rows in their order.

    Args:
        key: under which a DICOM's UIDs are mapped.

    Raises:
        ImageError, NotTaken: what is wrong with the files; nothing is left of them.
        DiskFull: so is nothing.
    """
    with files.arriving(uuid) as folder:
        kept: list[_Kept] = []
        for stored in _stored(parts, key, settings):
            if len(kept) >= settings.max_slices:
                raise TooManySlices(settings.max_slices)
            name = f"image{f'-{len(kept) + 1}' if kept else ''}{stored.extension}"
            folder.add(name, stored.data)
            kept.append(_Kept(_values(name, stored), stored.place))
        rows = _in_order(kept)
        middle = stored.image if len(rows) == 1 else decode(folder.read(rows[len(rows) // 2]["file"]))
        folder.add(files.PREVIEW, preview_png(middle.pixels))
    return rows


def _stored(parts: Sequence[Part], key: bytes, settings: Settings) -> Iterator[StoredImage]:
    """Every slice of the files; one that was sent twice is taken once."""
    seen = set()
    for part in parts:
        data = part.read()
        digest = hashlib.sha256(data).digest()
        if digest not in seen:
            seen.add(digest)
            yield from _slices_of(data, key, settings)


def _slices_of(data: bytes, key: bytes, settings: Settings) -> Iterator[StoredImage]:
    most = settings.max_upload_bytes
    if not is_dicom(data[:256]) or len(data) <= most:
        yield from stored_slices(data, key, Limits(max_bytes=most, max_frames=settings.max_slices))
        return
    # Only the frames of a file may have more bytes together than one slice has.
    together = max(most, min(settings.max_stack_bytes, _FRAMES_BYTES))
    slices = stored_slices(data, key, Limits(max_bytes=together, max_frames=settings.max_slices))
    first = next(slices)
    second = next(slices, None)
    if second is None:
        raise TooManyBytes(len(data), most)
    yield first
    yield second
    yield from slices


def _in_order(kept: Sequence[_Kept]) -> list[dict[str, Any]]:
    places = [one.place for one in kept if one.place is not None]
    stacks = stacks_of(places) if len(kept) > 1 else (Stack((0,), (None,)),)
    return [
        kept[index].values | {"position": position, "series": series, "place_mm": place_mm}
        for position, (series, index, place_mm) in enumerate(
            (series, index, place_mm)
            for series, stack in enumerate(stacks)
            for index, place_mm in zip(stack.slices, stack.place_mm, strict=True)
        )
    ]


def _values(name: str, stored: StoredImage) -> dict[str, Any]:
    image = stored.image
    rows, columns = image.pixels.shape
    spacing = image.pixel_mm or (None, None)
    return {
        "file": name,
        "sha256": hashlib.sha256(stored.data).hexdigest(),
        "rows": rows,
        "columns": columns,
        "pixel_mm_row": spacing[0],
        "pixel_mm_column": spacing[1],
        "sequence": image.sequence,
        "orientation": image.orientation,
        "format": image.format,
        "warnings": list(image.warnings),
    }
