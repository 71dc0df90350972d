"""Loader of the sacroiliac data set: `labels.csv` with images, regions and readings (arXiv 2106.11343; CPTAC-UCEC)."""

from __future__ import annotations

from pathlib import Path

from ml.data.example import Example
from ml.data.labels_csv import file_of, image_of, rows_of

_NEEDED = {"image_id", "file"}


def load_sij_mri(folder: Path) -> list[Example]:
    """Every image of the folder's `labels.csv`, in its order. Of the columns only `image_id` and `file` have to be there.

    Raises:
        DataError: a column is missing, or a row names a file that is not there.
    """
    return [_example(row, folder) for row in rows_of(folder, _NEEDED)]


def _example(row: dict[str, str], folder: Path) -> Example:
    return Example(
        image_id=row["image_id"],
        path=image_of(row, folder),
        patient_id=row.get("patient_id") or None,
        part=row.get("part") or None,
        sequence=row.get("sequence") or None,
        pixel_mm=float(row["pixel_mm"]) if row.get("pixel_mm") else None,
        region_path=file_of(row, "region", folder),
        region_kind=row.get("region_kind") or None,
        votes_path=file_of(row, "votes", folder),
        source=row.get("source") or None,
        labels={head: int(float(row[head])) for head in ("as_status", "stage") if row.get(head)},
    )
