"""Whose images a data set holds."""

from __future__ import annotations

from collections.abc import Sequence

from ml.data.example import Example


def count_of_patients(examples: Sequence[Example]) -> int | None:
    """How many patients these images are of; None where an image's patient is unknown."""
    patients = {example.patient_id for example in examples}
    return None if None in patients else len(patients)
