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
    return interval_of(np.array([np.nan if value is None else value for value in values]))


def patient_weights(patients: Sequence[str | None], draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """How often each image stands in the whole set and in each of the draws of `patient_interval`: (1 + draws, n) float64.

    Row 0 is the set as it is, of ones. Where no interval is possible there is no other row.
    """
    whole = np.ones((1, len(patients)))
    known = sorted({patient for patient in patients if patient is not None})
    if len(known) < 2 or any(patient is None for patient in patients):
        return whole
    drawn = np.random.default_rng(seed).integers(0, len(known), size=(draws, len(known)))
    rows = np.arange(draws)[:, None] * len(known)
    times = np.bincount((drawn + rows).ravel(), minlength=draws * len(known)).reshape(draws, len(known))
    place = {patient: index for index, patient in enumerate(known)}
    return np.vstack([whole, times[:, [place[str(patient)] for patient in patients]]])


def interval_of(values: np.ndarray) -> list[float] | None:
    """The 95 % interval of a figure over draws, (draws,) with NaN where it has no value; None if most have none."""
    defined = values[np.isfinite(values)]
    if not values.size or defined.size < _LEAST_DEFINED * values.size:
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
