"""Public data sets whose labels are folder names: `Stone/ Normal/`, `train/NORMAL/ train/PNEUMONIA/`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

PARTS = ("train", "val", "test")

_SUFFIXES = (".jpg", ".jpeg", ".png")
_DEEPEST = 3
"""Folders between the one that is named and those of the classes: archives unpack into a folder of their own, or two."""


@dataclass(frozen=True)
class Filed:
    """An image in the folder of its class.

    Args:
        image_id: the file's name without its ending; where two files share it, their way from the folder above the classes.
        label: the class as the caller writes it.
        part: `train`, `val` or `test`, where the folder above that of the class is named so.
    """

    image_id: str
    file: Path
    label: str
    part: str | None


def filed_images(folder: Path, labels: Collection[str]) -> list[Filed]:
    """The images in the folders of these classes, of whatever case their names are, in the order of their paths.

    Only the classes' folders nearest to `folder` count: archives of these sets hold a second copy further down.
    """
    named = {label.lower(): label for label in labels}
    classes = _nearest(folder, set(named))
    found = [
        (file, named[inside.name.lower()], inside.parent.name if inside.parent.name in PARTS else None)
        for inside in classes
        for file in sorted(inside.iterdir())
        if file.suffix.lower() in _SUFFIXES and not file.name.startswith(".")
    ]
    stems = Counter(file.stem for file, _, _ in found)
    return [
        Filed(file.stem if stems[file.stem] == 1 else _way(file, part is not None), file, label, part)
        for file, label, part in found
    ]


def _nearest(folder: Path, names: set[str]) -> list[Path]:
    level = [folder]
    for _ in range(_DEEPEST + 1):
        level = sorted(
            inside
            for above in level
            for inside in above.iterdir()
            if inside.is_dir() and inside.name[0] not in "._"
        )
        if classes := [inside for inside in level if inside.name.lower() in names]:
            return classes
    return []


def _way(file: Path, in_part: bool) -> str:
    return "/".join(file.with_suffix("").parts[-3 if in_part else -2 :])
