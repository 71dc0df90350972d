"""Sources as they lie on a disk, with drawn images in them."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ml.data.btxrd.table import COLUMNS
from tests.phantoms import noise, sacroiliac_region, sacroiliac_slice


def write_table(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as lines:
        table = csv.DictWriter(lines, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def write_image(file: Path, pixels: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(file), pixels)


def sacroiliac_source(folder: Path) -> Path:
    """`labels.csv` with a wide slice that has everything, a square one that has nothing but a picture, and a broken one."""
    wide = sacroiliac_slice(size=320)[60:260]
    write_image(folder / "images/wide.png", wide)
    write_image(folder / "regions/wide.png", sacroiliac_region(320)[60:260].astype(np.uint8) * 255)
    write_image(folder / "images/square.png", sacroiliac_slice(sequence="T1W"))
    (folder / "images/broken.png").write_bytes((folder / "images/wide.png").read_bytes()[:400])
    row = {"region": "", "patient_id": "p2", "sequence": "T1W", "pixel_mm": "", "as_status": "", "stage": ""}
    row |= {"part": "", "region_kind": "", "source": ""}
    whole = {"region": "regions/wide.png", "patient_id": "p1", "sequence": "STIR", "pixel_mm": 0.5}
    whole |= {
        "as_status": 1,
        "stage": 2,
        "part": "test",
        "region_kind": "joint_region",
        "source": "drawn/one",
    }
    rows = [
        {"image_id": "b", "file": "images/broken.png", **row},
        {"image_id": "w", "file": "images/wide.png", **row, **whole},
        {"image_id": "s", "file": "images/square.png", **row},
    ]
    write_table(folder / "labels.csv", rows)
    return folder


def lumbar_source(folder: Path, images: int = 20) -> Path:
    """`labels.csv` with slices of different brightness, two of each patient, each with a mask."""
    rows = []
    for number in range(images):
        brightness = 0.4 + 0.6 * number / images
        write_image(folder / f"images/{number}.png", (noise(seed=number) * brightness).astype(np.uint8))
        write_image(folder / f"masks/{number}.png", sacroiliac_region().astype(np.uint8) * 255)
        rows.append(
            {
                "image_id": f"s{number}",
                "file": f"images/{number}.png",
                "mask": f"masks/{number}.png",
                "patient_id": f"p{number // 2}",
                "sequence": "T2 TSE",
                "slice_index": number,
                "source": "SPIDER" if number % 2 else "Chu2015",
            }
        )
    write_table(folder / "labels.csv", rows)
    return folder


def collections_source(folder: Path) -> Path:
    """The publication's own: four collections as .npy and .jpg with `coords_pretrain.csv`, two levels a slice."""
    write_image(folder / "data/processed_spider_jpgs/1_t2.jpg", noise(seed=1))
    write_image(folder / "data/processed_lsd_jpgs/1_t2.jpg", noise(seed=2))
    for collection in ("lsd", "osf", "tseg"):
        (folder / f"data/processed_{collection}").mkdir(parents=True)
    stack = np.stack([noise(200, seed=seed) for seed in (5, 3, 5)], axis=-1)
    np.save(folder / "data/processed_lsd/1_t2.npy", stack)
    np.save(folder / "data/processed_osf/1.2.840.7.npy", stack)
    np.save(folder / "data/processed_tseg/ct.npy", noise(seed=4).astype(np.float32) * 3.5 - 100)
    (folder / "data/processed_tseg/cut.npy").write_bytes(b"\x93NUMPY\x01\x00")
    slices = [
        ("1_t2.jpg", "spider"),
        ("1_t2.jpg", "lsd"),
        ("1.2.840.7.jpg", "osf"),
        ("ct.npy", "processed_tseg"),
        ("cut.npy", "tseg"),
        ("nowhere.jpg", "osf"),
    ]
    points = [{"x": 100, "y": 120, "level": "L4/L5"}, {"x": 104, "y": 150, "level": "L5/S1"}]
    rows = [{"filename": name, "source": source, **point} for name, source in slices for point in points]
    write_table(folder / "coords_pretrain.csv", rows)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with what is in it."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def rows_of(folder: Path) -> list[dict[str, str]]:
    """The table of a prepared data set."""
    with (folder / "annotations/dataset.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def kidney_table(folder: Path) -> Path:
    """The prepared layout: `labels.csv` with two slices of each of two blocks of every class."""
    rows = []
    for number, (label, block, slice_) in enumerate(
        (label, block, slice_)
        for label in ("Cyst", "Normal", "Stone", "Tumor")
        for block in (1, 2)
        for slice_ in (1, 2)
    ):
        image_id = f"{label}-{block}{slice_}"
        write_image(folder / f"images/{label}/{image_id}.jpg", noise(64, seed=number))
        rows.append(
            {
                "image_id": image_id,
                "file": f"images/{label}/{image_id}.jpg",
                "original_name": f"{label}- ({block}{slice_}).jpg",
                "patient_id": f"{label}-b{block}",
                "label": label,
                "part_md5": "train" if slice_ == 1 else "test",
            }
        )
    write_table(folder / "labels.csv", rows)
    return folder


def class_folders(folder: Path, files: Sequence[str]) -> Path:
    """Drawn images where a public data set has them, such as `Stone/Stone- (1).jpg`."""
    for seed, file in enumerate(files):
        write_image(folder / file, noise(64, seed=seed))
    return folder


def kidney_folders(folder: Path) -> Path:
    """The public layout, under the folder that its archive unpacks into."""
    classes = ("Cyst", "Normal", "Stone", "Tumor")
    return class_folders(
        folder,
        [f"CT-KIDNEY-DATASET-Normal-Cyst-Tumor-Stone/{c}/{c}- ({n}).jpg" for c in classes for n in (1, 2)],
    )


def chest_table(folder: Path) -> Path:
    """The prepared layout: a picture of each of three patients in each part."""
    rows = []
    for number, (part, label) in enumerate((p, lb) for p in ("train", "val", "test") for lb in (0, 1, 1)):
        write_image(folder / f"images/i{number}.jpg", noise(64, seed=number))
        rows.append(
            {
                "image_id": f"i{number}",
                "file": f"images/i{number}.jpg",
                "patient_id": f"p{number}",
                "label": ("NORMAL", "PNEUMONIA")[label],
                "subtype": ("none", "virus")[label],
                "part": part,
            }
        )
    write_table(folder / "labels.csv", rows)
    return folder


def chest_folders(folder: Path) -> Path:
    """The public layout."""
    return class_folders(
        folder,
        [
            "chest_xray/train/NORMAL/IM-0115-0001.jpeg",
            "chest_xray/train/NORMAL/NORMAL2-IM-0123-0001.jpeg",
            "chest_xray/train/PNEUMONIA/person1_bacteria_1.jpeg",
            "chest_xray/train/PNEUMONIA/person1_virus_2.jpeg",
            "chest_xray/val/PNEUMONIA/person1946_bacteria_4874.jpeg",
            "chest_xray/test/NORMAL/IM-0001-0001.jpeg",
            "chest_xray/test/PNEUMONIA/person1_virus_6.jpeg",
        ],
    )


def bone_table(folder: Path) -> Path:
    """The prepared layout: a picture of each label in each part, the tumours outlined; and a pair that contradicts itself."""
    rows = []
    parts = [
        (part, label) for part in ("train", "val", "test") for label in ("Normal", "Benign", "Malignant")
    ]
    numbered = [(f"IMG00900{n}", n, part, label) for n, (part, label) in enumerate(parts)]
    numbered += [("IMG000591", 20, "train", "Benign"), ("IMG003456", 20, "train", "Normal")]
    for image_id, seed, part, label in numbered:
        write_image(folder / f"images/{image_id}.png", noise(64, seed=seed))
        mask = f"masks/{image_id}.png" if label != "Normal" else ""
        if mask:
            write_image(folder / mask, np.pad(np.full((8, 8), 255, np.uint8), 28))
        rows.append(
            {
                "image_id": image_id,
                "file": f"images/{image_id}.png",
                "mask": mask,
                "patient_id": f"P{seed}",
                "center": 1 if part != "test" else 2,
                "label": label,
                "part_stratified": part,
                "part_center": part,
            }
        )
    write_table(folder / "labels.csv", rows)
    return folder


def btxrd_row(
    number: int, tumour: str = "", center: int = 1, age: int = 12, sex: str = "M"
) -> dict[str, Any]:
    """A row of BTXRD's table: of a femur with this tumour, or of a normal one."""
    row: dict[str, Any] = dict.fromkeys(COLUMNS, 0)
    row |= {"image_id": f"IMG{number:06d}.jpeg", "center": center, "age": age, "gender": sex}
    if tumour:
        malignant = tumour in ("osteosarcoma", "other mt")
        row |= {tumour: 1, "femur": 1, "malignant" if malignant else "benign": 1}
    return row


def btxrd_folders(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """The public layout, with a triangle around each tumour."""
    write_table(folder / "dataset.csv", rows)
    for row in rows:
        name = Path(row["image_id"]).stem
        write_image(folder / f"images/{name}.jpeg", noise(100, seed=int(name[3:]))[:50])
        if row["benign"] or row["malignant"]:
            write_outline(folder / f"Annotations/{name}.json", [[20, 10], [60, 10], [20, 40]])
    return folder


def write_outline(file: Path, points: Sequence[Sequence[float]], shape_type: str = "polygon") -> None:
    """What LabelMe writes of an image of 50 rows and 100 columns."""
    file.parent.mkdir(parents=True, exist_ok=True)
    shape = {"label": "tumour", "points": points, "group_id": None, "shape_type": shape_type, "flags": {}}
    said = {"shapes": [shape], "imagePath": "x.jpeg", "imageData": None, "imageHeight": 50, "imageWidth": 100}
    file.write_text(json.dumps(said), encoding="utf-8")
