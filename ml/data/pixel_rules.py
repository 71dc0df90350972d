"""The publication's labels of its lumbar images: computed from their grey values, by nobody's reading.

They say nothing of any disease. Every percentile and every normalisation is taken over the images that are labelled
together, so the same image may get another label in another data set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

DEFAULT_RULE = 2
"""The rule that the published figures belong to."""

_CANNY = (50, 150)


@dataclass(frozen=True)
class PixelFeatures:
    """What the rules see of an image.

    Args:
        mean, lower_mean, deviation: mean grey value of the image, of its lower half, and standard deviation; 0 to 255.
        edges: share of the pixels that are edges by Canny (thresholds 50 and 150).
    """

    mean: float
    lower_mean: float
    deviation: float
    edges: float


def features_of(pixels: np.ndarray) -> PixelFeatures:
    """The features of one image. pixels: (H, W) uint8."""
    import cv2

    edges = cv2.Canny(pixels, *_CANNY)
    lower = pixels[pixels.shape[0] // 2 :]
    return PixelFeatures(
        float(pixels.mean()), float(lower.mean()), float(pixels.std()), float(np.mean(edges > 0))
    )


def labels_of(features: Sequence[PixelFeatures], rule: int = DEFAULT_RULE) -> list[dict[str, int]]:
    """`as_status` (0, 1) and `stage` (0 to 3) of each image, among these images.

    Rule 1: positive where the mean is under its 45th percentile and the standard deviation over its 55th; the stage by
    the edges, above their 30th, 50th and 70th percentile. Rule 2: score = 0.3 brightness + 0.4 standard deviation +
    0.3 edges, each from 0 (least of these images) to 1 (most), with brightness = 0.4 mean + 0.6 mean of the lower half;
    positive above the score's 52nd percentile, the stage above its 60th, 70th and 85th.
    """
    if not features:
        return []
    columns = (
        np.array([getattr(each, name) for each in features])
        for name in ("mean", "lower_mean", "deviation", "edges")
    )
    status, stage = RULES[rule](*columns)
    return [{"as_status": int(s), "stage": int(g)} for s, g in zip(status, stage, strict=True)]


def _rule_1(
    mean: np.ndarray, _lower: np.ndarray, deviation: np.ndarray, edges: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    dark = mean < np.percentile(mean, 45)
    return dark & (deviation > np.percentile(deviation, 55)), _steps(edges, 30, 50, 70)


def _rule_2(
    mean: np.ndarray, lower: np.ndarray, deviation: np.ndarray, edges: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    brightness = 0.4 * mean + 0.6 * lower
    score = 0.3 * _normalised(brightness) + 0.4 * _normalised(deviation) + 0.3 * _normalised(edges)
    return score > np.percentile(score, 52), _steps(score, 60, 70, 85)


RULES: dict[int, Callable[..., tuple[np.ndarray, np.ndarray]]] = {1: _rule_1, 2: _rule_2}


def _steps(values: np.ndarray, *percentiles: float) -> np.ndarray:
    """How many of the percentiles each value lies above."""
    above = values > np.percentile(values, percentiles)[:, None]
    return np.asarray(above.sum(axis=0))


def _normalised(values: np.ndarray) -> np.ndarray:
    span = values.max() - values.min()
    return np.zeros_like(values) if not span else np.asarray((values - values.min()) / span)
