"""`labels.csv`: the table of a data folder, one row an image."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path

from ml.data.example import DataError

LABELS_CSV = "labels.csv"


def rows_of(folder: Path, needed: Collection[str]) -> list[dict[str, str]]:
    """The rows of the folder's `labels.csv`, in its order. Raises DataError where a needed column is missing."""
    table = folder / LABELS_CSV
    with table.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        if missing := set(needed) - set(reader.fieldnames or ()):
            raise DataError(f"{table} lacks the columns {', '.join(sorted(missing))}.")
        return list(reader)


def file_of(row: dict[str, str], column: str, folder: Path) -> Path | None:
    """The file that a row names, None where it names none. Raises DataError where it is not there."""
    if not row.get(column):
        return None
    file = folder / row[column]
    if not file.is_file():
        raise DataError(f"{file} is named in {LABELS_CSV} but is not there.")
    return file


def image_of(row: dict[str, str], folder: Path) -> Path:
    """The image of a row, from its column `file`. Raises DataError where it is not named or not there."""
    file = file_of(row, "file", folder)
    if file is None:
        raise DataError(f"{row['image_id']} in {folder / LABELS_CSV} names no image file.")
    return file


def label_index(labels: tuple[str, ...], label: str, image_id: str) -> int:
    """The number of a label. Raises DataError where the head has none of this name."""
    if label not in labels:
        raise DataError(f"{image_id} is labelled {label!r}; known are {', '.join(labels)}.")
    return labels.index(label)
