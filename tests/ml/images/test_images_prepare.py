"""The way into a network's square and back."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.images.prepare import Preparation, prepare, prepare_mask
from ml.images.window import percentile_window
from tests.phantoms import noise, sacroiliac_slice

sides = st.integers(64, 700)


def _disc(rows: int, columns: int, x: float, y: float, radius: float) -> np.ndarray:
    down, across = np.mgrid[:rows, :columns]
    reach = radius * min(rows, columns)
    return (down - y * rows) ** 2 + (across - x * columns) ** 2 < reach**2


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


@settings(max_examples=60, deadline=None)
@given(
    rows=sides,
    columns=sides,
    x=st.floats(0.3, 0.7),
    y=st.floats(0.3, 0.7),
    radius=st.floats(0.25, 0.45),
    fit=st.sampled_from(["pad", "squash"]),
)
def test_a_region_comes_back_to_where_it_was(rows, columns, x, y, radius, fit) -> None:
    preparation = Preparation(256, fit)
    region = _disc(rows, columns, x, y, radius)
    prepared = prepare(region.astype(np.uint8) * 200, preparation)

    back = prepared.geometry.to_image(prepare_mask(region, preparation))

    assert back.shape == (rows, columns)
    assert back.dtype == np.float32
    if max(rows, columns) / min(rows, columns) < 3:
        assert _dice(back > 0.5, region) > 0.98


@settings(max_examples=40, deadline=None)
@given(rows=sides, columns=sides, size=st.sampled_from([128, 224, 256]))
def test_the_square_has_its_size_range_and_type(rows: int, columns: int, size: int) -> None:
    pixels = np.random.default_rng(rows).integers(0, 4096, (rows, columns), dtype=np.uint16)

    prepared = prepare(pixels, Preparation(256, "pad"), size)

    assert prepared.pixels.shape == (size, size)
    assert prepared.pixels.dtype == np.float32
    assert prepared.pixels.min() >= 0
    assert prepared.pixels.max() <= 1 + 1e-6


def test_a_square_slice_is_windowed_then_resized_by_area() -> None:
    pixels = sacroiliac_slice(336)

    prepared = prepare(pixels, Preparation(256, "pad"))

    expected = cv2.resize(percentile_window(pixels), (256, 256), interpolation=cv2.INTER_AREA)
    assert np.array_equal(prepared.pixels, expected)


def test_a_narrow_slice_stands_in_the_middle_of_zeros() -> None:
    prepared = prepare(np.full((200, 100), 7, np.uint8) + noise(200)[:, :100] // 4, Preparation(256, "pad"))

    assert (prepared.pixels[:, :64] == 0).all()
    assert (prepared.pixels[:, 192:] == 0).all()
    assert prepared.pixels[:, 64:192].mean() > 0.2


def test_squash_fills_the_square() -> None:
    mask = prepare_mask(np.ones((200, 100), bool), Preparation(64, "squash"))

    assert np.allclose(mask, 1)


def test_a_map_of_a_deeper_layer_goes_back_as_well() -> None:
    prepared = prepare(sacroiliac_slice(300)[:, :200], Preparation(256, "pad"))
    coarse = np.zeros((8, 8), np.float32)
    coarse[:4] = 1

    back = prepared.geometry.to_image(coarse)

    assert back.shape == (300, 200)
    assert back[:100].min() > 0.9
    assert back[200:].max() < 0.1


def test_a_very_long_image_needs_no_square_of_its_length() -> None:
    long = np.tile(np.arange(32, dtype=np.uint8)[:, None], (1, 1_000_000))

    prepared = prepare(long, Preparation(256, "pad"))

    assert prepared.geometry.to_image(prepared.pixels).shape == long.shape


@settings(max_examples=40, deadline=None)
@given(
    slope=st.integers(1, 15),
    offset=st.integers(0, 1000),
)
def test_the_window_does_not_care_for_scale_and_offset(slope: int, offset: int) -> None:
    pixels = sacroiliac_slice(64).astype(np.uint16)

    scaled = percentile_window(pixels * np.uint16(slope) + np.uint16(offset))

    assert np.allclose(scaled, percentile_window(pixels), atol=1e-4)


def test_the_window_cuts_half_a_percent_on_both_sides() -> None:
    window = percentile_window(np.arange(10_000, dtype=np.uint16).reshape(100, 100))

    assert (window == 0).sum() == pytest.approx(50, abs=2)
    assert (window == 1).sum() == pytest.approx(50, abs=2)


def test_a_picture_of_one_value_becomes_zeros() -> None:
    assert (percentile_window(np.full((40, 40), 9, np.uint8)) == 0).all()


def test_a_picture_that_is_nearly_all_background_keeps_what_it_shows() -> None:
    pixels = np.zeros((200, 200), np.uint8)
    pixels[100, 100:120] = 50

    assert percentile_window(pixels)[100, 110] == 1
