"""Intervals by bootstrap: slices of one patient are not independent, so patients are drawn, not slices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

DRAWS = 1000
SEED = 42
_LEAST_DEFINED = 0.5


def patient_interval(
    patients: Sequence[str | None],
    figure: Callable[[np.ndarray], float | None],
    draws: int = DRAWS,
    seed: int = SEED,
) -> list[float] | None:
    """The 95 % interval [low, high] of a figure: percentile bootstrap (Efron 1979) over patients.

    Args:
        patients: the patient of each image, (n,).
        figure: from indices of images, (m,) int with repetitions, to the figure; None where it has no value.
        draws: how many times the patients are drawn.
        seed: of the generator, so that the same data give the same interval.

    Returns:
        None with fewer than two patients, an unknown one, or a figure without value in half of the draws.
    """
    images_of = images_by_patient(patients)
    if len(images_of) < 2 or any(patient is None for patient in patients):
        return None
    images = list(images_of.values())
    generator = np.random.default_rng(seed)
    drawn = generator.integers(0, len(images), size=(draws, len(images)))
    values = [figure(np.concatenate([images[index] for index in indices])) for indices in drawn]
    defined = [value for value in values if value is not None]
    if len(defined) < _LEAST_DEFINED * draws:
        return None
    low, high = np.percentile(defined, [2.5, 97.5])
    return [float(low), float(high)]


def images_by_patient(patients: Sequence[str | None]) -> dict[str, np.ndarray]:
    """Patient to the indices of the images, (m,) int; by name, unknown patients left out."""
    indices: dict[str, list[int]] = {
        patient: [] for patient in sorted({p for p in patients if p is not None})
    }
    for index, patient in enumerate(patients):
        if patient is not None:
            indices[patient].append(index)
    return {patient: np.array(found, dtype=int) for patient, found in indices.items()}
