"""Writes the published layout: `images/` as stored, `masks/`, `votes/`, `annotations/dataset.csv`, a README with the rules."""

from __future__ import annotations

import csv
import hmac
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ml.data.dataset_layout import VOTES_COLUMN, label_column
from ml.data.example import NOTHING
from ml.images.store import grey_png
from ml.tasks import TaskSpec
from webapp.exports.training_set.agreeing import Consensus
from webapp.exports.training_set.counting import Counts, patient_code
from webapp.settings import current_settings, secret_key
from webapp.studies.tables import Image

_SAME_SPACING = 0.01  # share by which rows and columns may differ and still be one spacing


def write_set(spec: TaskSpec, images: Sequence[Consensus], counts: Counts, out: Path) -> None:
    """Write everything beside `out`, then put it in its place.

    Raises:
        FileExistsError: `out` is not empty, or is a file.
        OSError: it cannot be written to.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} is not empty, and nothing is overwritten. Choose a new folder.")
    beside = out.absolute().with_name(f".{out.absolute().name}-{secrets.token_hex(4)}")
    try:
        for folder in ("images", "masks", "votes", "annotations"):
            (beside / folder).mkdir(parents=True, mode=0o700)
        rows = [_written(spec, image, beside) for image in images]
        with (beside / "annotations" / "dataset.csv").open("w", newline="", encoding="utf-8") as lines:
            table = csv.DictWriter(lines, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
        (beside / "README.md").write_text(_readme(spec, counts), encoding="utf-8")
        if out.is_dir():
            out.rmdir()
        beside.rename(out)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _written(spec: TaskSpec, agreed: Consensus, out: Path) -> dict[str, Any]:
    """The row of an image, after its files have been written. None is written as nothing."""
    image, code = agreed.judged.image, patient_code(agreed)
    name = _pseudonym("image", image.sha256)
    picture = f"images/{name}{agreed.judged.file.suffix}"
    shutil.copyfile(agreed.judged.file, out / picture)
    mask = votes = None
    if agreed.region is not None and agreed.region.any():
        mask = f"masks/{name}.png"
        (out / mask).write_bytes(grey_png(agreed.region.astype(np.uint8) * 255))
    if agreed.lesion is not None:
        votes = f"votes/{name}.png"
        (out / votes).write_bytes(grey_png(agreed.lesion))
    row: dict[str, Any] = {"image_id": name, "image_path": picture, "mask_path": mask, VOTES_COLUMN: votes}
    for head in spec.heads:
        index = agreed.labels.get(head.key)
        row[label_column(head.key)] = index
        row[f"{head.key}_name"] = None if index is None else head.labels[index]
    return row | {
        "patient_id": _pseudonym("patient", code) if code else None,
        "source": "verdicts",
        "part": None,
        "sequence": image.sequence,
        "pixel_mm": _spacing(image),
        "region_kind": NOTHING if agreed.region is not None and mask is None else None,
        "prepared": 0,
        "readers": len(agreed.judged.readers),
    }


def _pseudonym(kind: str, name: str) -> str:
    """The same for the same name each time, and of no use to anybody without this server's key."""
    key = secret_key(current_settings()).encode()
    return hmac.digest(key, f"training set, {kind}: {name}".encode(), "sha256").hex()[:16]


def _spacing(image: Image) -> float | None:
    row, column = image.pixel_mm_row, image.pixel_mm_column
    if not row or not column or abs(row - column) > _SAME_SPACING * max(row, column):
        return None
    return row


def _readme(spec: TaskSpec, counts: Counts) -> str:
    left_out = "\n".join(f"- {line}" for line in counts.left_out_lines()) or "- nothing"
    held = "\n".join(f"- {line}" for line in counts.lines())
    return f"""# Verdicts of readers: {spec.name}

Made by `flask --app webapp export-verdicts {spec.key}`. These are images of patients: whoever gets this folder needs the right to
see them. Patients and images have keyed pseudonyms, which are the same in each export of one server (its SECRET_KEY).

## What it holds
{held}

## What was left out
{left_out}

## The rules
- Of each reader, image and model the last verdict counts; the same file uploaded twice is one image.
- Agree gives the model's labels, disagree those that the reader signed. Unusable predictions, deleted studies and images that
  were read anyway outside validated input give nothing. Where a reader's verdicts on several models differ, the last one counts.
- Of several readers, a label counts that more than half of them give. Where no label has that (a tie, say), the image has none
  for that question.
- Outlines are those that readers drew, never a model's own. A pixel belongs to a region (`masks/`, 255) that more than half of
  those who drew one have inside; with two readers, both. A lesion (`votes/`) holds 240 times the share of readers: value / 60 is
  how many of four readings outlined it. Where readers outlined nothing, the lesion is empty, or the region kind `{NOTHING}`.
- Labels were given after seeing the models, unless the clinic reads second: they lean towards them.
- Images are as they were stored: the grid, the grey values and the spacing of the upload, not yet prepared for a network.

`python -m ml audit {spec.key} --data FOLDER` looks at it; `split`, `train` and `evaluate` take it with `--data`, `prepare` with
`--source`.
"""
