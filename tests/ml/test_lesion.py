"""A lesion's measures, and the rough rule for what lies near the joints."""

import numpy as np
import pytest

from ml.lesion import lesion_of, near_joints


def pelvis():
    """A wide sacrum with wings below, a narrow vertebra above it, an iliac bone at each side."""
    region = np.zeros((100, 100), bool)
    region[40:70, 20:80] = True
    region[10:25, 42:58] = True
    region[75:95, 2:12] = True
    region[75:95, 88:98] = True
    return region


def test_a_lesion_is_counted_in_the_region_only():
    shares = np.zeros((100, 100), np.float32)
    shares[40:50, 20:30] = 0.9
    shares[0:5, 0:20] = 0.9

    lesion = lesion_of(shares, pelvis(), 0.5, (0.5, 2.0), 0.0)

    assert lesion.pixels == 100
    assert lesion.area_mm2 == pytest.approx(100)
    assert lesion.share_of_region == pytest.approx(100 / pelvis().sum())
    assert lesion.burden == pytest.approx(100 * 0.9**32 / pelvis().sum(), rel=1e-4)
    assert lesion.near_joint_share == 1


def test_much_of_what_the_network_is_unsure_of_weighs_less_than_a_little_that_it_is_sure_of():
    unsure, sure = (np.zeros((100, 100), np.float32) for _ in range(2))
    unsure[40:70, 20:80] = 0.7
    sure[40:42, 20:22] = 0.99

    burdens = [lesion_of(shares, pelvis(), 0.9, None, 0.0).burden for shares in (unsure, sure)]

    assert burdens[0] < burdens[1] / 10


def test_without_a_spacing_there_is_no_area_and_without_a_lesion_no_share_near_the_joints():
    lesion = lesion_of(np.zeros((100, 100), np.float32), pelvis(), 0.5, None, 0.0)

    assert (lesion.pixels, lesion.area_mm2, lesion.near_joint_share) == (0, None, None)


def test_a_narrow_part_in_the_middle_is_taken_for_a_vertebra():
    near = near_joints(pelvis())

    assert not near[10:25, 42:58].any()
    assert near[40:70, 20:80].all()
    assert near[75:95, 2:12].all()
    assert near[75:95, 88:98].all()
