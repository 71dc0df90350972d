"""The two readouts of the gate, fitted to features: what an image looks like, and how strange it is for that kind."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from ml.gate.looks import LOOKS, READ_KINDS, UPRIGHT
from ml.gate.training.features import Features
from ml.gate.training.pictures import SEED
from ml.networks.gate_mobilenet import STORED

STRENGTH = 0.02
LET_THROUGH = 0.985
"""Share of left-out patients' pictures that a kind's limit of strangeness lets through."""

_FOLDS = 5
_SHORT = 384
"""Principal axes in which the regression is fitted: as good as all features, and a third of the time."""


def fit(network: keras.Model, features: Features, patients: Sequence[str | None]) -> dict[str, float]:
    """Fits and puts in place both readouts.

    Args:
        patients: of each picture.

    Returns:
        The limit of strangeness of each kind.
    """
    _fit_look(network, features)
    stored, limits = [], {}
    for kind in READ_KINDS:
        chosen = np.asarray([found == (kind, UPRIGHT) for found in features.look])
        groups = np.asarray([str(patients[index]) for index in features.picture[chosen]])
        values = _length_one(features.values[chosen])
        stored.append(_centres(values))
        limits[kind] = _limit(values, groups)
    (kernel,) = network.get_layer("stored").weights
    kernel.assign(np.concatenate(stored).T.astype(np.float32))
    return limits


def _fit_look(network: keras.Model, features: Features) -> None:
    short = PCA(_SHORT, svd_solver="covariance_eigh").fit(features.values)
    model = LogisticRegression(C=STRENGTH, max_iter=300, class_weight="balanced").fit(
        short.transform(features.values), [LOOKS.index(found) for found in features.look]
    )
    kernel, bias = network.get_layer("look").weights
    values = short.components_.T @ model.coef_.T
    kernel.assign(values.astype(np.float32))
    bias.assign((model.intercept_ - short.mean_ @ values).astype(np.float32))


def _limit(values: np.ndarray, groups: np.ndarray) -> float:
    """The distance that `LET_THROUGH` of pictures keep to, of patients whom the stored features never saw."""
    distances = np.zeros(len(values))
    for known, left_out in GroupKFold(min(_FOLDS, len(set(groups)))).split(values, groups=groups):
        distances[left_out] = 1 - (values[left_out] @ _centres(values[known]).T).max(axis=1)
    return round(float(np.quantile(distances, LET_THROUGH)), 4)


def _centres(values: np.ndarray) -> np.ndarray:
    """(STORED, features) of length 1: centres of clusters."""
    found = MiniBatchKMeans(STORED, n_init=1, batch_size=1024, random_state=SEED).fit(values)
    return _length_one(found.cluster_centers_)


def _length_one(values: np.ndarray) -> np.ndarray:
    return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True))
