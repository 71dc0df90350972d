"""Where a training starts: a larger EfficientNet begins as the small one whose ImageNet weights are to be had."""

import keras
import numpy as np
import pytest

from ml.networks import build
from ml.training.configuration import Configuration, ConfigurationError
from ml.training.fitting import starting_weights

SIZE = 64


@pytest.fixture
def lite0(monkeypatch):
    """Stands in for ImageNet: weights of Lite0's shapes (B0's without squeeze-and-excitation), none of them zero."""
    random = np.random.default_rng(3)
    layers = build("efficientnet_b0:efficientnet_b0", size=SIZE).layers
    shared = [layer for layer in layers if starting_weights._is_shared(layer)]
    weights = [
        random.uniform(0.5, 1.5, v.shape) if v.ndim == 1 else random.normal(0, 0.2, v.shape)
        for layer in shared
        for v in layer.weights
    ]
    weights = [w.astype(np.float32) for w in weights]
    monkeypatch.setattr(starting_weights, "_imagenet", lambda *_: weights)
    return weights


def started(factory: str, task: str, model: str) -> keras.Model:
    network = build(factory, size=SIZE)
    configuration = Configuration(task, model, 1, (), "focal", start_from="lite0")
    starting_weights.put_starting_weights(network, configuration)
    return network


def features(network: keras.Model, slices: np.ndarray) -> np.ndarray:
    inner = keras.Model(network.input, network.get_layer("top_activation").output)
    return np.asarray(inner(slices, training=False))


def test_b4_starts_as_the_small_network_in_its_first_channels(lite0):
    slices = np.random.default_rng(0).random((2, SIZE, SIZE, 1), dtype=np.float32)
    small = features(started("efficientnet_b0:efficientnet_b0", "bone_xray", "efficientnet_b0"), slices)
    large = features(started("efficientnet_b4:efficientnet_b4", "kidney_stone", "efficientnet_b4"), slices)

    assert np.ptp(small) > 0
    assert large[..., : small.shape[-1]] == pytest.approx(small, rel=1e-3, abs=1e-4)


def test_what_b4_has_beyond_the_small_network_can_learn(lite0):
    large = started("efficientnet_b4:efficientnet_b4", "kidney_stone", "efficientnet_b4")

    for layer in large.layers:
        if layer.name.endswith(("_conv", "_dwconv")) and "_se_" not in layer.name:
            kernel = np.asarray(layer.kernel)
            assert np.abs(kernel).sum(axis=(0, 1)).max(axis=0).all(), layer.name


def test_weights_that_do_not_fit_are_refused(lite0):
    lite0[0] = np.zeros((3, 3, 3, 500), np.float32)

    with pytest.raises(ConfigurationError, match="stem_conv"):
        started("efficientnet_b4:efficientnet_b4", "kidney_stone", "efficientnet_b4")
