"""What a data set of verdicts holds and what was left out of it, for whoever made it and for whoever gets it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ml.tasks import TaskSpec
from webapp.exports.training_set.agreeing import Consensus


@dataclass(frozen=True)
class Counts:
    """labels: head's name to label to number of images. patients: how many are known; of_nobody: images without a patient."""

    images: int
    patients: int
    of_nobody: int
    by_several: int
    labels: dict[str, dict[str, int]]
    regions: int
    lesions: int
    left_out: Counter[str]

    def lines(self) -> list[str]:
        """All of it, a sentence a line."""
        found = [
            f"Images: {self.images}, of {self.patients} known patients; judged by several readers: {self.by_several}."
        ]
        if self.of_nobody:
            found.append(
                f"Without a patient code, or with several: {self.of_nobody}. A split by patient is impossible with them."
            )
        for head, labels in self.labels.items():
            said = ", ".join(f"{label} {n}" for label, n in labels.items())
            found.append(f"{head}: {said}.")
        found.append(f"Outlines drawn by readers: of a region {self.regions}, of a lesion {self.lesions}.")
        return found

    def left_out_lines(self) -> list[str]:
        """What was left out, a reason a line, with its number."""
        return [f"{reason}: {n}" for reason, n in sorted(self.left_out.items())]


def counts_of(spec: TaskSpec, images: Sequence[Consensus], left_out: Counter[str]) -> Counts:
    """The figures of a data set."""
    patients = [patient_code(image) for image in images]
    return Counts(
        images=len(images),
        patients=len(set(patients) - {None}),
        of_nobody=patients.count(None),
        by_several=sum(len(image.judged.readers) > 1 for image in images),
        labels={
            head.name: {
                label: sum(image.labels.get(head.key) == i for image in images)
                for i, label in enumerate(head.labels)
            }
            for head in spec.heads
        },
        regions=sum(image.region is not None for image in images),
        lesions=sum(image.lesion is not None for image in images),
        left_out=left_out,
    )


def patient_code(image: Consensus) -> str | None:
    """The one patient code of an image; None where it has none, or its uploads disagree."""
    codes = image.judged.codes
    return next(iter(codes)) if len(codes) == 1 else None
