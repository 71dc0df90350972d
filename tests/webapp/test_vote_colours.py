"""The steps of the agreement map are told apart by everybody: evenly lighter, apart in every colour blindness, seen on black."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from webapp.studies.view.vote_colours import vote_colours

LINEAR_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
# Machado, Oliveira and Fernandes 2009, doi 10.1109/TVCG.2009.113: full loss of one kind of cone, on linear RGB.
SEEN = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear(colour: str) -> np.ndarray:
    share = np.array(list(bytes.fromhex(colour[1:]))) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """Linear RGB as CIELAB (D65)."""
    xyz = LINEAR_TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@pytest.mark.parametrize("models", range(2, 7))
def test_each_step_is_as_much_lighter_as_the_one_before(models: int) -> None:
    lightness = [lab(linear(colour))[0] for colour in vote_colours(models)]
    steps = np.diff(lightness)

    assert len(steps) == models - 1
    assert steps.min() > 0.8 * steps.max() > 0


@pytest.mark.parametrize("eyes", SEEN)
@pytest.mark.parametrize("models", range(2, 7))
def test_neighbouring_steps_stay_apart_in_every_colour_blindness(models: int, eyes: str) -> None:
    seen = [lab(SEEN[eyes] @ linear(colour)) for colour in vote_colours(models)]

    assert min(np.linalg.norm(one - other) for one, other in pairwise(seen)) > 8


@pytest.mark.parametrize("models", range(1, 9))
def test_every_step_is_seen_on_black_and_all_models_are_always_the_same_yellow(models: int) -> None:
    colours = vote_colours(models)

    assert len(set(colours)) == models
    assert colours[-1] == "#fde725"
    luminance = [float(LINEAR_TO_XYZ[1] @ linear(colour)) for colour in colours]
    assert min((value + 0.05) / 0.05 for value in luminance) >= 3
