"""Writes the published layout: `images/`, `masks/`, `annotations/dataset.csv` and `dataset_info.txt`."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ml.data.example import DataError
from ml.data.preparing.pictures import Picture
from ml.images.store import grey_png
from ml.tasks import Head, TaskSpec

COLUMNS = (
    *("image_id", "image_path", "mask_path", "AS_status", "stage", "stage_name"),
    *("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2"),
    *("patient_id", "source", "part", "sequence", "pixel_mm", "region_kind"),
)


def write_dataset(
    out: Path, task: TaskSpec, pictures: Sequence[Picture], information: Mapping[str, Any]
) -> None:
    """Writes everything, the table last: a folder with its table is whole.

    Raises:
        DataError: a stage that the task does not have; nothing is written then.
        OSError: `out` cannot be written to.
    """
    rows = [_row(picture, task) for picture in pictures]
    for folder in ("images", "masks", "annotations"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for picture, row in zip(pictures, rows, strict=True):
        (out / row["image_path"]).write_bytes(grey_png(picture.pixels))
        if picture.mask is not None:
            (out / row["mask_path"]).write_bytes(grey_png(picture.mask.astype(np.uint8) * 255))
    text = yaml.safe_dump(dict(information), sort_keys=False, allow_unicode=True, width=110)
    (out / "dataset_info.txt").write_text(text, encoding="utf-8")
    with (out / "annotations" / "dataset.csv").open("w", newline="", encoding="utf-8") as lines:
        table = csv.DictWriter(lines, COLUMNS)
        table.writeheader()
        table.writerows(rows)


def _row(picture: Picture, task: TaskSpec) -> dict[str, Any]:
    """A line of the table; what is not known is None, which is written as nothing."""
    example = picture.example
    stage = example.labels.get("stage")
    has_mask = picture.mask is not None
    values = (
        example.image_id,
        f"images/{example.image_id}.png",
        f"masks/{example.image_id.replace('img', 'mask')}.png" if has_mask else None,
        example.labels.get("as_status"),
        stage,
        None if stage is None else _name_of(stage, example.image_id, task.head("stage")),
        *_bounding_box(picture.mask),
        example.patient_id,
        example.source,
        example.part,
        example.sequence,
        example.pixel_mm,
        example.region_kind,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _name_of(stage: int, image_id: str, head: Head) -> str:
    if not 0 <= stage < len(head.labels):
        raise DataError(f"{image_id} has {head.key} {stage}; known are 0 to {len(head.labels) - 1}.")
    return head.labels[stage]


def _bounding_box(mask: np.ndarray | None) -> tuple[int | None, ...]:
    """x1, y1, x2, y2: first and last column and row of the mask, from 0; nothing without a mask or in an empty one."""
    if mask is None or not mask.any():
        return (None,) * 4
    rows, columns = np.nonzero(mask)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())
