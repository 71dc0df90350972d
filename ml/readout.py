"""From a lesion's burden to scores of status and stage: one ordinal regression, the same for both heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.tasks import Head

_LEAST_BURDEN = 1e-5
_PENALTY = 0.01


@dataclass(frozen=True)
class Readout:
    """Proportional odds (McCullagh 1980): stage k or more has the chance sigmoid(slope * log10(burden + 0.00001) - cuts[k - 1]).

    Args:
        slope: above 0.
        cuts: ascending, one fewer than there are stages.
    """

    slope: float
    cuts: tuple[float, ...]

    def scores(self, burden: float, stage: Head, status: Head) -> dict[str, dict[str, float]]:
        """Scores of both heads, {head: {label: score}}; the status is positive exactly where the stage is not the first.

        Args:
            burden: of the slice (`ml.lesion`), 0 to 1.
            stage, status: heads of the task; the status' labels are negative, positive.
        """
        above = _sigmoid(self.slope * _measure(burden) - np.array(self.cuts))
        shares = -np.diff(np.concatenate([[1.0], above, [0.0]]))
        return {
            status.key: {status.labels[0]: float(shares[0]), status.labels[1]: float(1 - shares[0])},
            stage.key: {label: float(share) for label, share in zip(stage.labels, shares, strict=True)},
        }

    def to_plain(self) -> dict[str, object]:
        """As a card says it."""
        return {"slope": round(self.slope, 4), "cuts": [round(cut, 4) for cut in self.cuts]}


def fitted(burdens: Sequence[float], stages: Sequence[int], labels: int) -> Readout:
    """The readout under which the stages are most likely, by maximum likelihood with a light penalty on the slope.

    Args:
        burdens: of images that the lesion network never saw, (n,) in [0, 1].
        stages: what the readers say of them, (n,) in 0 .. labels - 1.
    """
    from scipy.optimize import minimize

    x, true = _measure(np.asarray(burdens, float)), np.asarray(stages, int)

    def loss(parameters: np.ndarray) -> float:
        cuts = np.cumsum(np.concatenate([parameters[1:2], np.exp(parameters[2:])]))
        above = _sigmoid(np.exp(parameters[0]) * x[:, None] - cuts)
        bounds = np.hstack([np.ones((len(x), 1)), above, np.zeros((len(x), 1))])
        share = bounds[np.arange(len(x)), true] - bounds[np.arange(len(x)), true + 1]
        return float(-np.log(np.maximum(share, 1e-12)).mean() + _PENALTY * parameters[0] ** 2)

    start = np.concatenate([[1.0, -7.0], np.zeros(labels - 2)])
    found = minimize(
        loss, start, method="Nelder-Mead", options={"maxiter": 8000, "xatol": 1e-4, "fatol": 1e-7}
    ).x
    cuts = np.cumsum(np.concatenate([found[1:2], np.exp(found[2:])]))
    return Readout(float(np.exp(found[0])), tuple(float(cut) for cut in cuts))


def _measure(burden: float | np.ndarray) -> np.ndarray:
    return np.log10(np.asarray(burden) + _LEAST_BURDEN)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -50, 50))))
