"""Loader of the published `Dataset/` layout: `images/`, `masks/` and `annotations/dataset.csv`."""

from __future__ import annotations

import csv
from pathlib import Path

from ml.data.example import DataError, Example

_TABLE = Path("annotations") / "dataset.csv"
_NEEDED = {"image_id", "image_path"}
_HEADS = {"as_status": "AS_status", "stage": "stage"}


def is_dataset_layout(folder: Path) -> bool:
    """Whether `annotations/dataset.csv` lies in this folder."""
    return (folder / _TABLE).is_file()


def load_dataset_layout(folder: Path) -> list[Example]:
    """Every row of the folder's `annotations/dataset.csv`, in its order.

    `mask_path`, `AS_status` and `stage` may be empty, `patient_id`, `source`, `part`, `sequence`, `pixel_mm` and
    `region_kind` may be absent: what is not known is None, or not among the labels. A path counts from the folder; one that was
    written elsewhere (absolute, or from above the folder) is looked up by its last two parts.

    Raises:
        DataError: a column is missing, a value is no number, or a row names a file that is not there.
    """
    with (folder / _TABLE).open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        if missing := _NEEDED - set(reader.fieldnames or ()):
            raise DataError(f"{folder / _TABLE} lacks the columns {', '.join(sorted(missing))}.")
        return [_example(row, folder) for row in reader]


def _example(row: dict[str, str | None], folder: Path) -> Example:
    image_id = _text(row, "image_id") or "(no image_id)"
    path = _file(row, "image_path", folder)
    if path is None:
        raise DataError(f"{image_id} in {folder / _TABLE} names no image file.")
    try:
        labels = {head: int(float(text)) for head, column in _HEADS.items() if (text := _text(row, column))}
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
        source=_text(row, "source"),
        labels=labels,
    )


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
