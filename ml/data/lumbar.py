"""Loader of the lumbar data set: `labels.csv` with sagittal slices and masks, and labels by the published pixel rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ml.data.example import Example
from ml.data.labels_csv import file_of, image_of, rows_of
from ml.data.pixel_rules import features_of, labels_of
from ml.data.square import plain_square
from ml.images.decode import decode
from ml.images.errors import ImageError
from ml.tasks import task

_NEEDED = {"image_id", "file"}


def load_lumbar(folder: Path) -> list[Example]:
    """Every image of the folder's `labels.csv`, in its order, with status and stage by rule 2 over the whole folder.

    An image that cannot be decoded has no labels and no part in the rule.

    Raises:
        DataError: a column is missing, or a row names a file that is not there.
    """
    return _labelled([_example(row, folder) for row in rows_of(folder, _NEEDED)])


def _example(row: dict[str, str], folder: Path) -> Example:
    mask = file_of(row, "mask", folder)
    source = row.get("source") or None
    return Example(
        image_id=row["image_id"],
        path=image_of(row, folder),
        patient_id=row.get("patient_id") or None,
        sequence=row.get("sequence") or None,
        region_path=mask,
        # each collection marks other structures, and nothing else says which
        region_kind=source if mask else None,
        source=source,
    )


def _labelled(examples: Sequence[Example]) -> list[Example]:
    preparation = task("lumbar").preparation
    features = {}
    for example in examples:
        try:
            pixels = decode(example.path.read_bytes()).pixels
        except (ImageError, OSError):
            continue
        features[example.image_id] = features_of(plain_square(pixels, preparation))
    labels = dict(zip(features, labels_of(list(features.values())), strict=True))
    return [replace(example, labels=labels.get(example.image_id, {})) for example in examples]
