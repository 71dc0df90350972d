"""The kidney CT set for its two tasks, prepared and as downloaded, and the ultrasound set."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from ml.data import DataError, load
from ml.data.kidney_ct import part_by_md5
from ml.data.split import folds
from tests.ml.data.drawn_sources import class_folders, kidney_folders, kidney_table, write_table

KIDNEY = Path(__file__).resolve().parents[4] / "shared" / "data" / "kidney_ct"
FINDINGS = ["Cyst", "Normal", "Stone", "Tumor"]


def test_a_prepared_folder_gives_each_slice_its_finding_its_block_and_its_part(tmp_path: Path) -> None:
    examples = load("kidney_ct", kidney_table(tmp_path))

    assert [e.labels["finding"] for e in examples] == [n for n in range(4) for _ in range(4)]
    first = examples[0]
    assert (first.image_id, first.patient_id, first.part) == ("Cyst-11", "Cyst-b1", None)
    assert first.parts == {"md5": "train"}
    assert all(e.prepared for e in examples)


def test_stone_is_asked_against_the_rest_of_the_same_images(tmp_path: Path) -> None:
    examples = load("kidney_stone", kidney_table(tmp_path))

    assert Counter(e.labels["stone"] for e in examples) == {0: 12, 1: 4}
    assert {e.image_id[:5] for e in examples if e.labels["stone"]} == {"Stone"}


@pytest.mark.parametrize("task", ["kidney_ct", "kidney_stone"])
def test_the_public_set_is_read_by_its_folders_and_knows_no_patients(task: str, tmp_path: Path) -> None:
    examples = load(task, kidney_folders(tmp_path))

    assert len(examples) == 8
    assert {(e.patient_id, e.part, e.prepared) for e in examples} == {(None, None, False)}
    label = {"kidney_ct": FINDINGS.index("Stone"), "kidney_stone": 1}[task]
    assert {e.image_id for e in examples if label in e.labels.values()} == {"Stone- (1)", "Stone- (2)"}
    with pytest.raises(DataError, match="which patient"):
        folds(examples, "grouped", next(iter(examples[0].labels)))


def test_the_md5_part_follows_from_the_public_file_name(tmp_path: Path) -> None:
    public = {e.image_id: e.parts["md5"] for e in load("kidney_ct", kidney_folders(tmp_path))}

    assert public == {name: part_by_md5(f"{name}.jpg") for name in public}
    # md5 of these names modulo 10,000: 3788, 8127 and 8941
    assert [part_by_md5(f"Stone- ({n}).jpg") for n in (2, 1, 16)] == ["train", "val", "test"]


def test_the_ultrasound_set_is_read_for_stones_whatever_the_case_of_its_folders(tmp_path: Path) -> None:
    files = ["train/stone/1.jpg", "train/Normal/1.jpg", "test/stone/2.jpg", "test/Normal/3.png"]

    examples = load("kidney_stone", class_folders(tmp_path, files))

    said = {e.image_id: (e.labels["stone"], e.part) for e in examples}
    assert said == {
        "train/stone/1": (1, "train"),
        "train/Normal/1": (0, "train"),
        "2": (1, "test"),
        "3": (0, "test"),
    }


def test_a_second_copy_further_down_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    files = ["Stone/a.jpg", "Normal/b.jpg", "Normal/._b.jpg", "Normal/Normal/b.jpg"]
    class_folders(tmp_path, ["__MACOSX/Stone/c.jpg", *(f"set/{file}" for file in files)])
    (tmp_path / "set/Stone/notes.txt").write_text("no picture")

    assert [e.image_id for e in load("kidney_stone", tmp_path)] == ["b", "a"]


def test_a_folder_of_one_class_or_of_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for files in (["Stone/a.jpg"], ["other/a.jpg"]):
        with pytest.raises(DataError, match="in folders named Cyst, Normal, Stone, Tumor"):
            load("kidney_ct", class_folders(tmp_path / files[0], files))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"label": "Gravel"}, "'Gravel'"),
        ({"file": "images/none.jpg"}, "none.jpg"),
        ({"file": ""}, "names no image"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(change: dict[str, str], named: str, tmp_path: Path) -> None:
    kidney_table(tmp_path)
    row = {"image_id": "x", "file": "images/Cyst/Cyst-11.jpg", "label": "Cyst"}
    write_table(tmp_path / "labels.csv", [row | change])

    with pytest.raises(DataError, match=named):
        load("kidney_ct", tmp_path)


def test_a_table_without_labels_is_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "labels.csv", [{"image_id": "x", "file": "x.jpg"}])

    with pytest.raises(DataError, match="lacks the columns label"):
        load("kidney_stone", tmp_path)


@pytest.mark.skipif(not KIDNEY.is_dir(), reason="the data set is not beside this checkout")
def test_the_real_folder_holds_what_its_readme_counts() -> None:
    findings = load("kidney_ct", KIDNEY)
    counted = Counter(FINDINGS[e.labels["finding"]] for e in findings)

    assert counted == {"Cyst": 1149, "Normal": 1484, "Stone": 1215, "Tumor": 719}
    assert len({e.patient_id for e in findings}) == 85
    assert Counter(e.parts["md5"] for e in findings) == {"train": 3145, "val": 680, "test": 742}
    stones = load("kidney_stone", KIDNEY)
    assert sum(e.labels["stone"] for e in stones) == 1215
    with (KIDNEY / "labels.csv").open(newline="", encoding="utf-8") as lines:
        names = {row["image_id"]: row["original_name"] for row in csv.DictReader(lines)}
    assert all(e.parts["md5"] == part_by_md5(names[e.image_id]) for e in stones)
    for fold in folds(stones, "grouped", "stone"):
        assert not {e.patient_id for e in fold.train} & {e.patient_id for e in fold.held_out}
