"""One labelled image of a data set, as training and evaluation see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


class DataError(ValueError):
    """A data folder cannot be used; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


NOTHING = "nothing"
"""Region kind of an image that has no mask because there is nothing to mark on it: its region is empty, not unknown."""


@dataclass(frozen=True)
class Example:
    """An image with what is known of it.

    Args:
        image_id: unique within its data set.
        path: image file.
        patient_id: None where the data set does not say; a split by patient is then impossible.
        part: `train`, `val` or `test`, where the data set suggests one.
        sequence: `STIR`, `T1W`, `T1W_CE` or None.
        pixel_mm: side of a pixel in mm.
        region_path: mask file (0 / 255) on the image's grid, or None.
        votes_path: readings of the lesion on the image's grid, or None: pixel value / 60 = how many of four readings
            outlined it.
        region_kind: what the mask marks (`joint_region`, `pelvic_bone`); `NOTHING` where a reader saw nothing to mark; or None.
        source: the collection that it comes from, or None.
        labels: head key to label index, only where known.
        parts: what the data set suggests for other protocols, {protocol: part}.
        prepared: its pixels have had the task's sampling and equalisation already.
    """

    image_id: str
    path: Path
    patient_id: str | None = None
    part: str | None = None
    sequence: str | None = None
    pixel_mm: float | None = None
    region_path: Path | None = None
    region_kind: str | None = None
    votes_path: Path | None = None
    source: str | None = None
    labels: dict[str, int] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    prepared: bool = False
