"""`out_of_fold.csv`: what each fold's network said of the images that it never saw, joined with a data set.

Where a fold kept validation images apart, its network's answers to them stand there too, under `<fold>:val`: calibration may
use them, no figure does.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.cards import models_dir
from ml.data import DataError, Example
from ml.tasks import Head
from ml.tasks import task as task_of

_WHOSE = ("image_id", "patient_id", "fold")
_NAMED = 3
_VALIDATION = ":val"


@dataclass(frozen=True)
class HeldOut:
    """One image that a fold did not learn from: its example, the fold, and what the fold's network said.

    `said` is by column, None where the cell is empty. `validation`: training was stopped on the image.
    """

    example: Example
    fold: str
    said: Mapping[str, float | None]
    validation: bool = False


def out_of_fold_file(task: str, model: str, protocol: str | None = None) -> Path:
    """The place of a model's out-of-fold scores: of the task's own protocol, or of another one, which the name says."""
    own = protocol is None or protocol == task_of(task).protocol
    return models_dir() / task / model / ("out_of_fold.csv" if own else f"out_of_fold.{protocol}.csv")


def validation_fold(name: str) -> str:
    """What the fold column says of a fold's validation images."""
    return f"{name}{_VALIDATION}"


def score_columns(heads: Iterable[Head]) -> list[str]:
    """The columns of raw scores: `<head>.<label>`."""
    return [f"{head.key}.{label}" for head in heads for label in head.labels]


def read_out_of_fold(file: Path, examples: Sequence[Example], needed: Sequence[str]) -> list[HeldOut]:
    """The held-out rows of the file, in its order, each joined with its example by `image_id`.

    Args:
        file: with the columns `image_id, patient_id, fold`, and numbers in all others.
        examples: a whole data set.
        needed: columns that must be there beside those.

    Raises:
        DataError: the file or a column is missing, a cell is no number, an image stands there twice, is not in the data set, or
            is of another patient there.
    """
    rows = [row for row in _rows(file, needed) if not _is_validation(row)]
    if not rows:
        raise DataError(f"{file} holds no images.")
    return _joined(rows, file, examples)


def read_validation(file: Path, examples: Sequence[Example], needed: Sequence[str]) -> list[HeldOut]:
    """The validation rows of the file, as `read_out_of_fold` gives the held-out ones; none where no fold kept any apart."""
    return _joined([row for row in _rows(file, needed) if _is_validation(row)], file, examples)


def _is_validation(row: Mapping[str, str]) -> bool:
    return row["fold"].endswith(_VALIDATION)


def _joined(rows: Sequence[Mapping[str, str]], file: Path, examples: Sequence[Example]) -> list[HeldOut]:
    by_id = {example.image_id: example for example in examples}
    named = [row["image_id"] for row in rows]
    keys = Counter((row["image_id"], row["fold"] if _is_validation(row) else "") for row in rows)
    if repeated := [image for (image, _), times in keys.items() if times > 1]:
        raise DataError(f"{file} holds {few(repeated)} more than once. Train the folds again.")
    if unknown := [image for image in named if image not in by_id]:
        raise DataError(
            f"{file} holds {few(unknown)}, which the data set does not. Give the data set that the folds were trained on."
        )
    held_out = [
        HeldOut(
            by_id[row["image_id"]],
            row["fold"].removesuffix(_VALIDATION),
            {column: _number(row, column, file) for column in row if column not in _WHOSE},
            _is_validation(row),
        )
        for row in rows
    ]
    for row, each in zip(rows, held_out, strict=True):
        if (row["patient_id"] or None) != each.example.patient_id:
            raise DataError(f"{each.example.image_id} is of another patient in {file} than in the data set.")
    return held_out


def raw_scores(rows: Sequence[HeldOut], head: Head) -> np.ndarray:
    """The networks' uncalibrated scores of a head, (n, L) float64 in [0, 1]. Raises DataError where they are no shares of 1."""
    said = [[row.said[column] for column in score_columns([head])] for row in rows]
    scores = np.array(said, dtype=float).reshape(len(rows), len(head.labels))
    for row, of_row in zip(rows, scores, strict=True):
        if not (np.all(of_row >= 0) and math.isclose(of_row.sum(), 1, abs_tol=1e-3)):
            raise DataError(
                f"The scores of {row.example.image_id} for {head.key} in out_of_fold.csv are not shares of 1. "
                "Train the folds again."
            )
    return scores


def few(images: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    more = f" and {len(images) - _NAMED} more" if len(images) > _NAMED else ""
    return ", ".join(images[:_NAMED]) + more


def _rows(file: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    if not file.is_file():
        raise DataError(f"There is no {file}. `python -m ml train --cross-validate` writes it.")
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            reader = csv.DictReader(lines, restval="")
            columns = list(reader.fieldnames or ())
            if missing := [column for column in (*_WHOSE, *needed) if column not in columns]:
                raise DataError(f"{file} lacks the columns {', '.join(missing)}.")
            rows = [{column: row[column].strip() for column in columns} for row in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{file} is no CSV in UTF-8: {error}.") from error
    return rows


def _number(row: Mapping[str, str], column: str, file: Path) -> float | None:
    try:
        value = float(row[column]) if row[column] else None
    except ValueError:
        value = math.nan
    if value is not None and not math.isfinite(value):
        raise DataError(f"{row['image_id']} in {file}: {column} is no number.")
    return value
