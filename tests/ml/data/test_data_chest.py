"""The children's chest radiographs, prepared and as downloaded."""

from collections import Counter
from pathlib import Path

import pytest

from ml.data import DataError, load
from ml.data.split import folds
from tests.ml.data.drawn_sources import chest_folders, chest_table, class_folders

CHEST = Path(__file__).resolve().parents[4] / "shared" / "data" / "chest_xray"


def test_a_prepared_folder_gives_each_image_its_label_its_patient_and_its_official_part(
    tmp_path: Path,
) -> None:
    examples = load("chest_xray", chest_table(tmp_path))

    assert [e.labels["pneumonia"] for e in examples] == [0, 1, 1] * 3
    assert [e.part for e in examples] == ["train"] * 3 + ["val"] * 3 + ["test"] * 3
    assert [e.patient_id for e in examples] == [f"p{n}" for n in range(9)]
    assert all(e.prepared for e in examples)


def test_the_public_set_names_its_patients_in_its_files_and_counts_those_of_test_anew(tmp_path: Path) -> None:
    examples = load("chest_xray", chest_folders(tmp_path))

    assert {e.image_id: (e.patient_id, e.part, e.labels["pneumonia"]) for e in examples} == {
        "IM-0115-0001": ("n0115", "train", 0),
        "NORMAL2-IM-0123-0001": ("n2_0123", "train", 0),
        "person1_bacteria_1": ("p1", "train", 1),
        "person1_virus_2": ("p1", "train", 1),
        "person1946_bacteria_4874": ("p1946", "val", 1),
        "IM-0001-0001": ("n0001", "test", 0),
        "person1_virus_6": ("tp1", "test", 1),
    }
    assert not any(e.prepared for e in examples)


def test_a_file_that_says_no_patient_has_none(tmp_path: Path) -> None:
    (example,) = load("chest_xray", class_folders(tmp_path, ["train/NORMAL/anybody.jpeg"]))

    assert example.patient_id is None


def test_a_folder_without_the_classes_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train\|val\|test/NORMAL\|PNEUMONIA"):
        load("chest_xray", class_folders(tmp_path, ["train/other/a.jpeg"]))


@pytest.mark.skipif(not CHEST.is_dir(), reason="the data set is not beside this checkout")
def test_the_real_folder_holds_what_its_readme_counts() -> None:
    examples = load("chest_xray", CHEST)

    assert Counter((e.part, e.labels["pneumonia"]) for e in examples) == {
        ("train", 0): 1179,
        ("train", 1): 2697,
        ("val", 0): 8,
        ("val", 1): 8,
        ("test", 0): 234,
        ("test", 1): 390,
    }
    assert len({e.patient_id for e in examples}) == 2947
    (fold,) = folds(examples, "official", "pneumonia")
    assert len(fold.held_out) == 624
    assert len(fold.train) + len(fold.val) == 3876 + 16
    assert {e.image_id for e in examples if e.part == "val"} & {e.image_id for e in fold.train}
    train, val, test = ({e.patient_id for e in side} for side in (fold.train, fold.val, fold.held_out))
    assert len(train | val | test) == len(train) + len(val) + len(test)
