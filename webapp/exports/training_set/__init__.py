"""Verdicts as a data set: readers' labels and outlines in the layout that `python -m ml prepare`, `audit` and `train` take."""

from __future__ import annotations

from pathlib import Path

from ml.tasks import TaskSpec
from webapp.exports.training_set.agreeing import Consensus, consensus_of
from webapp.exports.training_set.counting import Counts, counts_of
from webapp.exports.training_set.judged import judged_images
from webapp.exports.training_set.writing import write_set

__all__ = ["Counts", "NothingToExport", "export_verdicts"]


class NothingToExport(ValueError):
    """No verdict of this task gives a label or an outline; `counts` says what was left out and why."""

    def __init__(self, counts: Counts) -> None:
        super().__init__("No verdict of this task gives a label or an outline.")
        self.counts = counts


def export_verdicts(spec: TaskSpec, out: Path) -> Counts:
    """Write the verdicts on a task's images as a data set into `out`, a new or empty folder; all of it, or nothing.

    Raises:
        NothingToExport: nothing was written.
        FileExistsError: `out` is not empty, or is a file.
        OSError: `out` cannot be written to.
    """
    found = judged_images(spec)
    whole: list[Consensus] = []
    for image in found.images:
        agreed = consensus_of(spec, image)
        found.left_out.update(agreed.left_out)
        if agreed.labels or agreed.region is not None or agreed.lesion is not None:
            whole.append(agreed)
        else:
            found.left_out["images of which no label and no outline is left"] += 1
    counts = counts_of(spec, whole, found.left_out)
    if not whole:
        raise NothingToExport(counts)
    write_set(spec, whole, counts, out)
    return counts
