"""The pictures that the gate learns from and is measured on: every task's own, and anything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.data import DataError, Example, load
from ml.data.split import by_patient, official, suggested
from ml.gate.looks import OTHER
from ml.gate.training.drawn import drawings, photographs
from ml.images.decode import decode
from ml.tasks import task

SEED = 42
EACH = 350


@dataclass(frozen=True)
class Picture:
    """A picture of a known kind.

    Args:
        source: the data set, `photographs` or `drawings`.
        patient_id: None where it shows nobody.
        pixels: (H, W) uint8 or uint16, grey.
        kind: one of `ml.gate.looks.KINDS`.
        test: whether nothing may be fitted to it.
    """

    source: str
    patient_id: str | None
    pixels: np.ndarray
    kind: str
    test: bool


def pictures_of(root: Path, photos: Path | None, each: int = EACH, seed: int = SEED) -> list[Picture]:
    """At most `each` pictures of every source for learning and as many for the test, drawn evenly over patients and labels.

    Args:
        root: holds `sij_mri`, `kidney_ct`, `chest_xray`, `bone_xray` and `lumbar_mri`.
        photos: folder of photographs and drawings, of which every third is for the test; those that come with the installed
            packages where there is none.

    Raises:
        DataError: one of them is not there, or cannot be read.
    """
    generator = np.random.default_rng(seed)
    pictures = []
    for source in _SOURCES:
        folder = root / source.folder
        if not folder.is_dir():
            raise DataError(f"The gate learns from {source.folder}, and {folder} is not there.")
        learned, held_out = source.divided(load(source.task, folder))
        for examples, test in ((learned, False), (held_out, True)):
            pictures += [
                Picture(
                    source.folder,
                    e.patient_id,
                    decode(e.path.read_bytes()).pixels,
                    source.kind_of(e),
                    test,
                )
                for e in _spread(examples, each, generator)
            ]
    for pixels, test in photographs(photos, each, generator):
        pictures.append(Picture("photographs", None, pixels, OTHER, test))
    for pixels, test in drawings(each // 2, generator):
        pictures.append(Picture("drawings", None, pixels, OTHER, test))
    return pictures


@dataclass(frozen=True)
class _Source:
    folder: str
    task: str
    kind_of: Callable[[Example], str]
    divided: Callable[[Sequence[Example]], tuple[list[Example], list[Example]]]


def _by_part(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    return [e for e in examples if e.part != "test"], [e for e in examples if e.part == "test"]


def _by_stratified_part(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    (fold,) = suggested("part_stratified")(examples, task("bone_xray").heads[0].key)
    return [*fold.train, *fold.val], list(fold.held_out)


def _by_official_part(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    (fold,) = official(examples, task("chest_xray").heads[0].key)
    return [*fold.train, *fold.val], list(fold.held_out)


def _by_block(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    (fold,) = by_patient(examples, task("kidney_ct").heads[0].key)
    return list(fold.train), list(fold.held_out)


def _by_patient(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """A fifth of the patients, evenly over their sorted names, for the test."""
    patients = sorted({str(e.patient_id) for e in examples})
    left_out = set(patients[4::5])
    return (
        [e for e in examples if str(e.patient_id) not in left_out],
        [e for e in examples if str(e.patient_id) in left_out],
    )


def _sequence(example: Example) -> str:
    for kind in ("STIR", "T1W"):
        if (example.sequence or "").startswith(kind):
            return kind
    raise DataError(
        f"{example.image_id} is of no kind that the gate knows. Received: sequence={example.sequence!r}"
    )


_SOURCES = (
    _Source("sij_mri", "sij_mri", _sequence, _by_part),
    _Source("kidney_ct", "kidney_ct", lambda _: "CT", _by_block),
    _Source("chest_xray", "chest_xray", lambda _: "chest radiograph", _by_official_part),
    _Source("bone_xray", "bone_xray", lambda _: "bone radiograph", _by_stratified_part),
    _Source("lumbar_mri", "lumbar", lambda _: OTHER, _by_patient),
)


def _spread(examples: Sequence[Example], count: int, generator: np.random.Generator) -> list[Example]:
    """At most `count`, one of each patient and label before a second one of any."""
    if len(examples) <= count:
        return list(examples)
    met: dict[tuple[str | None, str], int] = {}
    turns: list[tuple[int, int, int]] = []
    for index in generator.permutation(len(examples)):
        group = (examples[index].patient_id, repr(sorted(examples[index].labels.items())))
        met[group] = met.get(group, 0) + 1
        turns.append((met[group], len(turns), int(index)))
    return [examples[index] for _, _, index in sorted(turns)[:count]]
