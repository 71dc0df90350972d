"""How many images a data set has of each part, patient and label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ml.data.example import Example
from ml.data.patients import count_of_patients
from ml.tasks import Head

_NO_PART = "no part"


def parts_of(examples: Sequence[Example]) -> dict[str, dict[str, int | None]]:
    """Part to `n_images` and `n_patients`."""
    return {
        part: {"n_images": len(inside), "n_patients": count_of_patients(inside)}
        for part, inside in _by_part(examples).items()
    }


def balance_of(head: Head, examples: Sequence[Example]) -> dict[str, dict[str, int]]:
    """Part to label to number of images; those without a label are `not known`, a label that the head lacks is its number."""
    return {part: _labels_of(head, inside) for part, inside in _by_part(examples).items()}


def _labels_of(head: Head, examples: Sequence[Example]) -> dict[str, int]:
    found: Counter[Any] = Counter(example.labels.get(head.key) for example in examples)
    counts = {label: found.pop(index, 0) for index, label in enumerate(head.labels)}
    return {**counts, "not known": found.pop(None, 0), **{str(index): n for index, n in found.items()}}


def _by_part(examples: Sequence[Example]) -> dict[str, list[Example]]:
    order = {"train": 0, "val": 1, "test": 2}
    parts = sorted({e.part or _NO_PART for e in examples}, key=lambda part: (order.get(part, 3), part))
    return {part: [e for e in examples if (e.part or _NO_PART) == part] for part in parts}
