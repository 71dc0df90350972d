"""The planes of the lesion network: relative to the bone, the same at every size, and back on the image's grid."""

import cv2
import numpy as np
import pytest

from ml.images.lesion_planes import PLANES, SIDE, lesion_view


def drawn(rows=240, columns=320):
    """Grey bone with a bright spot in it, and a brighter one outside; and the region's share."""
    scale = columns / 320
    pixels = np.full((rows, columns), 10.0, np.float32)
    region = np.zeros((rows, columns), np.float32)
    top, bottom, left, right = (int(v * scale) for v in (80, 160, 100, 220))
    region[top:bottom, left:right] = 1
    pixels[top:bottom, left:right] = 50
    pixels[int(110 * scale) : int(120 * scale), int(140 * scale) : int(150 * scale)] = 130
    pixels[int(20 * scale) : int(32 * scale), int(20 * scale) : int(32 * scale)] = 200
    return cv2.GaussianBlur(pixels, (0, 0), 1.5 * scale), region


def test_brightness_is_told_in_medians_of_the_bone_whatever_the_scanner_makes_of_it():
    pixels, region = drawn()

    plain, other = (lesion_view(p, region, None) for p in (pixels, pixels * 7.5 + 300))

    assert plain.planes.shape == (SIDE, SIDE, PLANES)
    assert np.median(plain.planes[plain.region, 0]) == pytest.approx(1, abs=0.01)
    assert np.allclose(plain.planes, other.planes, atol=0.01)


def test_the_spot_stands_out_from_the_bone_around_it():
    view = lesion_view(*drawn(), None)
    row, column = round(115 * SIDE / 320) + (SIDE - round(240 * SIDE / 320)) // 2, round(145 * SIDE / 320)

    against_bone = view.planes[row, column, 5:8]

    assert (against_bone > 0.8).all()
    assert np.abs(np.median(view.planes[view.region, 5])) < 0.1


def test_bright_is_what_lies_well_above_the_bones_median_over_some_millimetres():
    pixels, region = drawn()
    spot = (pixels > 1.7 * 50) & (region > 0)
    all_but_the_spot = np.where(spot, 0, region)
    wide = pixels.copy()
    wide[80:160, 100:130] = 130

    shares = [
        lesion_view(p, r, None).bright_share
        for p, r in ((pixels, region), (pixels, all_but_the_spot), (wide, region))
    ]

    assert shares[0] == pytest.approx(spot.sum() / region.sum(), rel=0.4)
    assert shares[1] < shares[0] / 2
    assert shares[2] == pytest.approx(0.25 + shares[0], abs=0.02)


def test_a_single_bright_pixel_is_noise():
    pixels, region = drawn()
    noisy = pixels.copy()
    noisy[90:150:10, 170:210:10] = 130

    assert lesion_view(noisy, region, None).bright_share == lesion_view(pixels, region, None).bright_share


def test_a_larger_picture_of_the_same_anatomy_looks_the_same():
    small, large = (lesion_view(*drawn(240 * k, 320 * k), None) for k in (1, 2))
    inside = small.region & large.region
    depth = small.planes[..., 14]

    assert np.median(np.abs(small.planes - large.planes)[inside & (depth > 4)]) < 0.05


def test_a_known_spacing_sets_the_scale_and_the_usual_one_changes_nothing():
    pixels, region = drawn()

    unknown, usual, wide = (lesion_view(pixels, region, mm) for mm in (None, (0.625, 0.625), (1.25, 1.25)))

    assert np.allclose(unknown.planes, usual.planes)
    depth = 14
    assert wide.planes[..., depth].max() == pytest.approx(2 * usual.planes[..., depth].max(), rel=1e-4)


def test_what_is_found_lies_where_it_was():
    pixels, region = drawn()
    view = lesion_view(pixels, region, None)

    back = view.geometry.to_image(view.region.astype(np.float32))

    assert back.shape == pixels.shape
    assert ((back > 0.5) != (region > 0.5)).mean() < 0.005


def test_without_a_region_there_is_nothing_to_judge():
    pixels, region = drawn()

    assert lesion_view(pixels, np.zeros_like(region), None) is None


def test_a_picture_of_one_grey_value_is_no_division_by_nothing():
    view = lesion_view(np.full((64, 64), 7), np.ones((64, 64), np.float32), None)

    assert np.isfinite(view.planes).all()
