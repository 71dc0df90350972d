"""Loader of the published `Dataset/` layout: `images/`, `masks/` and `annotations/dataset.csv`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from ml.data.example import DataError, Example
from ml.tasks import task

_TABLE = Path("annotations") / "dataset.csv"
VOTES_COLUMN = "votes_path"
_NEEDED = {"image_id", "image_path"}
_PUBLISHED_NAMES = {"as_status": "AS_status"}
_PART_COLUMNS = {"part_stratified": "part_stratified", "part_center": "part_center", "md5": "part_md5"}


def label_column(head: str) -> str:
    """The column of a head's labels: its key, but as the publication wrote it."""
    return _PUBLISHED_NAMES.get(head, head)


def part_column(protocol: str) -> str:
    """The column of the parts that a data set suggests for a protocol."""
    return _PART_COLUMNS.get(protocol, f"part_{protocol}")


def is_dataset_layout(folder: Path) -> bool:
    """Whether `annotations/dataset.csv` lies in this folder."""
    return (folder / _TABLE).is_file()


def load_dataset_layout(key: str, folder: Path) -> list[Example]:
    """Every row of the folder's `annotations/dataset.csv`, in its order.

    A column for each head of the task (`AS_status`, `stage`, `finding`) and `mask_path` may be empty, `votes_path` (readings of
    the lesion, as in `Example`), `patient_id`, `source`, `part`, `part_<protocol>`, `sequence`, `pixel_mm`, `region_kind` and
    `prepared` may be absent: what is not known is None, or not among the labels. A path counts from the folder; one that was
    written elsewhere (absolute, or from above the folder) is looked up by its last two parts.

    Raises:
        DataError: a column is missing, a value is no number, or a row names a file that is not there.
    """
    heads = {head.key: label_column(head.key) for head in task(key).heads}
    with (folder / _TABLE).open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        if missing := _NEEDED - set(reader.fieldnames or ()):
            raise DataError(f"{folder / _TABLE} lacks the columns {', '.join(sorted(missing))}.")
        return [_example(row, folder, heads) for row in reader]


def _example(row: dict[str, str | None], folder: Path, heads: Mapping[str, str]) -> Example:
    image_id = _text(row, "image_id") or "(no image_id)"
    path = _file(row, "image_path", folder)
    if path is None:
        raise DataError(f"{image_id} in {folder / _TABLE} names no image file.")
    try:
        labels = {head: int(float(text)) for head, column in heads.items() if (text := _text(row, column))}
        spacing = _text(row, "pixel_mm")
        pixel_mm = float(spacing) if spacing else None
    except ValueError:
        raise DataError(f"{image_id} in {folder / _TABLE}: a label or pixel_mm is no number.") from None
    return Example(
        image_id=image_id,
        path=path,
        patient_id=_text(row, "patient_id"),
        part=_text(row, "part"),
        sequence=_text(row, "sequence"),
        pixel_mm=pixel_mm,
        region_path=_file(row, "mask_path", folder),
        region_kind=_text(row, "region_kind"),
        votes_path=_file(row, VOTES_COLUMN, folder),
        source=_text(row, "source"),
        labels=labels,
        parts={
            protocol: part for protocol, column in _part_columns(row).items() if (part := _text(row, column))
        },
        prepared=_text(row, "prepared") == "1",
    )


def _part_columns(row: Mapping[str, str | None]) -> dict[str, str]:
    named = {column: protocol for protocol, column in _PART_COLUMNS.items()}
    return {
        named.get(column, column.removeprefix("part_")): column
        for column in row
        if (column or "").startswith("part_")
    }


def _text(row: dict[str, str | None], column: str) -> str | None:
    return (row.get(column) or "").strip() or None


def _file(row: dict[str, str | None], column: str, folder: Path) -> Path | None:
    text = _text(row, column)
    if text is None:
        return None
    named = Path(text.replace("\\", "/"))
    for place in (folder / named, folder / Path(*named.parts[-2:]), folder / Path(*named.parts[1:])):
        if place.is_file():
            return place
    raise DataError(f"{folder / named} is named in {_TABLE} but is not there.")
