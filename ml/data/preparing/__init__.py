"""`prepare`: from a source's own folder to the published `Dataset/` layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ml.data.example import DataError
from ml.data.pixel_rules import DEFAULT_RULE
from ml.data.preparing.information import information_of
from ml.data.preparing.labelling import labelled_by_rule
from ml.data.preparing.layout import write_dataset
from ml.data.preparing.originals import originals_of
from ml.data.preparing.pictures import read_pictures
from ml.data.square import plain_square, prepared_square
from ml.images.decode import DecodedImage
from ml.images.prepare import Preparation
from ml.tasks import TaskSpec

__all__ = ["prepare_dataset"]

_BY_RULE = "lumbar"


def prepare_dataset(task: TaskSpec, source: Path, out: Path, rule: int | None = None) -> dict[str, Any]:
    """Writes a data set in the published layout; the source stays as it is. What cannot be read is left out, and named.

    Args:
        task: whose data set it is.
        source: folder in a layout of the task's own: with `labels.csv`, or as the public set is downloaded.
        out: folder to write; new or empty, and not inside the source.
        rule: the published pixel rule that labels `lumbar`, 1 or 2; 2 if None. Other tasks keep their source's labels.

    Returns:
        What stands in `dataset_info.txt`.

    Raises:
        DataError: the source is no such data set or has no readable image, or `out` must not be written to.
        OSError: `out` cannot be written to.
    """
    if rule is not None and task.key != _BY_RULE:
        raise DataError(f"The labels of {task.key} come from its source, not from a pixel rule.")
    _check(out, source)
    by_rule = task.key == _BY_RULE
    square = _as_the_rules_read_it if by_rule else prepared_square
    found = read_pictures(originals_of(task.key, source), source, task.preparation, square)
    if not found.pictures:
        raise DataError(f"None of the images of {source} can be read.")
    used = (rule or DEFAULT_RULE) if by_rule else None
    pictures = found.pictures if used is None else labelled_by_rule(found.pictures, used)
    information = information_of(task, source.name, pictures, found, used)
    write_dataset(out, task, pictures, information)
    return information


def _as_the_rules_read_it(image: DecodedImage, preparation: Preparation) -> np.ndarray:
    """What the rules read is brightness: a window would take it away."""
    return plain_square(image.pixels, preparation)


def _check(out: Path, source: Path) -> None:
    if out.resolve().is_relative_to(source.resolve()):
        raise DataError(
            f"Nothing is written into a source. Choose a folder outside of {source}. Received: {out}"
        )
    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file. Choose a new folder.")
    if out.is_dir() and any(out.iterdir()):
        raise DataError(
            f"{out} is not empty, and nothing is overwritten. Choose a new folder, or empty it first."
        )
