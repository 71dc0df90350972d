"""Does a heatmap come from what the network learned? The test with randomised weights (Adebayo et al. 2018, arXiv 1810.03292)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from scipy.stats import spearmanr

from ml.explain.grad_cam import LOGITS
from ml.explain.methods import EXPLAINING
from ml.networks.weights import settle
from ml.tasks.spec import Heatmap

DRAWS = 3
SEED = 42


@dataclass(frozen=True)
class Sanity:
    """Rank correlation of each heatmap with that of the randomised network, (n,) float64 in [-1, 1]; NaN where there is no map.

    1 means that the heatmap does not depend on the weights. A randomised network that shows nothing counts as 0.

    Args:
        after_logits: with the weights of the logits layer drawn anew, the first step from the top.
        after_all: with all weights drawn anew, the last step.
    """

    after_logits: np.ndarray
    after_all: np.ndarray


def sanity(
    network: keras.Model,
    layer: str,
    output: str,
    pixels: np.ndarray,
    labels: Sequence[int] | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    heatmap: Heatmap = "grad_cam",
) -> Sanity:
    """Compares heatmaps of a network with those of the same network with randomised weights.

    Args:
        network: with its trained weights, which it keeps.
        layer, output: as for `with_grad_cam`.
        pixels: (n, S, S, C) float32, as the network takes them.
        labels: whose heatmap, for each slice; the highest-scoring one by default. The randomised network explains the same.
        draws: how many randomised networks are averaged; one alone may resemble the trained one by chance.
        seed: of Keras' generators, which are set to it.
        heatmap: how they are made.

    Returns:
        The mean over the draws. Weights are drawn as they would be before a training, by the initialisers of the layers;
        statistics of the data (Normalization) stay, for they were not learned.
    """
    keras.utils.set_random_seed(seed)
    other = keras.models.clone_model(network)
    other.set_weights(network.get_weights())
    settle(other)
    explain = EXPLAINING[heatmap](other, layer, output, [0.0] * network.get_layer(output + LOGITS).units)
    slices = [tf.constant(pixels[index : index + 1], tf.float32) for index in range(len(pixels))]
    if labels is None:
        labels = [int(np.argmax(explain(each, -1)[0][output])) for each in slices]

    def heatmaps() -> list[np.ndarray]:
        return [np.asarray(explain(each, label)[1]) for each, label in zip(slices, labels, strict=True)]

    trained = heatmaps()
    after_logits, after_all = [], []
    for _ in range(draws):
        untrained = keras.models.clone_model(network)
        other.set_weights(network.get_weights())
        _randomise(other, untrained, [output + LOGITS])
        after_logits.append(_correlations(trained, heatmaps()))
        _randomise(other, untrained, [each.name for each in network.layers if each.weights])
        after_all.append(_correlations(trained, heatmaps()))
    return Sanity(np.mean(after_logits, axis=0), np.mean(after_all, axis=0))


def _randomise(network: keras.Model, untrained: keras.Model, names: list[str]) -> None:
    for name in names:
        if not isinstance(network.get_layer(name), keras.layers.Normalization):
            network.get_layer(name).set_weights(untrained.get_layer(name).get_weights())


def _correlations(trained: list[np.ndarray], randomised: list[np.ndarray]) -> list[float]:
    return [_rank_correlation(*pair) for pair in zip(trained, randomised, strict=True)]


def _rank_correlation(trained: np.ndarray, randomised: np.ndarray) -> float:
    if np.ptp(trained) == 0:
        return float("nan")
    if np.ptp(randomised) == 0:
        return 0.0
    return float(spearmanr(trained, randomised, axis=None).statistic)
