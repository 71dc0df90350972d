"""The published `Dataset/` layout, with all that may be empty or absent in it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from ml.data import DataError, load

COLUMNS = "image_id,image_path,mask_path,AS_status,stage,stage_name,bbox_x1,bbox_y1,bbox_x2,bbox_y2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A `Dataset` with two drawn images and one mask, still without its table."""
    for place in ("images/img_0000.png", "images/img_0001.png", "masks/mask_0000.png"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / place), np.full((32, 32), 90, np.uint8))
    (tmp_path / "annotations").mkdir()
    return tmp_path


def table(folder: Path, *lines: str) -> None:
    (folder / "annotations" / "dataset.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_published_table_is_read(folder: Path) -> None:
    table(
        folder,
        COLUMNS,
        "img_0000,images/img_0000.png,masks/mask_0000.png,1,3,Advanced,1,2,3,4",
        "img_0001,images/img_0001.png,,,,,,,,",
    )

    first, second = load("sij_mri", folder)

    assert first.path == folder / "images/img_0000.png"
    assert first.region_path == folder / "masks/mask_0000.png"
    assert first.labels == {"as_status": 1, "stage": 3}
    assert (first.patient_id, first.part, first.region_kind) == (None, None, None)
    assert (second.region_path, second.labels) == (None, {})


def test_further_columns_are_taken_where_they_are(folder: Path) -> None:
    table(folder, f"{COLUMNS},patient_id,source,part", "i,images/img_0000.png,,0,0,Normal,,,,,p7,SPIDER,test")

    (example,) = load("sij_mri", folder)

    assert (example.patient_id, example.part, example.labels) == ("p7", "test", {"as_status": 0, "stage": 0})


@pytest.mark.parametrize(
    "written",
    ["images/img_0000.png", "Dataset/images/img_0000.png", "/elsewhere/Dataset/images/img_0000.png",
     "Dataset\\images\\img_0000.png"],
)  # fmt: skip
def test_paths_written_elsewhere_are_found(written: str, folder: Path) -> None:
    table(folder, COLUMNS, f"i,{written},,1,1,Early,,,,")

    assert load("sij_mri", folder)[0].path.samefile(folder / "images/img_0000.png")


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (["image_id,stage", "i,1"], "image_path"),
        ([COLUMNS, "i,images/none.png,,1,1,Early,,,,"], "none.png"),
        ([COLUMNS, "i,images/img_0000.png,masks/none.png,1,1,Early,,,,"], "none.png"),
        ([COLUMNS, "i,,,1,1,Early,,,,"], "i in"),
        ([COLUMNS, "i,images/img_0000.png,,yes,1,Early,,,,"], "number"),
        ([COLUMNS], "no images"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_a_sentence(
    lines: list[str], named: str, folder: Path
) -> None:
    table(folder, *lines)

    with pytest.raises(DataError) as caught:
        load("sij_mri", folder)

    assert named in caught.value.sentence


def test_a_folder_of_no_known_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        load("sij_mri", tmp_path)
    with pytest.raises(DataError):
        load("sij_mri", tmp_path / "nowhere")


def test_text_where_a_number_belongs_is_named(folder: Path) -> None:
    header = "image_id,file,region,patient_id,sequence,as_status,stage,part,region_kind"
    (folder / "labels.csv").write_text(f"{header}\ni,images/img_0000.png,,p,STIR,Positive,,,\n")

    with pytest.raises(DataError) as caught:
        load("sij_mri", folder)

    assert "Positive" in caught.value.sentence
