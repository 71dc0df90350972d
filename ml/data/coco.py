"""A data set as COCO metadata (Lin et al. 2014, arXiv 1405.0312): images, categories and annotations in one JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ml.data.example import DataError, Example
from ml.data.region_mask import read_region_mask
from ml.images.decode import decode
from ml.images.errors import ImageError
from ml.tasks import TaskSpec

Warn = Callable[[str], None]

REGION = "region"


def coco_of(task: TaskSpec, examples: Sequence[Example], folder: Path, warn: Warn = print) -> dict[str, Any]:
    """The metadata of a data set; file names are relative to its folder.

    Args:
        task: its heads' labels are categories; so is what the masks mark.
        examples: an image that cannot be read is left out.
        warn: is told of these.

    Returns:
        `info`, `licenses` (empty: the data set's own papers say), `images` (with `image_id`, `patient_id`, `part` and `parts` of
        the data set beside COCO's `id, file_name, width, height`), `categories` (`supercategory`: the head, or `region`) and
        `annotations`. A label is one of the whole image: its box is the image, it has no outline, and `level` is `image`.
        Each connected piece of a mask has outline and box, `level` is `region`; holes are filled in the outline, `area` is
        without them.
    """
    kinds = sorted({_kind(e) for e in examples if e.region_path is not None})
    named = [(head.key, label) for head in task.heads for label in head.labels]
    named += [(REGION, kind) for kind in kinds]
    numbers = {name: number for number, name in enumerate(named, start=1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for example in examples:
        try:
            rows, columns = decode(example.path.read_bytes()).pixels.shape[:2]
            pieces = list(_pieces(example, (rows, columns)))
        except (ImageError, DataError, OSError) as error:
            warn(f"{example.path}: {getattr(error, 'sentence', error)}")
            continue
        images.append(_image(len(images) + 1, example, folder, rows, columns))
        found = [
            (numbers[head.key, head.labels[example.labels[head.key]]], _whole(rows, columns))
            for head in task.heads
            if head.key in example.labels
        ]
        found += [(numbers[REGION, _kind(example)], piece) for piece in pieces]
        for category, shape in found:
            of_what = {"id": len(annotations) + 1, "image_id": len(images), "category_id": category}
            annotations.append({**of_what, **shape, "iscrowd": 0})
    return {
        "info": {"description": task.name, "version": "1.0", "task": task.key},
        "licenses": [],
        "images": images,
        "categories": [
            {"id": number, "name": name, "supercategory": above} for (above, name), number in numbers.items()
        ],
        "annotations": annotations,
    }


def _kind(example: Example) -> str:
    return example.region_kind or "marked"


def _image(number: int, example: Example, folder: Path, rows: int, columns: int) -> dict[str, Any]:
    inside = example.path.is_relative_to(folder)
    return {
        "id": number,
        "file_name": (example.path.relative_to(folder) if inside else example.path).as_posix(),
        "width": columns,
        "height": rows,
        "image_id": example.image_id,
        "patient_id": example.patient_id,
        "part": example.part,
        "parts": example.parts,
    }


def _whole(rows: int, columns: int) -> dict[str, Any]:
    return {
        "segmentation": [],
        "bbox": [0, 0, columns, rows],
        "area": rows * columns,
        "attributes": {"level": "image"},
    }


def _pieces(example: Example, shape: tuple[int, int]) -> Iterator[dict[str, Any]]:
    if example.region_path is None:
        return
    mask = read_region_mask(example, shape).astype(np.uint8)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for number in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[number])
        outlines, _ = cv2.findContours(
            (pieces == number).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
        )
        outline = outlines[0].reshape(-1, 2)
        if len(outline) < 3:  # a line of pixels is no polygon: its box stands for it
            right, bottom = left + width, top + height
            outline = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
        yield {
            "segmentation": [[int(value) for value in outline.ravel()]],
            "bbox": [left, top, width, height],
            "area": area,
            "attributes": {"level": "region"},
        }
