"""Loader of the kidney CT set (Islam et al. 2022) for its two tasks, and of the ultrasound set for stones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from ml.data.class_folders import filed_images
from ml.data.example import DataError, Example
from ml.data.labels_csv import LABELS_CSV, image_of, label_index, rows_of
from ml.tasks import task

_CLASSES = ("Cyst", "Normal", "Stone", "Tumor")
_NEEDED = {"image_id", "file", "label"}


def load_kidney_ct(folder: Path) -> list[Example]:
    """Every image of the folder with its finding: `labels.csv`, or the public set's `Stone/ Cyst/ Normal/ Tumor/`.

    A `labels.csv` folder has the task's equalisation in its pixels and names blocks of slices as patients. The public set has
    neither: its images are as they came, and of nobody known.

    Raises:
        DataError: neither layout, a column is missing, a row names a file that is not there, or a label that is none.
    """
    return _load("kidney_ct", folder, str)


def load_kidney_stone(folder: Path) -> list[Example]:
    """The same images, stone against the rest. The ultrasound set's `stone/ Normal/` is read as well.

    Raises:
        DataError: as `load_kidney_ct`.
    """
    return _load("kidney_stone", folder, lambda label: "Stone" if label == "Stone" else "No stone")


def part_by_md5(name: str) -> str:
    """The part that the publication drew from a file's name; neighbouring slices come to stand in different ones."""
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    share = int(digest, 16) % 10_000 / 10_000
    return "train" if share < 0.70 else "val" if share < 0.85 else "test"


def _load(key: str, folder: Path, said: Callable[[str], str]) -> list[Example]:
    (head,) = task(key).heads

    def labels(label: str, image_id: str) -> dict[str, int]:
        label_index(_CLASSES, label, image_id)
        return {head.key: head.labels.index(said(label))}

    if (folder / LABELS_CSV).is_file():
        return [
            Example(
                image_id=row["image_id"],
                path=(file := image_of(row, folder)),
                patient_id=row.get("patient_id") or None,
                labels=labels(row["label"], row["image_id"]),
                parts={"md5": row.get("part_md5") or part_by_md5(row.get("original_name") or file.name)},
                prepared=True,
            )
            for row in rows_of(folder, _NEEDED)
        ]
    filed = filed_images(folder, _CLASSES)
    if len({each.label for each in filed}) < 2:
        raise DataError(
            f"{folder} holds neither {LABELS_CSV} nor images in folders named {', '.join(_CLASSES)}, at least two of them."
        )
    return [
        Example(
            image_id=each.image_id,
            path=each.file,
            part=each.part,
            labels=labels(each.label, each.image_id),
            parts={"md5": part_by_md5(each.file.name)},
        )
        for each in filed
    ]
