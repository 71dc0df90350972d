"""From a lesion's measures to status and stage: the heads agree, more is never less, and what was fitted is found again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import tasks
from ml.readout import Extent, Readout, fitted

TASK = tasks.task("sij_mri")
READOUT = Readout(1.3, -4.5, Extent(0.4, 2.8, (-7.8, -5.4)))

measures = st.tuples(st.floats(0, 1), st.floats(0, 1))


def scores(readout, burden, bright_share):
    return readout.scores(burden, bright_share, TASK.ordinal_head, TASK.status_head)


def stages_drawn(generator, burdens, bright_shares):
    """Stages by the rule that `READOUT` states, with its noise."""
    present = READOUT.slope * np.log10(burdens + 1e-5) - READOUT.cut
    reach = 0.4 * np.log10(burdens + 1e-5) + 2.8 * np.log10(bright_shares + 3e-3)
    extent = 1 + np.digitize(reach + generator.logistic(size=len(reach)), READOUT.extent.cuts)
    return np.where(present + generator.logistic(size=len(present)) > 0, extent, 0)


@given(measures)
def test_the_two_heads_never_disagree(measured):
    said = scores(READOUT, *measured)

    assert sum(said["stage"].values()) == pytest.approx(1)
    assert sum(said["as_status"].values()) == pytest.approx(1)
    assert said["as_status"]["Positive"] == pytest.approx(1 - said["stage"]["Normal"])


@given(measures, measures)
def test_more_of_both_measures_is_never_a_lower_stage(one, other):
    less, more = (tuple(pick(pair) for pair in zip(one, other, strict=True)) for pick in (min, max))

    reached = [np.cumsum(list(scores(READOUT, *each)["stage"].values())[::-1]) for each in (less, more)]

    assert (reached[0] <= reached[1] + 1e-9).all()


def test_brightness_decides_how_far_a_lesion_reaches_and_never_whether_there_is_one():
    little, much = (scores(READOUT, 0.01, share) for share in (0.005, 0.4))

    assert little["as_status"] == much["as_status"]
    assert little["stage"]["Early"] > little["stage"]["Advanced"]
    assert much["stage"]["Early"] < much["stage"]["Advanced"]


def test_a_readout_is_found_again_from_what_it_made():
    generator = np.random.default_rng(0)
    burdens, bright_shares = 10 ** generator.uniform(-5, -0.5, 6000), 10 ** generator.uniform(-4, -0.3, 6000)
    stages = stages_drawn(generator, burdens, bright_shares)

    found = fitted(list(zip(burdens, bright_shares, strict=True)), stages, 4)

    assert found.extent.burden_slope == pytest.approx(0.4, abs=0.15)
    assert found.extent.bright_slope == pytest.approx(2.8, rel=0.2)  # the penalty draws it in
    assert found.extent.cuts == pytest.approx((-7.8, -5.4), rel=0.2)
    assert scores(found, 0.3, 0.3)["as_status"]["Positive"] > 0.9
    assert scores(found, 1e-5, 0.3)["as_status"]["Positive"] < 0.4


def test_a_measure_that_falls_with_the_stage_is_left_out_rather_than_turned_round():
    generator = np.random.default_rng(1)
    bright_shares = 10 ** generator.uniform(-3, -0.3, 300)
    stages = np.digitize(np.log10(bright_shares) + 0.2 * generator.normal(size=300), [-2.2, -1.5, -0.9])

    found = fitted(list(zip(0.1 / (1 + 50 * bright_shares), bright_shares, strict=True)), stages, 4)

    assert found.slope == found.extent.burden_slope == 0
    assert found.extent.bright_slope > 1


def test_where_all_images_measure_the_same_the_stages_are_as_frequent_as_they_were():
    found = fitted([(0.01, 0.1)] * 40, [0] * 10 + [1] * 10 + [2] * 10 + [3] * 10, 4)

    assert list(scores(found, 0.01, 0.1)["stage"].values()) == pytest.approx([0.25] * 4, abs=0.01)


def test_a_card_keeps_it_to_four_digits():
    again = Readout.from_plain(READOUT.to_plain())

    assert again == READOUT
