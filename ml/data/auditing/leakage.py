"""What stands on two sides: a patient in several parts, or images that look the same in several parts or of several patients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ml.data.auditing.duplicates import Pair
from ml.data.example import Example


def leakage_of(examples: Sequence[Example], pairs: Sequence[Pair]) -> dict[str, Any]:
    """`patients_in_several_parts` (patient to parts) and `duplicates_across_parts`, of the parts that the examples name."""
    parts: dict[str, set[str]] = defaultdict(set)
    for example in examples:
        if example.patient_id is not None and example.part is not None:
            parts[example.patient_id].add(example.part)
    return {
        "patients_in_several_parts": {
            key: sorted(found) for key, found in sorted(parts.items()) if len(found) > 1
        },
        "duplicates_across_parts": _across({e.image_id: e.part for e in examples}, pairs),
    }


def across_patients(examples: Sequence[Example], pairs: Sequence[Pair]) -> list[Pair]:
    """Pairs that look the same and are of two patients, as far as patients are known."""
    return _across({e.image_id: e.patient_id for e in examples}, pairs)


def _across(side: dict[str, str | None], pairs: Sequence[Pair]) -> list[Pair]:
    """Pairs whose images are known to stand on different sides."""
    return [
        pair for pair in pairs if None not in (sides := {side[pair[0]], side[pair[1]]}) and len(sides) == 2
    ]
