"""Loader of the bone radiographs (BTXRD, Yao et al. 2025): normal, benign or malignant, with outlined tumours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ml.data.btxrd import btxrd_folder, load_btxrd
from ml.data.example import NOTHING, DataError, Example
from ml.data.labels_csv import LABELS_CSV, file_of, image_of, label_index, rows_of
from ml.tasks import task

CONTRADICTED = frozenset({"IMG000591", "IMG003456", "IMG000707", "IMG003346"})
"""Two images that the set holds twice, once as Benign and once as Normal: nothing is to be learned from them."""

_NEEDED = {"image_id", "file", "label"}
_PARTS = ("part_stratified", "part_center")
_DEPLOYED = "part_stratified"


def load_bone_xray(folder: Path) -> list[Example]:
    """Every image of the folder: `labels.csv`, or BTXRD's `images/`, `Annotations/` and `dataset.csv`.

    A `labels.csv` folder's images were squashed to 256 x 256; those of the public set are as they came. The images of
    `CONTRADICTED` have a label and no part of any protocol.

    Raises:
        DataError: neither layout, a column is missing, a row names a file that is not there, or a label that is none.
    """
    if (folder / LABELS_CSV).is_file():
        return _without_contradicted([_example(row, folder) for row in rows_of(folder, _NEEDED)])
    public = btxrd_folder(folder)
    if public is None:
        raise DataError(f"{folder} holds neither {LABELS_CSV} nor BTXRD's images/ with dataset.csv.")
    return _without_contradicted(load_btxrd(public))


def _example(row: dict[str, str], folder: Path) -> Example:
    (head,) = task("bone_xray").heads
    mask = file_of(row, "mask", folder)
    return Example(
        image_id=row["image_id"],
        path=image_of(row, folder),
        patient_id=row.get("patient_id") or None,
        part=row.get(_DEPLOYED) or None,
        region_path=mask,
        region_kind="tumour" if mask else NOTHING if row["label"] == head.labels[0] else None,
        source=f"center {row['center']}" if row.get("center") else None,
        labels={head.key: label_index(head.labels, row["label"], row["image_id"])},
        parts={protocol: row[protocol] for protocol in _PARTS if row.get(protocol)},
        prepared=True,
    )


def _without_contradicted(examples: Sequence[Example]) -> list[Example]:
    return [replace(e, part=None, parts={}) if e.image_id in CONTRADICTED else e for e in examples]
