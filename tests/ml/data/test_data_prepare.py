"""From a source's own folder to the published `Dataset/` layout, and back through its loader."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from ml import tasks
from ml.cli import main
from ml.data import DataError, load
from ml.data.preparing import prepare_dataset
from ml.data.split import folds
from ml.images.prepare import prepare, prepare_mask
from tests.ml.data.drawn_sources import (
    collections_source,
    content,
    lumbar_source,
    rows_of,
    sacroiliac_source,
    write_image,
    write_table,
)
from tests.phantoms import noise, sacroiliac_region

SACROILIAC, LUMBAR = tasks.task("sij_mri"), tasks.task("lumbar")
PUBLISHED = ["image_id", "image_path", "mask_path", "AS_status", "stage", "stage_name"]
PUBLISHED += ["bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2"]


def grey(file: Path) -> np.ndarray:
    pixels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    assert (pixels.shape, pixels.dtype) == ((256, 256), np.uint8)
    return pixels


def test_a_sacroiliac_source_is_written_as_the_networks_see_it(tmp_path: Path) -> None:
    source, out = sacroiliac_source(tmp_path / "source"), tmp_path / "Dataset"
    pixels = cv2.imread(str(source / "images/wide.png"), cv2.IMREAD_GRAYSCALE)

    prepare_dataset(SACROILIAC, source, out)

    seen = prepare(pixels, SACROILIAC.preparation).pixels
    assert np.array_equal(grey(out / "images/img_0000.png"), np.rint(seen * 255))
    assert not grey(out / "images/img_0000.png")[:40].any()
    bone = prepare_mask(sacroiliac_region(320)[60:260], SACROILIAC.preparation) >= 0.5
    assert np.array_equal(grey(out / "masks/mask_0000.png"), bone * np.uint8(255))


def test_the_table_has_the_published_columns_and_what_is_known_beyond(tmp_path: Path) -> None:
    source, out = sacroiliac_source(tmp_path / "source"), tmp_path / "Dataset"

    prepare_dataset(SACROILIAC, source, out)

    whole, bare = rows_of(out)
    assert list(whole)[:10] == PUBLISHED
    assert {"patient_id", "source", "part", "sequence", "pixel_mm", "region_kind", "prepared"} == set(
        list(whole)[10:]
    )
    rows, columns = np.nonzero(grey(out / whole["mask_path"]))
    box = (columns.min(), rows.min(), columns.max(), rows.max())
    assert tuple(int(whole[f"bbox_{side}"]) for side in ("x1", "y1", "x2", "y2")) == box
    assert (whole["image_path"], whole["mask_path"]) == ("images/img_0000.png", "masks/mask_0000.png")
    assert (whole["AS_status"], whole["stage"], whole["stage_name"]) == ("1", "2", "Moderate")
    assert (whole["patient_id"], whole["source"], whole["part"]) == ("p1", "drawn/one", "test")
    assert float(whole["pixel_mm"]) == pytest.approx(0.5 * 320 / 256)
    known = {"image_id", "image_path", "patient_id", "sequence", "prepared"}
    assert {name for name, value in bare.items() if value} == known


def test_no_mask_and_no_label_is_invented(tmp_path: Path) -> None:
    source, out = sacroiliac_source(tmp_path / "source"), tmp_path / "Dataset"

    information = prepare_dataset(SACROILIAC, source, out)

    assert [file.name for file in (out / "masks").iterdir()] == ["mask_0000.png"]
    assert information["n_masks"] == 1
    assert information["stage"]["not known"] == information["AS_status"]["not known"] == 1


def test_a_broken_image_is_named_and_left_out(tmp_path: Path) -> None:
    source, out = sacroiliac_source(tmp_path / "source"), tmp_path / "Dataset"

    result = CliRunner().invoke(main, ["prepare", "sij_mri", "--source", str(source), "--out", str(out)])

    assert result.exit_code == 0, result.output
    assert "images/broken.png: The PNG file cannot be decoded" in result.stderr
    assert yaml.safe_load(result.stdout)["n_images"] == 2
    information = yaml.safe_load((out / "dataset_info.txt").read_text())
    assert information["n_broken_images"] == 1
    assert list(information["broken_images"]) == ["images/broken.png"]
    assert [row["image_id"] for row in rows_of(out)] == ["img_0000", "img_0001"]


def test_a_broken_mask_is_named_and_its_image_kept_without_it(tmp_path: Path) -> None:
    source, out = sacroiliac_source(tmp_path / "source"), tmp_path / "Dataset"
    (source / "regions/wide.png").write_bytes(b"no picture")

    information = prepare_dataset(SACROILIAC, source, out)

    assert list(information["broken_masks"]) == ["regions/wide.png"]
    row = rows_of(out)[0]
    assert (row["mask_path"], row["bbox_x1"], row["region_kind"], row["stage"]) == ("", "", "", "2")


def test_an_empty_mask_stays_a_mask_and_has_no_box(tmp_path: Path) -> None:
    source, out = sacroiliac_source(tmp_path / "source"), tmp_path / "Dataset"
    write_image(source / "regions/wide.png", np.zeros((200, 320), np.uint8))

    prepare_dataset(SACROILIAC, source, out)

    row = rows_of(out)[0]
    assert (row["mask_path"], row["bbox_x1"]) == ("masks/mask_0000.png", "")


def test_the_loader_reads_back_what_was_written(tmp_path: Path) -> None:
    source, out = sacroiliac_source(tmp_path / "source"), tmp_path / "Dataset"
    prepare_dataset(SACROILIAC, source, out)

    whole, bare = load("sij_mri", out)

    assert whole.labels == {"as_status": 1, "stage": 2}
    assert whole.region_path == out / "masks/mask_0000.png"
    assert (whole.patient_id, whole.part, whole.sequence) == ("p1", "test", "STIR")
    assert (whole.region_kind, whole.source, whole.pixel_mm) == ("joint_region", "drawn/one", 0.625)
    assert (bare.labels, bare.region_path, bare.pixel_mm, bare.part) == ({}, None, None, None)


def test_a_source_without_patients_says_so_and_is_not_split_by_patient(tmp_path: Path) -> None:
    rows = [{"image_id": n, "file": f"{n}.png", "as_status": n % 2, "stage": 0} for n in range(6)]
    for row in rows:
        write_image(tmp_path / "source" / row["file"], noise(seed=row["image_id"]))
    write_table(tmp_path / "source/labels.csv", rows)

    information = prepare_dataset(SACROILIAC, tmp_path / "source", tmp_path / "out")

    assert information["n_patients"] is None
    assert "n_patients: null\n" in (tmp_path / "out/dataset_info.txt").read_text()
    assert "cannot be split by patient" in information["split"]
    with pytest.raises(DataError, match="split by patient"):
        folds(load("sij_mri", tmp_path / "out"), "grouped", "as_status")


def test_lumbar_slices_keep_their_grey_values_their_labels_and_their_masks(tmp_path: Path) -> None:
    source, out = lumbar_source(tmp_path / "source"), tmp_path / "Dataset"

    prepare_dataset(LUMBAR, source, out)

    originals, written = load("lumbar", source), load("lumbar", out)
    assert [e.labels for e in written] == [e.labels for e in originals]
    for field in ("patient_id", "sequence", "region_kind", "source"):
        assert [getattr(e, field) for e in written] == [getattr(e, field) for e in originals]
    for original, copy in zip(originals, written, strict=True):
        assert np.array_equal(grey(copy.path), grey(original.path))
        assert np.array_equal(grey(copy.region_path), grey(original.region_path))


def test_the_parts_of_lumbar_are_the_published_split(tmp_path: Path) -> None:
    source, out = lumbar_source(tmp_path / "source"), tmp_path / "Dataset"

    information = prepare_dataset(LUMBAR, source, out)

    written = load("lumbar", out)
    (fold,) = folds(written, "published", "as_status")
    assert {e.image_id for e in written if e.part == "test"} == {e.image_id for e in fold.held_out}
    assert information["parts"] == {"test": 4, "train": 16}
    assert "Leaky" in information["split"]


def test_a_label_too_rare_for_the_published_split_leaves_the_parts_empty(tmp_path: Path) -> None:
    source, out = lumbar_source(tmp_path / "source", 2), tmp_path / "Dataset"

    information = prepare_dataset(LUMBAR, source, out)

    assert information["parts"] == {}
    assert [e.part for e in load("lumbar", out)] == [None, None]


def test_either_published_rule_labels_lumbar(tmp_path: Path) -> None:
    source = lumbar_source(tmp_path / "source")

    one = prepare_dataset(LUMBAR, source, tmp_path / "one", rule=1)
    two = prepare_dataset(LUMBAR, source, tmp_path / "two", rule=2)

    assert (one["stage"]["Normal"], two["stage"]["Normal"]) == (6, 12)
    assert "rule 1" in one["labels"]
    assert "rule 2" in two["labels"]


def test_the_publications_own_collections_become_one_image_a_slice(tmp_path: Path) -> None:
    source, out = collections_source(tmp_path / "source"), tmp_path / "Dataset"

    information = prepare_dataset(LUMBAR, source, out)

    rows = rows_of(out)
    assert [row["source"] for row in rows] == [f"processed_{c}" for c in ("spider", "lsd", "osf", "tseg")]
    assert all(row["AS_status"] and row["stage"] for row in rows)
    assert {row[name] for row in rows for name in ("patient_id", "mask_path", "bbox_x1")} == {""}
    assert (information["n_images"], information["n_patients"], information["n_masks"]) == (4, None, 0)
    assert list(information["broken_images"]) == [
        "data/processed_tseg/cut.npy",
        "processed_osf/nowhere.jpg",
    ]


def test_arrays_give_their_middle_slice_and_deep_ones_run_from_darkest_to_brightest(tmp_path: Path) -> None:
    source, out = collections_source(tmp_path / "source"), tmp_path / "Dataset"

    prepare_dataset(LUMBAR, source, out)

    jpeg = cv2.imread(str(source / "data/processed_lsd_jpgs/1_t2.jpg"), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(grey(out / "images/img_0001.png"), jpeg)
    middle = cv2.resize(noise(200, seed=3).astype(np.float32), (256, 256), interpolation=cv2.INTER_LINEAR)
    assert np.array_equal(grey(out / "images/img_0002.png"), np.rint(middle))
    assert np.abs(grey(out / "images/img_0003.png").astype(int) - noise(seed=4)).max() <= 1


@pytest.mark.parametrize(
    "array",
    [np.full((64, 64), np.nan), np.zeros((64, 64), complex), np.zeros((8, 64)), np.zeros(64), np.array([{}])],
    ids=["not a number", "complex", "tiny", "one row", "objects"],
)
def test_an_array_that_is_no_slice_is_named_and_left_out(array: np.ndarray, tmp_path: Path) -> None:
    source = collections_source(tmp_path / "source")
    np.save(source / "data/processed_tseg/ct.npy", array)

    information = prepare_dataset(LUMBAR, source, tmp_path / "out")

    assert "data/processed_tseg/ct.npy" in information["broken_images"]


@pytest.mark.parametrize("draw", [sacroiliac_source, lumbar_source, collections_source])
def test_nothing_is_written_into_a_source(draw, tmp_path: Path) -> None:
    source = draw(tmp_path / "source")
    task = SACROILIAC if draw is sacroiliac_source else LUMBAR
    before = content(source)

    prepare_dataset(task, source, tmp_path / "out")

    assert content(source) == before
    for inside in (source, source / "Dataset"):
        with pytest.raises(DataError, match="Nothing is written into a source"):
            prepare_dataset(task, source, inside)
    assert content(source) == before


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    source, out = sacroiliac_source(tmp_path / "source"), tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")

    words = ["prepare", "sij_mri", "--source", str(source), "--out"]
    full = CliRunner().invoke(main, [*words, str(out)])
    file = CliRunner().invoke(main, [*words, str(out / "notes.txt")])

    assert full.exit_code == file.exit_code == 2
    assert "is not empty, and nothing is overwritten" in full.stderr
    assert "is a file" in file.stderr
    assert content(out) == {"notes.txt": b"mine"}


def test_an_empty_folder_is_written_into(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    prepare_dataset(SACROILIAC, sacroiliac_source(tmp_path / "source"), tmp_path / "out")

    assert len(rows_of(tmp_path / "out")) == 2


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("level\nL1/L2\n", "filename, source"),
        ("\xff", "UTF-8"),
        ("filename,source\na.jpg,spider\n", "can be read"),
    ],
)
def test_collections_that_cannot_be_used_are_refused_and_nothing_is_written(
    table: str, named: str, tmp_path: Path
) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source/coords_pretrain.csv").write_bytes(table.encode("latin-1"))

    with pytest.raises(DataError, match=named):
        prepare_dataset(LUMBAR, tmp_path / "source", tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_a_stage_that_the_task_does_not_have_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    source = sacroiliac_source(tmp_path / "source")
    table = source / "labels.csv"
    table.write_text(table.read_text().replace(",1,2,test", ",1,7,test"))

    with pytest.raises(DataError, match="stage 7"):
        prepare_dataset(SACROILIAC, source, tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_a_task_without_a_rule_is_labelled_by_none(tmp_path: Path) -> None:
    source = sacroiliac_source(tmp_path / "source")

    with pytest.raises(DataError, match="not from a pixel rule"):
        prepare_dataset(SACROILIAC, source, tmp_path / "out", rule=1)
