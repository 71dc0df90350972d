"""A region's mask: a picture of 0 / 255 or of 0 / 1, or LabelMe's outlines."""

from pathlib import Path

import numpy as np
import pytest

from ml.data import DataError, Example
from ml.data.example import NOTHING
from ml.data.region_mask import grid_of, read_region_mask
from tests.ml.data.drawn_sources import write_image, write_outline


def example(region: Path | None) -> Example:
    return Example("i", Path("i.png"), region_path=region)


@pytest.mark.parametrize("value", [1, 255])
def test_a_picture_is_read_whatever_its_white_is_and_brought_to_the_image(value: int, tmp_path: Path) -> None:
    mask = np.zeros((20, 40), np.uint8)
    mask[:10] = value
    write_image(tmp_path / "m.png", mask)

    assert np.array_equal(read_region_mask(example(tmp_path / "m.png"), (20, 40)), mask > 0)
    larger = read_region_mask(example(tmp_path / "m.png"), (40, 80))
    assert larger[:20].all()
    assert not larger[20:].any()


def test_outlines_are_filled_and_scaled_with_their_image(tmp_path: Path) -> None:
    file = tmp_path / "m.json"
    write_outline(file, [[20, 10], [60, 10], [60, 30], [20, 30]])

    assert grid_of(file) == (50, 100)
    whole = read_region_mask(example(file), (50, 100))
    assert whole[11:29, 21:59].all()
    assert not whole[:9].any()
    assert not whole[32:].any()
    # squashed to a square: half as wide, half as high again
    squashed = read_region_mask(example(file), (75, 50))
    assert squashed[17:44, 11:29].all()
    assert not squashed[:, :9].any()
    assert not squashed[:, 31:].any()


def test_where_there_is_nothing_to_mark_the_region_is_empty_and_not_unknown() -> None:
    nothing = Example("i", Path("i.png"), region_kind=NOTHING)

    assert read_region_mask(nothing, (20, 40)).shape == (20, 40)
    assert not read_region_mask(nothing, (20, 40)).any()


def test_a_box_counts_where_there_is_no_polygon(tmp_path: Path) -> None:
    write_outline(tmp_path / "m.json", [[60, 30], [20, 10]], "rectangle")

    mask = read_region_mask(example(tmp_path / "m.json"), (50, 100))

    assert mask[11:29, 21:59].all()
    assert not mask[32:].any()


def test_an_outline_has_its_area_and_one_smaller_than_a_pixel_is_not_lost(tmp_path: Path) -> None:
    write_outline(tmp_path / "m.json", [[20, 10], [60, 10], [20, 40]])
    write_outline(tmp_path / "tiny.json", [[70.1, 20.1], [70.4, 20.1], [70.4, 20.4]])

    assert read_region_mask(example(tmp_path / "m.json"), (50, 100)).sum() == pytest.approx(600, rel=0.04)
    tiny = read_region_mask(example(tmp_path / "tiny.json"), (50, 100))
    assert np.argwhere(tiny).tolist() == [[20, 70]]


@pytest.mark.parametrize(
    "said",
    [
        "no json",
        "[]",
        '{"shapes": []}',
        '{"imageHeight": 0, "imageWidth": 9, "shapes": []}',
        '{"imageHeight": 9, "imageWidth": 9, "shapes": [{"points": [1, 2]}]}',
        '{"imageHeight": 9, "imageWidth": 9, "shapes": 7}',
    ],
)
def test_outlines_that_are_none_are_named(said: str, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(said)

    with pytest.raises(DataError, match=r"m\.json cannot be read"):
        read_region_mask(example(tmp_path / "m.json"), (9, 9))


def test_a_mask_that_is_no_picture_or_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.png").write_bytes(b"no picture")

    with pytest.raises(DataError, match=r"m\.png cannot be read"):
        read_region_mask(example(tmp_path / "m.png"), (9, 9))
    with pytest.raises(DataError, match="i has no mask"):
        read_region_mask(example(None), (9, 9))
