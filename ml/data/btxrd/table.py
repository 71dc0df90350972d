"""BTXRD's table: a row an image, a column of 0 and 1 for each finding, tumour and body part."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.data.example import DataError

TABLE = "dataset.csv"

_SITES = (
    *("hand", "ulna", "radius", "humerus", "foot", "tibia", "fibula", "femur", "hip bone"),
    *("ankle-joint", "knee-joint", "hip-joint", "wrist-joint", "elbow-joint", "shoulder-joint"),
)
_TUMOURS = (
    *("osteochondroma", "multiple osteochondromas", "simple bone cyst", "giant cell tumor", "osteofibroma"),
    *("synovial osteochondroma", "other bt", "osteosarcoma", "other mt"),
)
COLUMNS = ("image_id", "center", "age", "gender", "benign", "malignant", *_SITES, *_TUMOURS)
"""Of the table's columns those that are read."""


@dataclass(frozen=True)
class Row:
    """What is read of an image.

    Args:
        file: its name as the table writes it; image_id is that without its ending.
        label: `Normal`, `Benign` or `Malignant`.
        found: tumours and body parts.
    """

    image_id: str
    file: str
    label: str
    center: str
    age: str
    sex: str
    found: tuple[str, ...]

    @property
    def number(self) -> int:
        """Of `IMG000123`: 123. The numbers run through the table."""
        return int("".join(character for character in self.image_id if character.isdigit()) or 0)


def read_table(folder: Path) -> list[Row]:
    """The rows of the folder's `dataset.csv`, in the order of their numbers. Raises DataError where a column is missing."""
    with (folder / TABLE).open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        if missing := set(COLUMNS) - set(reader.fieldnames or ()):
            raise DataError(f"{folder / TABLE} lacks the columns {', '.join(sorted(missing))}.")
        return sorted((_row(row) for row in reader), key=lambda row: row.number)


def _row(row: dict[str, str]) -> Row:
    def marked(columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(column for column in columns if (row[column] or "0").strip() not in ("", "0", "0.0"))

    image, center, age, sex = ((row[name] or "").strip() for name in ("image_id", "center", "age", "gender"))
    label = "Malignant" if marked(["malignant"]) else "Benign" if marked(["benign"]) else "Normal"
    return Row(Path(image).stem, image, label, center, age, sex, (*marked(_TUMOURS), *marked(_SITES)))
