"""A DICOM data set of several frames to data sets of one frame each, so that all that follows knows single slices only."""

from collections.abc import Iterator

from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.tag import Tag
from pydicom.uid import UID

from ml.images.errors import Limits, TooManyFrames, TooManyPixels, TooManySlices, UndecodableImage

_GROUPS = "PerFrameFunctionalGroupsSequence"
_OF_ALL_FRAMES = {
    Tag(keyword)
    for keyword in (
        *("PixelData", "NumberOfFrames", "ExtendedOffsetTable", "ExtendedOffsetTableLengths"),
        _GROUPS,
    )
}


def single_frames(header: Dataset, limits: Limits) -> Iterator[Dataset]:
    """The data set itself where it has one frame, else one after another. Raises ImageError before the first."""
    count = int(header.get("NumberOfFrames") or 1)
    if count <= 1:
        yield header
        return
    _check(header, count, limits)
    groups = list(header.get(_GROUPS) or [])
    instance, number = str(header.get("SOPInstanceUID") or ""), 0
    for number, (pixels, packed) in enumerate(_pixels(header, count), 1):
        one = Dataset()
        one.file_meta = header.file_meta
        for tag in header.keys() - _OF_ALL_FRAMES:
            # as it was read: what nobody asks for may be malformed
            one[tag] = header.get_item(tag)
        if len(groups) >= number:
            setattr(one, _GROUPS, [groups[number - 1]])
        one.InstanceNumber = number
        # an object of its own now; the name is only hashed
        one.SOPInstanceUID = f"{instance}.{number}" if instance else ""
        one.add_new("PixelData", header["PixelData"].VR, pixels)
        one["PixelData"].is_undefined_length = packed
        yield one
    if number < count:
        raise UndecodableImage("DICOM", "its pixel data end too early")


def _check(header: Dataset, count: int, limits: Limits) -> None:
    if limits.max_frames == 1:
        raise TooManyFrames(f"{count:,} frames")
    if count > limits.max_frames:
        raise TooManySlices(limits.max_frames)
    rows, columns = int(header.Rows), int(header.Columns)
    if rows * columns * count > limits.max_pixels:
        raise TooManyPixels((rows * count, columns), limits.max_pixels)


def _pixels(header: Dataset, count: int) -> Iterator[tuple[bytes, bool]]:
    """Each frame's pixel data, and whether they are encapsulated."""
    if UID(header.file_meta.TransferSyntaxUID).is_encapsulated:
        offsets = None
        if "ExtendedOffsetTable" in header and "ExtendedOffsetTableLengths" in header:
            offsets = (header.ExtendedOffsetTable, header.ExtendedOffsetTableLengths)
        frames = generate_frames(header.PixelData, number_of_frames=count, extended_offsets=offsets)
        for _, frame in zip(range(count), frames, strict=False):
            yield encapsulate([frame]), True
        return
    size = int(header.Rows) * int(header.Columns) * int(header.SamplesPerPixel) * int(header.BitsAllocated)
    if header.PhotometricInterpretation == "YBR_FULL_422":
        size = size * 2 // 3
    size //= 8
    for start in range(0, count * size, size or 1):
        frame = header.PixelData[start : start + size]
        if len(frame) < size:
            return
        yield frame, False
