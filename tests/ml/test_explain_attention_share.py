"""Attention is counted where it lies, and beside it what chance alone would give."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.explain.attention_share import attention_share

SHAPE = (10, 10)


def block(rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[rows, columns] = True
    return mask


LESION = block(slice(2, 4), slice(2, 7))  # 10 pixels, 6 of them in the region
REGION = block(slice(0, 10), slice(0, 5))  # 50 pixels


def test_an_even_heatmap_has_the_shares_of_the_pixels_and_points_at_nothing():
    share = attention_share(np.full(SHAPE, 0.3, np.float32), LESION, REGION)

    assert (share.lesion_of_image, share.region_of_image, share.both_of_image) == (0.1, 0.5, 0.06)
    assert (share.in_lesion, share.in_region, share.in_both) == pytest.approx((0.1, 0.5, 0.06))
    assert not share.points_at_lesion


def test_attention_is_weighed_by_its_strength():
    heatmap = np.zeros(SHAPE, np.float32)
    heatmap[2, 2], heatmap[2, 6], heatmap[9, 9] = 1.0, 0.5, 0.5  # in both, in the lesion only, in neither

    share = attention_share(heatmap, LESION, REGION)

    assert (share.in_lesion, share.in_region, share.in_both) == (0.75, 0.5, 0.5)


@pytest.mark.parametrize(("place", "hit"), [((3, 6), True), ((9, 9), False)])
def test_the_pointing_game_asks_for_the_highest_place_only(place: tuple[int, int], hit: bool):
    heatmap = np.where(LESION, 0.6, 0.0)
    heatmap[place] = 1.0

    assert attention_share(heatmap, LESION, REGION).points_at_lesion is hit


def test_of_several_highest_pixels_most_must_lie_in_the_lesion():
    heatmap = np.zeros(SHAPE)
    heatmap[3, 2:9] = 1.0  # five of seven

    assert attention_share(heatmap, LESION, REGION).points_at_lesion
    heatmap[9, :4] = 1.0  # five of eleven
    assert not attention_share(heatmap, LESION, REGION).points_at_lesion


def test_an_empty_heatmap_has_no_share():
    assert attention_share(np.zeros(SHAPE), LESION, REGION) is None


def test_maps_of_different_grids_are_refused():
    with pytest.raises(ValueError, match=r"heatmap=\(5, 5\)"):
        attention_share(np.ones((5, 5)), LESION, REGION)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3))
def test_shares_add_up_and_do_not_depend_on_the_heatmaps_scale(seed: int, scale: float):
    generator = np.random.default_rng(seed)
    heatmap = generator.random(SHAPE)
    lesion, region = generator.random((2, *SHAPE)) > 0.5

    share = attention_share(heatmap, lesion, region)
    outside = attention_share(heatmap, ~lesion, region)

    assert share.in_lesion + outside.in_lesion == pytest.approx(1)
    assert share.in_both + outside.in_both == pytest.approx(share.in_region)
    assert astuple(attention_share(scale * heatmap, lesion, region)) == pytest.approx(astuple(share))
