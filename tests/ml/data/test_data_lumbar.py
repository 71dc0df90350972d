"""The lumbar data set's own layout."""

from pathlib import Path

import pytest

from ml.data import DataError, load
from ml.data.pixel_rules import features_of, labels_of
from ml.images.decode import decode
from tests.ml.data.drawn_sources import lumbar_source, write_table


def test_slices_are_labelled_by_rule_2_over_the_whole_folder(tmp_path: Path) -> None:
    lumbar_source(tmp_path)

    examples = load("lumbar", tmp_path)

    features = [features_of(decode(example.path.read_bytes()).pixels) for example in examples]
    assert [example.labels for example in examples] == labels_of(features, 2)
    assert sum(example.labels["as_status"] for example in examples) == 10


def test_what_a_mask_marks_is_named_by_its_collection(tmp_path: Path) -> None:
    lumbar_source(tmp_path, 2)

    first, second = load("lumbar", tmp_path)

    assert (first.patient_id, first.sequence, first.part) == ("p0", "T2 TSE", None)
    assert (first.source, first.region_kind) == ("Chu2015", "Chu2015")
    assert (second.source, second.region_kind) == ("SPIDER", "SPIDER")
    assert second.region_path == tmp_path / "masks/1.png"


def test_a_slice_that_cannot_be_read_has_no_labels_and_no_part_in_the_rule(tmp_path: Path) -> None:
    lumbar_source(tmp_path, 6)
    alone = [example.labels for example in load("lumbar", lumbar_source(tmp_path / "five", 5))]
    (tmp_path / "images/5.png").write_bytes(b"no picture")

    *others, broken = load("lumbar", tmp_path)

    assert broken.labels == {}
    assert len(others) == len(alone) == 5
    assert all(example.labels for example in others)


@pytest.mark.parametrize("column", ["image_id", "file"])
def test_a_table_without_a_needed_column_is_refused(column: str, tmp_path: Path) -> None:
    row = {"image_id": "i", "file": "i.png", "mask": ""}
    del row[column]
    write_table(tmp_path / "labels.csv", [row])

    with pytest.raises(DataError, match=column):
        load("lumbar", tmp_path)


@pytest.mark.parametrize("gone", ["images/1.png", "masks/1.png"])
def test_a_row_whose_file_is_not_there_is_named(gone: str, tmp_path: Path) -> None:
    lumbar_source(tmp_path, 2)
    (tmp_path / gone).unlink()

    with pytest.raises(DataError, match=gone):
        load("lumbar", tmp_path)
