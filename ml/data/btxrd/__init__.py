"""BTXRD (Yao et al. 2025) as it is downloaded: `images/`, LabelMe outlines in `Annotations/`, and `dataset.csv`."""

from __future__ import annotations

from pathlib import Path

from ml.data.btxrd.parts import with_parts
from ml.data.btxrd.patients import joined_by_file, patients_of
from ml.data.btxrd.table import TABLE, Row, read_table
from ml.data.example import NOTHING, DataError, Example
from ml.tasks import task

__all__ = ["btxrd_folder", "load_btxrd"]


def btxrd_folder(folder: Path) -> Path | None:
    """Where the set lies: this folder or the one that its archive unpacked into; None where there is none.

    Raises:
        DataError: the table is there as `dataset.xlsx` only.
    """
    for place in (folder, *sorted(inside for inside in folder.iterdir() if inside.is_dir())):
        if not (place / "images").is_dir():
            continue
        if (place / TABLE).is_file():
            return place
        if (place / "dataset.xlsx").is_file():
            raise DataError(
                f"{place / 'dataset.xlsx'} is a workbook. Save its sheet beside it as {TABLE} (CSV, UTF-8)."
            )
    return None


def load_btxrd(folder: Path) -> list[Example]:
    """Every image of the set's table, in the order of its numbers, with outlines (`region_path` is a LabelMe file).

    Patients and parts are made by the rules of the prepared folder, but are not the same: that one also joined images that
    look alike without being the same file, and drew by chance.

    Raises:
        DataError: a column is missing, or a row names a file that is not there.
    """
    rows = read_table(folder)
    files = {file.stem: file for file in sorted((folder / "images").iterdir())}
    if gone := [row for row in rows if row.image_id not in files]:
        raise DataError(f"{folder / 'images' / gone[0].file} is named in {TABLE} but is not there.")
    patients = joined_by_file(patients_of(rows), [files[row.image_id] for row in rows])
    return with_parts(
        [
            _example(row, patient, files[row.image_id], folder)
            for row, patient in zip(rows, patients, strict=True)
        ]
    )


def _example(row: Row, patient: str, file: Path, folder: Path) -> Example:
    (head,) = task("bone_xray").heads
    outline = folder / "Annotations" / f"{row.image_id}.json"
    outlined = row.label != "Normal" and outline.is_file()
    return Example(
        image_id=row.image_id,
        path=file,
        patient_id=patient,
        region_path=outline if outlined else None,
        region_kind="tumour" if outlined else NOTHING if row.label == "Normal" else None,
        source=f"center {row.center}",
        labels={head.key: head.labels.index(row.label)},
    )
