"""Where a training starts: at random, at another model's weights, or at ImageNet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from ml.cards import models_dir
from ml.networks.weights import load_weights, settle
from ml.training.configuration import Configuration, ConfigurationError


def put_starting_weights(network: keras.Model, configuration: Configuration) -> None:
    """Fills a freshly built network as `configuration.start_from` says (`random`, `lite0`, or a model key of the task).

    Raises:
        ConfigurationError: the file to start from is not there.
    """
    start = configuration.start_from
    if start == "random":
        return
    if start == "lite0":
        file = Path(configuration.weights_folder) / "efficientnet_lite0_imagenet.npz"
    else:
        file = models_dir() / configuration.task / start / "weights.safetensors"
    if not file.is_file():
        raise ConfigurationError(f"Training starts from {file}, which is not there.")
    if start == "lite0":
        _put_lite0_into_b0(network, file)
    else:
        load_weights(network, file)


def _put_lite0_into_b0(network: keras.Model, file: Path) -> None:
    """Puts EfficientNet-Lite0's ImageNet kernels and batch norms into B0's places (same widths, same order).

    What Lite0 lacks, squeeze-and-excitation, starts near the identity: gate kernels at zero, gate biases so that the
    sigmoid is 0.98. The Normalization layer gets Lite0's statistics.
    """
    stored = np.load(file)
    lite0 = iter([stored[key].astype(np.float32) for key in sorted(stored.files)])
    for layer in network.layers:
        if isinstance(layer, keras.layers.Normalization):
            _assign(layer, mean=127 / 255, variance=(128 / 255) ** 2)
        elif "_se_expand" in layer.name:
            kernel, bias = layer.weights
            kernel.assign(np.zeros(kernel.shape, np.float32))
            bias.assign(np.full(bias.shape, 4.0, np.float32))
        elif _is_shared(layer):
            for variable in layer.weights:
                values = next(lite0)
                if values.shape != tuple(variable.shape):
                    raise ConfigurationError(f"{file.name} does not fit the layer {layer.name}.")
                variable.assign(values)
    settle(network)


def _is_shared(layer: Any) -> bool:
    named = layer.name.startswith(("stem_", "block", "top_")) and "_se_" not in layer.name
    return named and isinstance(
        layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D | keras.layers.BatchNormalization
    )


def _assign(layer: Any, mean: float, variance: float) -> None:
    for variable in layer.weights:
        value = {"mean": mean, "variance": variance}.get(variable.name)
        if value is not None:
            variable.assign(np.full(variable.shape, value, np.float32))
