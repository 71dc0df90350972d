"""Values of a DICOM header that may be anything: numbers and words that are what they should be, or None."""

import math

from pydicom import Dataset
from pydicom.multival import MultiValue

from ml.images.stacks import Place

_MALFORMED = (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError, NotImplementedError)

# functional groups of enhanced objects (PS3.3 C.7.6.16.2) whose content a classic header has at its top
_GROUPS = (
    "PixelMeasuresSequence",
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "FrameVOILUTSequence",
    "PixelValueTransformationSequence",
    "FrameAnatomySequence",
)
_GROUPED = (
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "RescaleSlope",
    "RescaleIntercept",
)


def numbers(header: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """Exactly `count` finite numbers, or None."""
    try:
        value = header.get(keyword)
        values = tuple(
            float(part) for part in (value if isinstance(value, MultiValue | list | tuple) else [value])
        )
    except _MALFORMED:
        return None
    return values if len(values) == count and all(math.isfinite(part) for part in values) else None


def number(header: Dataset, keyword: str) -> float | None:
    """The first number of an element that may have several, or None."""
    try:
        value = header.get(keyword)
        first = float(value[0] if isinstance(value, MultiValue | list | tuple) else value)
    except _MALFORMED:
        return None
    return first if math.isfinite(first) else None


def words(header: Dataset, keyword: str) -> tuple[str, ...]:
    """The element's texts in capitals, stripped; empty where there are none."""
    try:
        value = header.get(keyword)
        parts = value if isinstance(value, MultiValue | list | tuple) else [value]
        return tuple(str(part).strip().upper() for part in parts if part is not None)
    except _MALFORMED:
        return ()


def word(header: Dataset, keyword: str) -> str:
    """The element's first text in capitals, or ""."""
    return next(iter(words(header, keyword)), "")


def pixel_mm(header: Dataset) -> tuple[float, float] | None:
    """(row spacing, column spacing) in mm: of the patient, else of the detector (PS3.3 10.7.1.3)."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        spacing = numbers(header, keyword, 2)
        if spacing and min(spacing) > 0:
            return spacing[0], spacing[1]
    return None


def orientation(header: Dataset) -> str | None:
    """The six direction cosines joined by backslashes, or None."""
    cosines = numbers(header, "ImageOrientationPatient", 6)
    return "\\".join(f"{value:g}" for value in cosines) if cosines else None


def laterality(header: Dataset) -> str | None:
    """ "R", "L", "B" (both) or "U" (unpaired), or None."""
    for keyword in ("ImageLaterality", "FrameLaterality", "Laterality"):
        if word(header, keyword) in ("R", "L", "B", "U"):
            return word(header, keyword)
    return None


def place_of(header: Dataset, shape: tuple[int, int]) -> Place:
    """Where a flattened header says that its slice of this shape (rows, columns) belongs."""
    series_number, instance = number(header, "SeriesNumber"), number(header, "InstanceNumber")
    return Place(
        examination=str(header.get("StudyInstanceUID") or ""),
        series=str(header.get("SeriesInstanceUID") or ""),
        frame_of_reference=str(header.get("FrameOfReferenceUID") or ""),
        series_number=None if series_number is None else int(series_number),
        number=None if instance is None else int(instance),
        position=numbers(header, "ImagePositionPatient", 3),
        directions=numbers(header, "ImageOrientationPatient", 6),
        shape=shape,
    )


def flattened(header: Dataset) -> Dataset:
    """The header with the functional groups of its one frame at its top, where a classic header has them."""
    for shelf in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        for group in _items(header, shelf)[:1]:
            for item in (item for name in _GROUPS for item in _items(group, name)[:1]):
                _lift(item, header)
    return header


def _items(dataset: Dataset, keyword: str) -> list[Dataset]:
    return list(dataset.get(keyword) or [])


def _lift(item: Dataset, header: Dataset) -> None:
    for keyword in _GROUPED:
        if keyword in item and keyword not in header:
            header[keyword] = item[keyword]
