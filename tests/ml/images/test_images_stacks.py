"""Slices become stacks: multi-frame files are taken apart, series put in order, mixtures refused."""

from __future__ import annotations

import io
import random
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import JPEGLSLossless, RLELossless

from ml.images.decode import decode, stored_slices
from ml.images.errors import Limits, MixedStack, TooManyPixels, TooManySlices, UndecodableImage
from ml.images.stacks import Place, stacks_of
from tests.ml.dicom_files import COLUMNS, ROWS, dicom_bytes, dicom_dataset, slice_values

KEY = b"k" * 32
MANY = Limits(max_frames=10)
OBLIQUE = (1.0, 0.0, 0.0, 0.0, 0.6, -0.8)
NORMAL = np.cross(OBLIQUE[:3], OBLIQUE[3:])


def frames(count: int = 3) -> list[np.ndarray]:
    """Slices that differ in one corner."""
    drawn = [slice_values() for _ in range(count)]
    for number, values in enumerate(drawn):
        values[:8, :8] = 100 * number
    return drawn


def multi_frame(values: list[np.ndarray], **tags: Any) -> Dataset:
    """An enhanced MR: frames with a position each, all else shared."""
    dataset = dicom_dataset(
        values[0], NumberOfFrames=len(values), PixelData=b"".join(v.tobytes() for v in values), **tags
    )
    del dataset.PixelSpacing
    shared = Dataset()
    shared.PixelMeasuresSequence = Sequence([Dataset()])
    shared.PixelMeasuresSequence[0].PixelSpacing = [0.5, 0.75]
    shared.PlaneOrientationSequence = Sequence([Dataset()])
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = list(OBLIQUE)
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for number in range(len(values)):
        group = Dataset()
        group.PlanePositionSequence = Sequence([Dataset()])
        group.PlanePositionSequence[0].ImagePositionPatient = list(-4.0 * number * NORMAL)
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return dataset


def place(at_mm: float | None = None, number: int | None = None, **other: Any) -> Place:
    position = None if at_mm is None else tuple(float(v) for v in at_mm * NORMAL + (3, 0, 0))
    values: dict[str, Any] = {
        "examination": "1",
        "series": "1.1",
        "frame_of_reference": "1.9",
        "series_number": 1,
        "number": number,
        "position": position,
        "directions": OBLIQUE,
        "shape": (64, 64),
    }
    return Place(**{**values, **other})


@pytest.mark.parametrize("packing", ["native", "RLE", "JPEG-LS"])
def test_each_frame_becomes_a_file_of_its_own_with_its_pixels_and_its_place(packing: str) -> None:
    drawn = frames()
    dataset = multi_frame(drawn)
    if packing == "RLE":
        dataset.compress(RLELossless, generate_instance_uid=False)
    elif packing == "JPEG-LS":
        single = [dicom_dataset(values) for values in drawn]
        for one in single:
            one.compress(JPEGLSLossless, generate_instance_uid=False)
        from pydicom.encaps import get_frame

        dataset.PixelData = encapsulate([get_frame(one.PixelData, 0, number_of_frames=1) for one in single])
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = JPEGLSLossless

    kept = list(stored_slices(dicom_bytes(dataset), KEY, MANY))

    for values, stored in zip(drawn, kept, strict=True):
        again = decode(stored.data)
        assert np.array_equal(again.pixels, values)
        assert again.pixel_mm == (0.5, 0.75)
    (stack,) = stacks_of([one.place for one in kept if one.place])
    assert stack.slices == (2, 1, 0)
    assert stack.place_mm == pytest.approx((-8, -4, 0))
    files = [dcmread(io.BytesIO(one.data)) for one in kept]
    assert len({file.SOPInstanceUID for file in files}) == 3
    assert len({file.SeriesInstanceUID for file in files}) == 1
    assert all("1.2.3.4" not in file.SOPInstanceUID for file in files)


def test_frames_are_counted_before_any_is_decoded() -> None:
    data = dicom_bytes(multi_frame(frames(4)))

    with pytest.raises(TooManySlices, match="at most 3"):
        list(stored_slices(data, KEY, Limits(max_frames=3)))
    with pytest.raises(TooManyPixels):
        list(stored_slices(data, KEY, Limits(max_frames=10, max_pixels=3 * ROWS * COLUMNS)))


def test_a_multi_frame_file_that_ends_too_early_is_refused() -> None:
    dataset = multi_frame(frames(3))
    dataset.PixelData = dataset.PixelData[: 2 * ROWS * COLUMNS * 2]

    with pytest.raises(UndecodableImage):
        list(stored_slices(dicom_bytes(dataset), KEY, MANY))


def test_slices_lie_in_order_of_their_place_whatever_their_order_and_number() -> None:
    shuffled = list(range(12))
    random.Random(1).shuffle(shuffled)

    (stack,) = stacks_of([place(4.4 * i, number=99 - i) for i in shuffled])

    assert [shuffled[index] for index in stack.slices] == sorted(shuffled)
    assert np.diff([p for p in stack.place_mm if p is not None]) == pytest.approx(4.4)


def test_without_a_place_the_number_decides() -> None:
    (stack,) = stacks_of([place(number=n) for n in (3, 1, 2)])

    assert stack.slices == (1, 2, 0)
    assert stack.place_mm == (None, None, None)


def test_series_are_told_apart_and_come_by_their_number() -> None:
    t1 = [place(4.0 * i, series="1.2", series_number=2) for i in range(2)]
    stir = [place(4.0 * i, series="1.1", series_number=1) for i in range(3)]

    first, second = stacks_of([*t1, *stir])

    assert (first.slices, second.slices) == ((2, 3, 4), (0, 1))


@pytest.mark.parametrize(
    ("slices", "words"),
    [
        ([place(0), place(4, examination="2")], "more than one examination"),
        ([place(0), place(4, shape=(64, 32))], "differ in size"),
        ([place(0), place(4), place(4)], "same place"),
        ([place(0), place(4, directions=(0.0, 1.0, 0.0, 0.0, 0.0, -1.0))], "different directions"),
        ([place(0), place(4, directions=(-1.0, 0.0, 0.0, 0.0, -0.6, 0.8))], "different directions"),
        ([place(), place(number=1)], "cannot be put in order"),
        ([place(number=1), place(number=1)], "cannot be put in order"),
    ],
)
def test_what_is_no_stack_is_refused_with_a_reason(slices: list[Place], words: str) -> None:
    with pytest.raises(MixedStack, match=words):
        stacks_of(slices)
