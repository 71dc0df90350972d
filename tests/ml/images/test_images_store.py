"""Pictures that are kept say exactly what was put into them."""

import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from ml.images.store import heatmap_png, mask_png, preview_png, read_heatmap, read_mask
from tests.phantoms import sacroiliac_slice

shapes = st.tuples(st.integers(1, 40), st.integers(1, 40))


@settings(deadline=None, max_examples=40)
@given(arrays(bool, shapes))
def test_a_mask_survives_its_file(mask: np.ndarray) -> None:
    data = mask_png(mask)

    assert Image.open(io.BytesIO(data)).mode == "1"
    assert (read_mask(data) == mask).all()


@settings(deadline=None, max_examples=40)
@given(arrays(np.float32, shapes, elements=st.floats(0, 1, width=32)))
def test_a_heatmap_survives_its_file_to_16_bits(heatmap: np.ndarray) -> None:
    again = read_heatmap(heatmap_png(heatmap))

    assert again.dtype == np.float32
    assert np.abs(again - heatmap).max() <= 0.5 / 65535 + 1e-6


def test_a_heatmap_file_is_grey_of_16_bits() -> None:
    assert Image.open(io.BytesIO(heatmap_png(np.ones((4, 4), np.float32)))).mode.startswith("I;16")


def test_numbers_that_are_none_do_not_reach_a_heatmap() -> None:
    assert (read_heatmap(heatmap_png(np.array([[np.nan, np.inf, -1.0, 2.0]]))) == [[0, 1, 0, 1]]).all()


def test_a_preview_shows_the_slice_in_its_own_window_on_its_own_grid() -> None:
    deep = sacroiliac_slice(96)[:, :70].astype(np.uint16) * 3

    preview = np.asarray(Image.open(io.BytesIO(preview_png(deep))))

    assert preview.dtype == np.uint8
    assert preview.shape == deep.shape
    assert (preview.min(), preview.max()) == (0, 255)
