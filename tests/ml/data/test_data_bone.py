"""The bone radiographs, prepared and as BTXRD is downloaded."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ml.data import DataError, load
from ml.data.bone_xray import CONTRADICTED
from ml.data.btxrd.patients import joined_by_file, patients_of
from ml.data.btxrd.table import Row
from ml.data.example import NOTHING
from ml.data.labels_csv import rows_of
from ml.data.region_mask import read_region_mask
from ml.data.split import folds
from tests.ml.data.drawn_sources import bone_table, btxrd_folders, btxrd_row, write_table

BONE = Path(__file__).resolve().parents[4] / "shared" / "data" / "bone_xray"
HERE = pytest.mark.skipif(not BONE.is_dir(), reason="the data set is not beside this checkout")
SUGGESTED = ("part_stratified", "part_center")


def test_a_prepared_folder_gives_label_mask_patient_centre_and_both_parts(tmp_path: Path) -> None:
    examples = load("bone_xray", bone_table(tmp_path))

    normal, benign, malignant = examples[:3]
    assert [e.labels["tumour"] for e in examples[:3]] == [0, 1, 2]
    assert (normal.region_path, normal.region_kind) == (None, NOTHING)
    assert (benign.region_path, benign.region_kind) == (tmp_path / "masks/IMG009001.png", "tumour")
    assert (malignant.patient_id, malignant.source, malignant.part) == ("P2", "center 1", "train")
    assert malignant.parts == {"part_stratified": "train", "part_center": "train"}
    assert all(e.prepared for e in examples)


def test_nothing_is_learned_from_images_that_the_set_labels_twice_and_differently(tmp_path: Path) -> None:
    examples = load("bone_xray", bone_table(tmp_path))

    doubtful = [e for e in examples if e.image_id in CONTRADICTED]
    assert [(e.part, e.parts) for e in doubtful] == [(None, {})] * 2
    assert [e.labels["tumour"] for e in doubtful] == [1, 0]
    for protocol in SUGGESTED:
        (fold,) = folds(examples, protocol, "tumour")
        assert CONTRADICTED.isdisjoint(e.image_id for e in (*fold.train, *fold.val, *fold.held_out))


def test_the_public_table_says_label_and_centre_and_the_outline_is_the_region(tmp_path: Path) -> None:
    rows = [btxrd_row(2, "osteosarcoma"), btxrd_row(7), btxrd_row(5, "osteochondroma", center=3)]

    malignant, benign, normal = load("bone_xray", btxrd_folders(tmp_path / "BTXRD", rows).parent)

    assert [e.image_id for e in (malignant, benign, normal)] == ["IMG000002", "IMG000005", "IMG000007"]
    assert [e.labels["tumour"] for e in (malignant, benign, normal)] == [2, 1, 0]
    assert (benign.source, benign.parts["part_center"]) == ("center 3", "test")
    assert (normal.region_path, normal.region_kind) == (None, NOTHING)
    assert malignant.region_kind == "tumour"
    assert not malignant.prepared
    mask = read_region_mask(malignant, (50, 100))
    assert mask.sum() == pytest.approx(0.5 * 40 * 30, rel=0.1)


def test_a_run_of_the_same_tumour_is_a_patient_and_so_are_normal_images_of_equal_age_and_sex(
    tmp_path: Path,
) -> None:
    rows = [
        btxrd_row(1, "osteosarcoma"),
        btxrd_row(2, "osteosarcoma"),
        btxrd_row(3, "other mt"),
        btxrd_row(5, "other mt"),  # the run broke
        btxrd_row(6, age=40),
        btxrd_row(7, age=41),
        btxrd_row(8, age=40),
        btxrd_row(9, age=40, sex="F"),
        btxrd_row(10, age=40, center=2),
    ]

    examples = load("bone_xray", btxrd_folders(tmp_path, rows))

    patients = [e.patient_id for e in examples]
    assert patients == [f"P{n:06d}" for n in (1, 1, 3, 5, 6, 7, 6, 9, 10)]


def test_who_share_an_image_are_one_patient(tmp_path: Path) -> None:
    rows = [btxrd_row(n, age=n) for n in (1, 2, 3, 4, 5)]
    btxrd_folders(tmp_path, rows)
    for copy, original in ((3, 1), (5, 4)):
        data = (tmp_path / f"images/IMG{original:06d}.jpeg").read_bytes()
        (tmp_path / f"images/IMG{copy:06d}.jpeg").write_bytes(data)

    assert [e.patient_id for e in load("bone_xray", tmp_path)] == [f"P{n:06d}" for n in (1, 2, 1, 4, 4)]


def test_who_share_an_image_with_somebody_who_shares_another_are_one_patient_too(tmp_path: Path) -> None:
    rows = [btxrd_row(n, age=age) for n, age in ((1, 30), (2, 31), (3, 32), (4, 31))]
    btxrd_folders(tmp_path, rows)
    for copy, original in ((3, 2), (4, 1)):
        data = (tmp_path / f"images/IMG{original:06d}.jpeg").read_bytes()
        (tmp_path / f"images/IMG{copy:06d}.jpeg").write_bytes(data)

    assert {e.patient_id for e in load("bone_xray", tmp_path)} == {"P000001"}


def test_the_public_set_is_divided_by_patient_and_by_centre(tmp_path: Path) -> None:
    rows = [
        btxrd_row(n, ("", "osteochondroma", "osteosarcoma")[n % 3], center=1 + (n > 150), age=n // 2)
        for n in range(1, 201)
    ]

    examples = load("bone_xray", btxrd_folders(tmp_path, rows))

    for protocol in SUGGESTED:
        (fold,) = folds(examples, protocol, "tumour")
        sides = [{e.patient_id for e in side} for side in (fold.train, fold.val, fold.held_out)]
        assert sum(map(len, sides)) == len(set.union(*sides))
    (stratified,) = folds(examples, "part_stratified", "tumour")
    assert len(stratified.held_out) == pytest.approx(30, abs=6)
    assert len(stratified.val) == pytest.approx(30, abs=6)
    (center,) = folds(examples, "part_center", "tumour")
    assert {e.source for e in center.held_out} == {"center 2"}
    assert {e.source for e in (*center.train, *center.val)} == {"center 1"}


def test_a_workbook_is_asked_for_as_csv(tmp_path: Path) -> None:
    btxrd_folders(tmp_path, [btxrd_row(1)])
    (tmp_path / "dataset.csv").rename(tmp_path / "dataset.xlsx")

    with pytest.raises(DataError, match=r"Save its sheet beside it as dataset\.csv"):
        load("bone_xray", tmp_path)


def test_a_public_table_that_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path) -> None:
    btxrd_folders(tmp_path, [btxrd_row(1)])
    (tmp_path / "images/IMG000001.jpeg").unlink()
    with pytest.raises(DataError, match=r"IMG000001\.jpeg is named in dataset\.csv"):
        load("bone_xray", tmp_path)

    write_table(tmp_path / "dataset.csv", [{"image_id": "IMG000001.jpeg", "center": 1}])
    with pytest.raises(DataError, match="lacks the columns"):
        load("bone_xray", tmp_path)

    (tmp_path / "dataset.csv").unlink()
    with pytest.raises(DataError, match=r"BTXRD's images/ with dataset\.csv"):
        load("bone_xray", tmp_path)


@HERE
def test_the_real_folder_holds_what_its_readme_counts() -> None:
    examples = load("bone_xray", BONE)

    assert Counter(e.labels["tumour"] for e in examples) == {0: 1689, 1: 1371, 2: 307}
    assert Counter(e.source for e in examples) == {"center 1": 2643, "center 2": 493, "center 3": 231}
    assert len({e.patient_id for e in examples}) == 1204
    assert sum(e.region_path is not None for e in examples) == 1371 + 307
    contradicted = {e.image_id for e in examples if e.image_id in CONTRADICTED}
    assert contradicted == CONTRADICTED
    counts = {"part_stratified": (2346, 509, 512), "part_center": (2239, 404, 724)}
    for protocol, (train, val, test) in counts.items():
        (fold,) = folds(examples, protocol, "tumour")
        assert (len(fold.train) + len(contradicted), len(fold.val), len(fold.held_out)) == (train, val, test)
        assert contradicted.isdisjoint(e.image_id for e in fold.train)
        learned = {e.patient_id for e in (*fold.train, *fold.val)}
        assert learned.isdisjoint(e.patient_id for e in fold.held_out)
    mask = read_region_mask(next(e for e in examples if e.region_path), (256, 256))
    assert mask.any()
    assert mask.dtype == np.bool_


@HERE
def test_patients_of_the_public_set_are_guessed_as_those_of_the_prepared_folder_were() -> None:
    rows = rows_of(BONE, ())
    guessed = patients_of(
        [
            Row(
                row["image_id"],
                row["file"],
                row["label"],
                row["center"],
                row["age"],
                row["sex"],
                (row["tumor_type"], row["body_part"]),
            )
            for row in rows
        ]
    )

    joined = joined_by_file(guessed, [BONE / row["file"] for row in rows])

    assert joined == [row["patient_id"] for row in rows]
