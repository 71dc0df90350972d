"""`python -m ml coco`: labels and outlines as COCO metadata, for every task's data set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from ml.cli import main
from ml.data.dataset_layout import label_column
from ml.tasks import TaskSpec, tasks


def drawn_mask() -> np.ndarray:
    """A frame with a hole, and one pixel by itself, (40, 60) uint8."""
    mask = np.zeros((40, 60), np.uint8)
    mask[5:15, 10:30] = 255
    mask[8:12, 15:25] = 0
    mask[30, 50] = 255
    return mask


def drawn_folder(spec: TaskSpec, folder: Path) -> Path:
    """Three images: one with a mask, one without a label, one that is no picture."""
    for name in ("images", "masks", "annotations"):
        (folder / name).mkdir(parents=True)
    for name in "ab":
        cv2.imwrite(str(folder / f"images/{name}.png"), np.full((40, 60), 90, np.uint8))
    (folder / "images/c.png").write_text("no picture")
    cv2.imwrite(str(folder / "masks/a.png"), drawn_mask())
    head = spec.heads[0]
    lines = [f"image_id,image_path,mask_path,region_kind,patient_id,part,{label_column(head.key)}"]
    lines += [f"a,images/a.png,masks/a.png,tumour,p1,test,{len(head.labels) - 1}", "b,images/b.png,,,p2,,"]
    lines += ["c,images/c.png,,,p3,,0"]
    (folder / "annotations" / "dataset.csv").write_text("\n".join(lines))
    return folder


@pytest.mark.parametrize("spec", tasks(), ids=lambda spec: spec.key)
def test_the_export_is_coco_and_holds_labels_and_outlines(spec: TaskSpec, tmp_path: Path) -> None:
    folder, file = drawn_folder(spec, tmp_path / "data"), tmp_path / "out" / "coco.json"

    result = CliRunner().invoke(main, ["coco", spec.key, "--data", str(folder), "--out", str(file)])

    assert result.exit_code == 0, result.output
    assert "c.png" in result.stderr
    coco = json.loads(file.read_text())
    is_coco(coco)
    head = spec.heads[0]
    names = {each["id"]: (each["supercategory"], each["name"]) for each in coco["categories"]}
    assert list(names.values())[: len(head.labels)] == [(head.key, label) for label in head.labels]
    assert [(image["file_name"], image["patient_id"]) for image in coco["images"]] == [
        ("images/a.png", "p1"),
        ("images/b.png", "p2"),
    ]
    of_image, frame, dot = coco["annotations"]
    assert names[of_image["category_id"]] == (head.key, head.labels[-1])
    assert (of_image["bbox"], of_image["attributes"]["level"]) == ([0, 0, 60, 40], "image")
    assert names[frame["category_id"]] == names[dot["category_id"]] == ("region", "tumour")
    assert (frame["bbox"], frame["area"]) == ([10, 5, 20, 10], 20 * 10 - 10 * 4)
    assert (dot["bbox"], dot["area"]) == ([50, 30, 1, 1], 1)


def is_coco(coco: dict[str, Any]) -> None:
    assert set(coco) == {"info", "licenses", "images", "categories", "annotations"}
    for kind in ("images", "categories", "annotations"):
        identities = [each["id"] for each in coco[kind]]
        assert len(set(identities)) == len(identities)
        assert all(isinstance(each, int) and each > 0 for each in identities)
    images = {image["id"]: image for image in coco["images"]}
    for image in images.values():
        assert image["width"] > 0 < image["height"]
    for annotation in coco["annotations"]:
        image = images[annotation["image_id"]]
        assert annotation["category_id"] in {each["id"] for each in coco["categories"]}
        assert annotation["iscrowd"] == 0
        left, top, width, height = annotation["bbox"]
        assert 0 <= left < left + width <= image["width"]
        assert 0 <= top < top + height <= image["height"]
        assert 0 < annotation["area"] <= width * height
        for polygon in annotation["segmentation"]:
            assert len(polygon) >= 6
            assert len(polygon) % 2 == 0


def test_an_outline_encloses_the_mask(tmp_path: Path) -> None:
    folder = drawn_folder(tasks()[0], tmp_path / "data")

    result = CliRunner().invoke(main, ["coco", tasks()[0].key, "--data", str(folder), "--out", "-"])

    drawn = np.zeros((40, 60), np.uint8)
    for annotation in json.loads(result.stdout)["annotations"]:
        for polygon in annotation["segmentation"]:
            cv2.fillPoly(drawn, [np.array(polygon).reshape(-1, 2)], 255)
    filled = drawn_mask()
    filled[5:15, 10:30] = 255
    assert (drawn[5:15, 10:30] == filled[5:15, 10:30]).all()
    assert drawn[30, 50]
