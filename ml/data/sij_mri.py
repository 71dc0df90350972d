"""Loader of the sacroiliac data set: `labels.csv` with images, regions and readings (arXiv 2106.11343; CPTAC-UCEC)."""

from __future__ import annotations

import csv
from pathlib import Path

from ml.data.example import DataError, Example

_NEEDED = {"image_id", "file"}


def load_sij_mri(folder: Path) -> list[Example]:
    """Every image of the folder's `labels.csv`, in its order. Of the columns only `image_id` and `file` have to be there.

    Raises:
        DataError: a column is missing, or a row names a file that is not there.
    """
    table = folder / "labels.csv"
    with table.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines)
        missing = _NEEDED - set(reader.fieldnames or ())
        if missing:
            raise DataError(f"{table} lacks the columns {', '.join(sorted(missing))}.")
        return [_example(row, folder) for row in reader]


def _example(row: dict[str, str], folder: Path) -> Example:
    path = folder / row["file"]
    region, votes = (folder / row[name] if row.get(name) else None for name in ("region", "votes"))
    for file in (path, region, votes):
        if file is not None and not file.is_file():
            raise DataError(f"{file} is named in labels.csv but is not there.")
    return Example(
        image_id=row["image_id"],
        path=path,
        patient_id=row.get("patient_id") or None,
        part=row.get("part") or None,
        sequence=row.get("sequence") or None,
        pixel_mm=float(row["pixel_mm"]) if row.get("pixel_mm") else None,
        region_path=region,
        region_kind=row.get("region_kind") or None,
        votes_path=votes,
        source=row.get("source") or None,
        labels={head: int(float(row[head])) for head in ("as_status", "stage") if row.get(head)},
    )
