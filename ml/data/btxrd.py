"""BTXRD as it is downloaded: `images/`, LabelMe outlines in `Annotations/`, and a table with a column for each finding.

The set names no patients. They are guessed as cautiously as may be: a run of tumour images of equal centre, age, sex, tumour
and body part is one, and so are all normal images of equal centre, age and sex.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ml.data.example import DataError, Example
from ml.tasks import task

TABLE = "dataset.csv"

_SITES = (
    *("hand", "ulna", "radius", "humerus", "foot", "tibia", "fibula", "femur", "hip bone"),
    *("ankle-joint", "knee-joint", "hip-joint", "wrist-joint", "elbow-joint", "shoulder-joint"),
)
_TUMOURS = (
    *("osteochondroma", "multiple osteochondromas", "simple bone cyst", "giant cell tumor", "osteofibroma"),
    *("synovial osteochondroma", "other bt", "osteosarcoma", "other mt"),
)
_NEEDED = {"image_id", "center", "age", "gender", "benign", "malignant", *_SITES, *_TUMOURS}
_LEARNED_FROM = "1"
"""The centre that `part_center` trains on."""

_SHARES_OF_20 = {"part_stratified": (3, 3), "part_center": (0, 3)}
"""Twentieths that are held out as test and as validation; the centres do the first for `part_center`."""


@dataclass(frozen=True)
class _Row:
    image_id: str
    file: str
    label: str
    center: str
    age: str
    sex: str
    found: tuple[str, ...]

    @property
    def number(self) -> int:
        """The images' numbers run through the table."""
        return int("".join(c for c in self.image_id if c.isdigit()) or 0)


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

    `part_stratified` and `part_center` are drawn by patient, 70 to 15 to 15 and by centre: by the rule of the prepared
    folder, but not its draw, which also joined images that look alike.

    Raises:
        DataError: a column is missing, or a row names a file that is not there.
    """
    with (folder / TABLE).open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        if missing := _NEEDED - set(reader.fieldnames or ()):
            raise DataError(f"{folder / TABLE} lacks the columns {', '.join(sorted(missing))}.")
        rows = sorted((_row(row) for row in reader), key=lambda row: row.number)
    patients = _patients_of(rows)
    files = {file.stem: file for file in sorted((folder / "images").iterdir())}
    examples = [_example(row, patient, files, folder) for row, patient in zip(rows, patients, strict=True)]
    return _with_parts(examples)


def _row(row: dict[str, str]) -> _Row:
    def marked(columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(column for column in columns if (row[column] or "0").strip() not in ("0", "0.0"))

    label = "Malignant" if marked(["malignant"]) else "Benign" if marked(["benign"]) else "Normal"
    said = {name: (row[name] or "").strip() for name in ("image_id", "center", "age", "gender")}
    return _Row(
        image_id=Path(said["image_id"]).stem,
        file=said["image_id"],
        label=label,
        center=said["center"],
        age=said["age"],
        sex=said["gender"],
        found=(*marked(_TUMOURS), *marked(_SITES)),
    )


def _patients_of(rows: Sequence[_Row]) -> list[str]:
    """Each named by the number of its first image."""
    patients: list[str] = []
    first_normal: dict[tuple[str, str, str], str] = {}
    for place, row in enumerate(rows):
        name = f"P{row.number:06d}"
        if row.label == "Normal":
            name = first_normal.setdefault((row.center, row.age, row.sex), name)
        elif place and _same_run(rows[place - 1], row):
            name = patients[-1]
        patients.append(name)
    return patients


def _same_run(before: _Row, row: _Row) -> bool:
    follows = before.label != "Normal" and row.number == before.number + 1
    return follows and (before.center, before.age, before.sex, before.found) == (
        row.center,
        row.age,
        row.sex,
        row.found,
    )


def _example(row: _Row, patient: str, files: dict[str, Path], folder: Path) -> Example:
    (head,) = task("bone_xray").heads
    if row.image_id not in files:
        raise DataError(f"{folder / 'images' / row.file} is named in {TABLE} but is not there.")
    outline = folder / "Annotations" / f"{row.image_id}.json"
    outlined = row.label != "Normal" and outline.is_file()
    return Example(
        image_id=row.image_id,
        path=files[row.image_id],
        patient_id=patient,
        region_path=outline if outlined else None,
        region_kind="tumour" if outlined else None,
        source=f"center {row.center}",
        labels={head.key: head.labels.index(row.label)},
    )


def _with_parts(examples: Sequence[Example]) -> list[Example]:
    stratified = _drawn(examples, *_SHARES_OF_20["part_stratified"])
    first = [example for example in examples if example.source == f"center {_LEARNED_FROM}"]
    center = _drawn(first, *_SHARES_OF_20["part_center"])
    return [
        replace(
            example,
            part=(part := stratified.get(example.image_id)),
            parts={"part_center": center.get(example.image_id, "test")}
            | ({"part_stratified": part} if part else {}),
        )
        for example in examples
    ]


def _drawn(examples: Sequence[Example], test: int, val: int) -> dict[str, str]:
    """Image to part, by patient and stratified by label; nothing where there are too few patients to draw from."""
    from sklearn.model_selection import StratifiedGroupKFold

    labels = [next(iter(example.labels.values())) for example in examples]
    patients = [example.patient_id for example in examples]
    if len(set(patients)) < 20:
        return {example.image_id: "train" for example in examples} if not test else {}
    parts = ["test"] * test + ["val"] * val + ["train"] * (20 - test - val)
    divided = StratifiedGroupKFold(20, shuffle=True, random_state=42).split(
        np.zeros(len(labels)), labels, patients
    )
    return {examples[i].image_id: part for part, (_, held) in zip(parts, divided, strict=True) for i in held}
