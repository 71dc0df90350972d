"""What the readers of an image say together: the label of more than half of them, the pixels that more than half outlined."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ml.images.store import read_mask
from ml.tasks import TaskSpec
from webapp.exports.training_set.judged import JudgedImage, ReaderSays

FOUR_READINGS = 240
"""A pixel of `votes` that all readers outlined: value / 60 is how many of four readings did (`ml.data.example`)."""


@dataclass(frozen=True)
class Consensus:
    """labels: head to label index. region: (H, W) bool. lesion: (H, W) uint8, 240 times the share of readers that outlined it.

    Either is None where nobody drew one. `left_out`: reason to number.
    """

    judged: JudgedImage
    labels: dict[str, int]
    region: np.ndarray | None
    lesion: np.ndarray | None
    left_out: Counter[str]


def consensus_of(spec: TaskSpec, judged: JudgedImage) -> Consensus:
    """What counts of an image."""
    readers = list(judged.readers.values())
    left_out: Counter[str] = Counter()
    labels = {}
    for head in spec.heads:
        said = [reader.labels[head.key] for reader in readers if head.key in reader.labels]
        known = [label for label in said if label in head.labels]
        left_out["labels that the task does not have any more"] += len(said) - len(known)
        label = majority(known)
        if label is not None:
            labels[head.key] = head.labels.index(label)
        elif known:
            left_out[f"images without a majority of readers ({head.name})"] += 1
    region, lesion = _share(readers, "region"), _share(readers, "lesion")
    return Consensus(
        judged,
        labels,
        None if region is None else np.asarray(region > 0.5),
        None if lesion is None else np.rint(lesion * FOUR_READINGS).astype(np.uint8),
        +left_out,
    )


def majority(labels: list[str]) -> str | None:
    """The label that more than half give; None where there is none."""
    if not labels:
        return None
    label, count = Counter(labels).most_common(1)[0]
    return label if 2 * count > len(labels) else None


def _share(readers: list[ReaderSays], kind: str) -> np.ndarray | None:
    """(H, W) float in [0, 1]: the share of those who drew an outline of this kind that have the pixel inside; None of nobody."""
    masks = [read_mask(reader.outlines[kind].read_bytes()) for reader in readers if kind in reader.outlines]
    return np.mean(masks, axis=0) if masks else None
