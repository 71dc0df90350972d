"""Whose an image of BTXRD may be: the set does not say, so it is guessed, rather joining two people than splitting one."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ml.data.btxrd.table import Row


def patients_of(rows: Sequence[Row]) -> list[str]:
    """A patient for each row, named by the number of the first image.

    A run of tumour images of equal centre, age, sex, tumour and body part is one patient; so are all normal images of equal
    centre, age and sex, since the table is sorted by these and a person returns in it.

    Args:
        rows: in the order of their numbers.
    """
    patients: list[str] = []
    first_normal: dict[tuple[str, str, str], str] = {}
    for place, row in enumerate(rows):
        name = f"P{row.number:06d}"
        if row.label == "Normal":
            name = first_normal.setdefault((row.center, row.age, row.sex), name)
        elif place and _same_run(rows[place - 1], row):
            name = patients[-1]
        patients.append(name)
    return patients


def joined_by_file(patients: Sequence[str], files: Sequence[Path]) -> list[str]:
    """The same patients, but who has a file of the same bytes as another is named as the first of them."""
    earlier: dict[str, str] = {}

    def first(patient: str) -> str:
        while patient in earlier:
            patient = earlier[patient]
        return patient

    lengths = [file.stat().st_size for file in files]
    shared = Counter(lengths)
    owners: dict[bytes, str] = {}
    for patient, file, length in zip(patients, files, lengths, strict=True):
        if shared[length] == 1:  # only files of equal length can be equal: the others need not be read
            continue
        owner = owners.setdefault(hashlib.sha256(file.read_bytes()).digest(), patient)
        one, other = sorted((first(owner), first(patient)))
        if one != other:
            earlier[other] = one
    return [first(patient) for patient in patients]


def _same_run(before: Row, row: Row) -> bool:
    if before.label == "Normal" or row.number != before.number + 1:
        return False
    return (before.center, before.age, before.sex, before.found) == (row.center, row.age, row.sex, row.found)
