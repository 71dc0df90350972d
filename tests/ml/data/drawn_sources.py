"""Sources as they lie on a disk, with drawn images in them."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

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
