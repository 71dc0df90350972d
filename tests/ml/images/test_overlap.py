"""How masks lie over each other: votes a pixel, Dice of a pair, and the palette picture of the votes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from ml.images.overlap import dice, votes
from ml.images.store import indexed_png, mask_png, read_mask

masks = hnp.arrays(bool, (5, 7))


@settings(deadline=None)
@given(st.lists(masks, min_size=1, max_size=6))
def test_every_pixel_counts_the_masks_that_mark_it(given_masks: list[np.ndarray]) -> None:
    counted = votes(given_masks)

    assert counted.dtype == np.uint8
    for row, column in np.ndindex(5, 7):
        assert counted[row, column] == [bool(mask[row, column]) for mask in given_masks].count(True)


@settings(deadline=None)
@given(masks, masks)
def test_dice_is_symmetric_whole_for_the_same_and_nothing_without_a_common_pixel(
    one: np.ndarray, other: np.ndarray
) -> None:
    assert dice(one, other) == dice(other, one)
    assert 0.0 <= dice(one, other) <= 1.0
    assert dice(one, one) == 1.0
    assert (dice(one, ~one)) == 0.0
    assert (dice(one, other) == 0.0) == (bool((one | other).any()) and not (one & other).any())


def test_an_empty_mask_agrees_with_an_empty_one_only() -> None:
    empty, some = np.zeros((4, 4), bool), np.eye(4, dtype=bool)

    assert (dice(empty, empty), dice(empty, some)) == (1.0, 0.0)
    assert votes([empty, empty]).max() == 0
    assert dice(np.array([True, True, False]), np.array([False, True, False])) == pytest.approx(2 / 3)


def test_masks_that_cannot_be_laid_over_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="no mask"):
        votes([])
    with pytest.raises(ValueError, match="one grid"):
        votes([np.zeros((4, 4), bool), np.zeros((1, 4), bool)])


@settings(deadline=None)
@given(hnp.arrays(np.uint8, (3, 4), elements=st.integers(0, 2)))
def test_the_picture_of_the_votes_is_transparent_without_any_and_coloured_by_number(
    counted: np.ndarray,
) -> None:
    with Image.open(io.BytesIO(indexed_png(counted, ("#102030", "#405060")))) as picture:
        pixels = np.asarray(picture.convert("RGBA"))

    shown = {0: (0, 0, 0, 0), 1: (16, 32, 48, 255), 2: (64, 80, 96, 255)}
    assert [tuple(map(int, pixel)) for pixel in pixels.reshape(-1, 4)] == [
        shown[int(value)] for value in counted.ravel()
    ]


def test_a_number_without_a_colour_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a colour"):
        indexed_png(np.full((2, 2), 3, np.uint8), ("#102030", "#405060"))


@settings(deadline=None)
@given(masks)
def test_a_stored_mask_is_counted_as_it_was_kept(mask: np.ndarray) -> None:
    assert np.array_equal(votes([read_mask(mask_png(mask)), mask]), 2 * mask)
