"""Writes the published layout: `images/`, `masks/`, `annotations/dataset.csv` and `dataset_info.txt`."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ml.data.dataset_layout import label_column, part_column
from ml.data.example import DataError, Example
from ml.data.preparing.pictures import Picture
from ml.images.store import grey_png
from ml.tasks import Head, TaskSpec

_ALWAYS = ("patient_id", "source", "part", "sequence", "pixel_mm", "region_kind", "prepared")


def write_dataset(
    out: Path, task: TaskSpec, pictures: Sequence[Picture], information: Mapping[str, Any]
) -> None:
    """Writes everything, the table last: a folder with its table is whole.

    Raises:
        DataError: a label that the task does not have; nothing is written then.
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
        table = csv.DictWriter(lines, list(dict.fromkeys(column for row in rows for column in row)))
        table.writeheader()
        table.writerows(rows)


def _row(picture: Picture, task: TaskSpec) -> dict[str, Any]:
    """A line of the table, by column; what is not known is None, which is written as nothing."""
    example = picture.example
    has_mask = picture.mask is not None
    row: dict[str, Any] = {
        "image_id": example.image_id,
        "image_path": f"images/{example.image_id}.png",
        "mask_path": f"masks/{example.image_id.replace('img', 'mask')}.png" if has_mask else None,
    }
    for head in task.heads:
        row |= _labels_of(head, example)
    boxed = zip(("x1", "y1", "x2", "y2"), _bounding_box(picture.mask), strict=True)
    row |= {f"bbox_{side}": value for side, value in boxed}
    row |= {column: getattr(example, column) for column in _ALWAYS} | {"prepared": int(example.prepared)}
    return row | {part_column(protocol): part for protocol, part in example.parts.items()}


def _labels_of(head: Head, example: Example) -> dict[str, Any]:
    """The label as a number and, where 0 and 1 do not say it all, by name."""
    label = example.labels.get(head.key)
    if label is not None and not 0 <= label < len(head.labels):
        raise DataError(f"{example.image_id} has {head.key} {label}; known are 0 to {len(head.labels) - 1}.")
    number = {label_column(head.key): label}
    if len(head.labels) == 2:
        return number
    return number | {f"{head.key}_name": None if label is None else head.labels[label]}


def _bounding_box(mask: np.ndarray | None) -> tuple[int | None, ...]:
    """x1, y1, x2, y2: first and last column and row of the mask, from 0; nothing without a mask or in an empty one."""
    if mask is None or not mask.any():
        return (None,) * 4
    rows, columns = np.nonzero(mask)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())
