"""From two measures of a lesion to scores of status and stage: first whether there is one, then how far it reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.tasks import Head

_LEAST_BURDEN = 1e-5
_LEAST_BRIGHT_SHARE = 3e-3
_PENALTY = 0.01


@dataclass(frozen=True)
class Extent:
    """Proportional odds (McCullagh 1980) among the slices with a lesion.

    The positive stage k or more (k from 1) has the chance sigmoid(burden_slope * log10(burden + 0.00001) +
    bright_slope * log10(bright_share + 0.003) - cuts[k - 2]); the first has it for certain.

    Args:
        burden_slope, bright_slope: 0 or above.
        cuts: ascending, one fewer than there are positive stages.
    """

    burden_slope: float
    bright_slope: float
    cuts: tuple[float, ...]

    def shares(self, burden: float, bright_share: float) -> np.ndarray:
        """(positive stages,) of 1."""
        b, s = _measured(burden, bright_share)
        above = _sigmoid(self.burden_slope * b + self.bright_slope * s - np.array(self.cuts))
        return -np.diff(np.concatenate([[1.0], above, [0.0]]))


@dataclass(frozen=True)
class Readout:
    """There is a lesion with the chance sigmoid(slope * log10(burden + 0.00001) - cut); how far it reaches, says `extent`.

    Args:
        slope: 0 or above.
        cut: where the chance is a half.
    """

    slope: float
    cut: float
    extent: Extent

    def scores(
        self, burden: float, bright_share: float, stage: Head, status: Head
    ) -> dict[str, dict[str, float]]:
        """Scores of both heads, {head: {label: score}}; the status is positive exactly where the stage is not the first.

        Args:
            burden, bright_share: of the slice (`ml.lesion`), 0 to 1.
            stage, status: heads of the task; the status' labels are negative, positive.
        """
        present = float(_sigmoid(self.slope * _measured(burden, bright_share)[0] - self.cut))
        shares = [1 - present, *(present * self.extent.shares(burden, bright_share))]
        return {
            status.key: {status.labels[0]: 1 - present, status.labels[1]: present},
            stage.key: {label: float(share) for label, share in zip(stage.labels, shares, strict=True)},
        }

    def to_plain(self) -> dict[str, object]:
        """As a card says it."""
        return {
            "slope": round(self.slope, 4),
            "cut": round(self.cut, 4),
            "extent": {
                "burden_slope": round(self.extent.burden_slope, 4),
                "bright_slope": round(self.extent.bright_slope, 4),
                "cuts": [round(cut, 4) for cut in self.extent.cuts],
            },
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Readout:
        """From what a card says."""
        extent = plain["extent"]
        return cls(
            plain["slope"],
            plain["cut"],
            Extent(extent["burden_slope"], extent["bright_slope"], tuple(extent["cuts"])),
        )


def fitted(measures: Sequence[tuple[float, float]], stages: Sequence[int], labels: int) -> Readout:
    """The readout under which the stages are most likely.

    Presence is fitted to all stages of all images, though only the first cut is kept of it: where the burden rises with the
    stage, the slope is told better by four stages than by two.

    Args:
        measures: burden and bright share of images that the lesion network never saw, (n, 2) in [0, 1].
        stages: what the readers say of them, (n,) in 0 .. labels - 1.
    """
    burden, bright_share = np.asarray(measures, float).T
    measured, true = np.stack(_measured(burden, bright_share), axis=1), np.asarray(stages, int)
    positive = true > 0
    (slope,), (cut, *_) = _proportional_odds(measured[:, :1], true, np.full(len(true), True), labels)
    slopes, cuts = _proportional_odds(measured, true - 1, positive, labels - 1)
    return Readout(slope, cut, Extent(slopes[0], slopes[1], tuple(cuts)))


def _proportional_odds(
    measured: np.ndarray, true: np.ndarray, of_use: np.ndarray, labels: int
) -> tuple[list[float], list[float]]:
    """Slopes and ascending cuts by maximum likelihood, with a light penalty on the slopes of the standardised measures.

    Mean and spread are those of all images, of use or not: the penalty then weighs both measures by what they differ by in
    all the images, not in the few that have a lesion. No slope is below 0, so that more is never a lower stage.

    Args:
        measured: (n, m).
        true: (n,) in 0 .. labels - 1 where `of_use`, (n,) bool.
    """
    from scipy.optimize import minimize

    mean, spread = measured.mean(axis=0), np.maximum(measured.std(axis=0), 1e-9)
    x, true = ((measured - mean) / spread)[of_use], true[of_use]
    slopes = measured.shape[1]

    def loss(parameters: np.ndarray) -> float:
        above = _sigmoid((x @ parameters[:slopes])[:, None] - _ascending(parameters[slopes:]))
        bounds = np.hstack([np.ones((len(x), 1)), above, np.zeros((len(x), 1))])
        share = bounds[np.arange(len(x)), true] - bounds[np.arange(len(x)), true + 1]
        unlikely = -np.log(np.maximum(share, 1e-12)).mean()
        return float(unlikely + _PENALTY * (parameters[:slopes] ** 2).sum())

    start = np.concatenate([np.ones(slopes), [-0.5], np.zeros(labels - 2)])
    limits = [(0.0, None)] * slopes + [(None, None)] * (labels - 1)
    found = minimize(loss, start, method="L-BFGS-B", bounds=limits, options={"ftol": 1e-12}).x
    slope = found[:slopes] / spread
    return slope.tolist(), (_ascending(found[slopes:]) + slope @ mean).tolist()


def _ascending(steps: np.ndarray) -> np.ndarray:
    return np.cumsum(np.concatenate([steps[:1], np.exp(steps[1:])]))


def _measured(burden: float | np.ndarray, bright_share: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.log10(np.asarray(burden) + _LEAST_BURDEN),
        np.log10(np.asarray(bright_share) + _LEAST_BRIGHT_SHARE),
    )


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -50, 50))))
