"""Loader of the children's chest radiographs (Kermany et al. 2018): normal against pneumonia."""

from __future__ import annotations

import re
from pathlib import Path

from ml.data.class_folders import Filed, filed_images
from ml.data.example import DataError, Example
from ml.data.labels_csv import LABELS_CSV, image_of, label_index, rows_of
from ml.tasks import task

_NEEDED = {"image_id", "file", "label"}
_PNEUMONIA = re.compile(r"person(\d+)_")
_NORMAL = re.compile(r"(NORMAL2-)?IM-(\d+)-")


def load_chest_xray(folder: Path) -> list[Example]:
    """Every image of the folder with its official part: `labels.csv`, or `train|val|test/NORMAL|PNEUMONIA`.

    A `labels.csv` folder's images were squashed to 224 x 224; those of the public set are as they came.

    Raises:
        DataError: neither layout, a column is missing, a row names a file that is not there, or a label that is none.
    """
    (head,) = task("chest_xray").heads
    if (folder / LABELS_CSV).is_file():
        return [
            Example(
                image_id=row["image_id"],
                path=image_of(row, folder),
                patient_id=row.get("patient_id") or None,
                part=row.get("part") or None,
                labels={head.key: label_index(head.labels, row["label"], row["image_id"])},
                prepared=True,
            )
            for row in rows_of(folder, _NEEDED)
        ]
    filed = filed_images(folder, head.labels)
    if not filed:
        raise DataError(f"{folder} holds neither {LABELS_CSV} nor images in train|val|test/NORMAL|PNEUMONIA.")
    return [
        Example(
            image_id=each.image_id,
            path=each.file,
            patient_id=_patient_of(each),
            part=each.part,
            labels={head.key: head.labels.index(each.label)},
        )
        for each in filed
    ]


def _patient_of(image: Filed) -> str | None:
    """By the file's name. The test part counts its persons with pneumonia from 1 again."""
    if found := _PNEUMONIA.match(image.file.name):
        return f"{'tp' if image.part == 'test' else 'p'}{found[1]}"
    if found := _NORMAL.match(image.file.name):
        return f"{'n2_' if found[1] else 'n'}{found[2]}"
    return None
