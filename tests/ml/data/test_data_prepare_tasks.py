"""`prepare`, `audit` and `split` of the kidney, chest and bone tasks, from either layout of their sets."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from ml import tasks
from ml.cli import main
from ml.data import load
from ml.data.auditing import audit
from ml.data.preparing import prepare_dataset
from ml.data.region_mask import read_region_mask
from ml.images.decode import decode
from ml.images.prepare import prepare_image
from tests.ml.data.drawn_sources import (
    bone_table,
    btxrd_folders,
    btxrd_row,
    chest_folders,
    chest_table,
    content,
    kidney_folders,
    kidney_table,
    rows_of,
    write_image,
)
from tests.phantoms import noise

Source = Callable[[Path], Path]


def btxrd(folder: Path) -> Path:
    return btxrd_folders(folder, [btxrd_row(1, "osteosarcoma"), btxrd_row(2), btxrd_row(3, "osteochondroma")])


PREPARED: list[tuple[str, Source]] = [
    ("kidney_ct", kidney_table),
    ("kidney_stone", kidney_table),
    ("chest_xray", chest_table),
    ("bone_xray", bone_table),
]
PUBLIC: list[tuple[str, Source]] = [
    ("kidney_ct", kidney_folders),
    ("kidney_stone", kidney_folders),
    ("chest_xray", chest_folders),
    ("bone_xray", btxrd),
]
SIDES = {"kidney_ct": 224, "kidney_stone": 224, "chest_xray": 224, "bone_xray": 256}


@pytest.mark.parametrize(("key", "draw"), PREPARED + PUBLIC)
def test_what_is_known_of_an_image_survives_the_published_layout(
    key: str, draw: Source, tmp_path: Path
) -> None:
    source, out = draw(tmp_path / "source"), tmp_path / "Dataset"
    before = content(source)

    prepare_dataset(tasks.task(key), source, out)

    assert content(source) == before
    originals, copies = load(key, source), load(key, out)
    for original, copy in zip(originals, copies, strict=True):
        for name in ("patient_id", "part", "parts", "labels", "source", "region_kind"):
            assert getattr(copy, name) == getattr(original, name)
        assert copy.prepared
        assert (copy.region_path is None) == (original.region_path is None)


@pytest.mark.parametrize(("key", "draw"), PREPARED + PUBLIC)
def test_an_image_is_written_as_the_networks_are_shown_it_and_never_prepared_twice(
    key: str, draw: Source, tmp_path: Path
) -> None:
    source, out, side = draw(tmp_path / "source"), tmp_path / "Dataset", SIDES[key]
    task = tasks.task(key)

    prepare_dataset(task, source, out)

    original, copy = load(key, source)[0], load(key, out)[0]
    decoded = replace(decode(original.path.read_bytes()), prepared=original.prepared)
    written = cv2.imread(str(copy.path), cv2.IMREAD_UNCHANGED)
    assert (written.shape, written.dtype) == ((side, side), np.uint8)
    assert np.array_equal(written, np.rint(prepare_image(decoded, task.preparation, side).pixels * 255))
    again = replace(decode(copy.path.read_bytes()), prepared=True)
    assert np.array_equal(np.rint(prepare_image(again, task.preparation, side).pixels * 255), written)


def test_clahe_is_given_to_what_is_as_it_came_and_not_to_what_has_had_it(tmp_path: Path) -> None:
    task = tasks.task("kidney_ct")
    raw, equalised = kidney_folders(tmp_path / "raw"), kidney_table(tmp_path / "equalised")
    flat = cv2.GaussianBlur(90 + noise(224) // 4, (0, 0), 4)
    for folder in (raw, equalised):
        write_image(load("kidney_ct", folder)[0].path, flat)

    spreads = []
    for folder in (raw, equalised):
        prepare_dataset(task, folder, tmp_path / f"{folder.name}_out")
        first = load("kidney_ct", tmp_path / f"{folder.name}_out")[0]
        spreads.append(float(decode(first.path.read_bytes()).pixels.std()))

    assert spreads[1] == pytest.approx(flat.std(), abs=1)
    assert spreads[0] > 1.5 * spreads[1]


def test_the_table_has_a_column_for_each_head_and_each_suggested_protocol(tmp_path: Path) -> None:
    for key, draw in PREPARED:
        prepare_dataset(tasks.task(key), draw(tmp_path / f"{key}_source"), tmp_path / key)

    finding, stone, chest, bone = (rows_of(tmp_path / key)[2] for key, _ in PREPARED)
    assert (finding["finding"], finding["finding_name"], finding["part_md5"]) == ("0", "Cyst", "train")
    assert stone["stone"] == "0"
    assert chest["pneumonia"] == "1"
    assert not {"stone_name", "AS_status", "stage", "part_stratified"} & set(chest) | {"stone_name"} & set(
        stone
    )
    assert (bone["tumour"], bone["tumour_name"], bone["part_center"]) == ("2", "Malignant", "train")
    assert bone["bbox_x1"] == "112"


def test_outlines_become_masks_on_the_squashed_grid(tmp_path: Path) -> None:
    source, out = btxrd(tmp_path / "source"), tmp_path / "Dataset"

    prepare_dataset(tasks.task("bone_xray"), source, out)

    original, copy = load("bone_xray", source)[0], load("bone_xray", out)[0]
    mask = read_region_mask(copy, (256, 256))
    share = read_region_mask(original, (50, 100)).mean()
    assert mask.mean() == pytest.approx(share, rel=0.05)
    assert copy.region_kind == "tumour"


def test_outlines_that_cannot_be_read_are_named_and_their_image_is_kept(tmp_path: Path) -> None:
    source = btxrd(tmp_path / "source")
    (source / "Annotations/IMG000001.json").write_text("no json")

    information = prepare_dataset(tasks.task("bone_xray"), source, tmp_path / "Dataset")

    assert list(information["broken_masks"]) == ["Annotations/IMG000001.json"]
    assert information["n_images"] == 3
    assert load("bone_xray", tmp_path / "Dataset")[0].region_path is None


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("kidney_ct", "224 x 224 by lanczos sampling; then CLAHE, clip limit 4.0"),
        ("chest_xray", "squashed to a square, 224 x 224 by bilinear sampling; what"),
        ("bone_xray", "squashed to a square, 256 x 256 by bilinear sampling; what"),
    ],
)
def test_the_information_says_how_images_were_prepared(key: str, said: str, tmp_path: Path) -> None:
    draw = dict(PUBLIC)[key]

    information = prepare_dataset(tasks.task(key), draw(tmp_path / "source"), tmp_path / "out")

    assert said in information["preparation"]


@pytest.mark.parametrize(("key", "draw"), PREPARED + PUBLIC)
def test_an_audit_counts_the_labels_of_every_task(key: str, draw: Source, tmp_path: Path) -> None:
    task = tasks.task(key)
    examples = load(key, draw(tmp_path))

    report = audit(task, examples)

    (head,) = task.heads
    counted = [sum(part[label] for part in report["balance"][head.key].values()) for label in head.labels]
    assert counted == [
        sum(e.labels[head.key] == index for e in examples) for index in range(len(head.labels))
    ]
    assert report["masks"]["unreadable"] == report["masks"]["blank"] == []
    assert report["masks"]["of_another_size"] == []


def test_the_same_pixels_with_another_label_are_named_with_both(tmp_path: Path) -> None:
    folder = bone_table(tmp_path / "data")

    result = CliRunner().invoke(main, ["audit", "bone_xray", "--data", str(folder), "--json", "-"])

    found = json.loads(result.stdout)["contradicting_duplicates"]
    assert found == [{"IMG000591": "Benign", "IMG003456": "Normal"}]
    shown = CliRunner().invoke(main, ["audit", "bone_xray", "--data", str(folder)], env={"COLUMNS": "300"})
    assert "IMG000591 (Benign), IMG003456 (Normal)" in shown.stdout


def test_the_same_pixels_with_the_same_label_contradict_nothing(tmp_path: Path) -> None:
    folder = kidney_table(tmp_path)
    write_image(folder / "images/Cyst/Cyst-12.jpg", noise(64, seed=0))

    report = audit(tasks.task("kidney_ct"), load("kidney_ct", folder))

    assert report["exact_duplicates"] == [["Cyst-11", "Cyst-12"]]
    assert report["contradicting_duplicates"] == []


def test_the_leakage_of_every_suggested_protocol_is_counted(tmp_path: Path) -> None:
    folder = kidney_table(tmp_path)
    write_image(folder / "images/Cyst/Cyst-12.jpg", noise(64, seed=0))

    report = audit(tasks.task("kidney_ct"), load("kidney_ct", folder))

    md5 = report["protocols"]["md5"]
    assert len(md5["patients_in_several_parts"]) == 8
    assert md5["duplicates_across_parts"] == [("Cyst-11", "Cyst-12", 0)]
    assert md5["parts"]["train"] == {"n_images": 8, "n_patients": 8}
    assert report["leakage"]["patients_in_several_parts"] == {}


@pytest.mark.parametrize(
    ("key", "draw", "protocol", "leaky"),
    [
        ("kidney_stone", kidney_table, "md5", True),
        ("kidney_stone", kidney_table, "grouped", False),
        ("kidney_ct", kidney_table, "published", True),
        ("bone_xray", bone_table, "part_stratified", False),
        ("bone_xray", bone_table, "part_center", False),
        ("bone_xray", btxrd, "part_center", None),
    ],
)
def test_split_writes_the_protocols_and_names_the_leaky_ones(
    key: str, draw: Source, protocol: str, leaky: bool | None, tmp_path: Path
) -> None:
    words = ["split", key, "--data", str(draw(tmp_path / "data")), "--protocol", protocol, "--out"]

    result = CliRunner().invoke(main, [*words, str(tmp_path / "split.csv")], env={"COLUMNS": "200"})

    if leaky is None:
        assert result.exit_code == 2
        assert "leaves a fold of this data set without images" in result.stderr
        return
    assert result.exit_code == 0, result.output
    assert ("LEAKY" in result.stdout) == leaky
    with (tmp_path / "split.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    for fold in {row["fold"] for row in rows}:
        sides = [
            {r["patient_id"] for r in rows if r["fold"] == fold and (r["part"] == "held_out") == held}
            for held in (True, False)
        ]
        assert bool(sides[0] & sides[1]) == leaky
