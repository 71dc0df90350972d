"""Where a training starts: at random, at another model's weights, or at ImageNet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from safetensors.numpy import load_file

from ml.cards import models_dir
from ml.networks.lite0_classifier import LITE0_CLASSIFIER
from ml.networks.lite0_encoder import ENCODER_LAYERS
from ml.networks.lite0_unet import LITE0_UNET
from ml.networks.weights import load_weights, settle
from ml.training.configuration import Configuration, ConfigurationError

ENCODER_OF = "encoder_of:"

LITE0_BLOCKS = (1, 2, 2, 3, 3, 4, 1)
"""Blocks in each stage of EfficientNet-Lite0, and of B0."""


def put_starting_weights(network: keras.Model, configuration: Configuration) -> None:
    """Fills a freshly built network as `configuration.start_from` says.

    That is `random`, `lite0`, `mobilenet`, a model key, or `encoder_of:` with a model key: the encoder of that model and ImageNet
    above it, where both have EfficientNet-Lite0 for one.

    Raises:
        ConfigurationError: the file to start from is not there.
    """
    if configuration.start_from == "random":
        return
    if configuration.start_from == "lite0":
        is_lite0 = network.name in (LITE0_UNET, LITE0_CLASSIFIER)
        put_lite0 = _put_lite0_into_encoder if is_lite0 else _put_lite0_into_efficientnet
        put_lite0(network, _imagenet(configuration, "efficientnet_lite0_imagenet.npz"))
        return
    if configuration.start_from.startswith(ENCODER_OF):
        _put_lite0_into_encoder(network, _imagenet(configuration, "efficientnet_lite0_imagenet.npz"))
        _put_encoder(network, _weights_of(configuration, configuration.start_from.removeprefix(ENCODER_OF)))
        return
    if configuration.start_from == "mobilenet":
        _put_mobilenet(network, _imagenet(configuration, "mobilenetv2_035_imagenet.npz"))
        return
    load_weights(network, _weights_of(configuration, configuration.start_from))


def _weights_of(configuration: Configuration, model: str) -> Path:
    file = models_dir() / configuration.task / model / "weights.safetensors"
    if not file.is_file():
        raise ConfigurationError(f"Training starts from {file}, which is not there.")
    return file


def _imagenet(configuration: Configuration, name: str) -> list[np.ndarray]:
    """A backbone's ImageNet weights in the order of its layers."""
    file = Path(configuration.weights_folder) / name
    if not file.is_file():
        raise ConfigurationError(f"Training starts from {file}, which is not there.")
    with np.load(file) as stored:
        return [stored[key].astype(np.float32) for key in sorted(stored.files)]


def _encoder_weights(network: keras.Model) -> list[Any]:
    """Variables of an encoder that is Lite0, in its order."""
    return [v for layer in network.layers if layer.name.startswith(ENCODER_LAYERS) for v in layer.weights]


def _put_lite0_into_efficientnet(network: keras.Model, weights: list[np.ndarray]) -> None:
    """Puts EfficientNet-Lite0's ImageNet kernels and batch norms into the places that B0 and its larger relatives have for them.

    B0 has Lite0's widths and depths. In B4 they fill the first channels of each layer and the first blocks of each stage, so
    that the network starts as Lite0 does (function-preserving growth: Chen, Goodfellow and Shlens 2016, arXiv 1511.05641):
    a further block starts as the identity, a further channel at random and unheard by those that Lite0 has. What
    Lite0 lacks, squeeze-and-excitation, starts near the identity: gate kernels at zero, gate biases so that the sigmoid
    is 0.98. The Normalization layer gets Lite0's statistics.
    """
    lite0 = iter(weights)
    for layer in network.layers:
        if isinstance(layer, keras.layers.Normalization):
            _assign(layer, mean=127 / 255, variance=(128 / 255) ** 2)
        elif "_se_expand" in layer.name:
            kernel, bias = layer.weights
            kernel.assign(np.zeros(kernel.shape, np.float32))
            bias.assign(np.full(bias.shape, 4.0, np.float32))
        elif _is_shared(layer) and _is_further_block(layer.name):
            if layer.name.endswith("_project_bn"):
                layer.gamma.assign(np.zeros(layer.gamma.shape, np.float32))
        elif _is_shared(layer):
            for variable in layer.weights:
                _fill_first_channels(variable, next(lite0))
    if next(lite0, None) is not None:
        raise ConfigurationError(f"EfficientNet-Lite0 does not fit into {network.name}.")
    settle(network)


def _is_further_block(name: str) -> bool:
    """Whether a layer belongs to a block that Lite0 has none for: `block4f_...` is block f of stage 4."""
    if not name.startswith("block"):
        return False
    stage, letter = int(name[5]) - 1, ord(name[6]) - ord("a")
    return letter >= LITE0_BLOCKS[stage]


def _fill_first_channels(variable: Any, values: np.ndarray) -> None:
    """Puts `values` where a variable that is as large or larger begins.

    In a kernel (height, width, in, out) that mixes channels, what leads from further inputs to the outputs that `values` has
    becomes zero.
    """
    if len(values.shape) != len(variable.shape) or any(
        small > large for small, large in zip(values.shape, variable.shape, strict=True)
    ):
        raise ConfigurationError(f"EfficientNet-Lite0 does not fit the weights {variable.path}.")
    filled = np.array(variable)
    if filled.ndim == 4 and values.shape[3] > 1:
        filled[:, :, values.shape[2] :, : values.shape[3]] = 0.0
    filled[tuple(slice(n) for n in values.shape)] = values
    variable.assign(filled)


def _put_lite0_into_encoder(network: keras.Model, imagenet: list[np.ndarray]) -> None:
    """Puts EfficientNet-Lite0's ImageNet weights into the encoder that is Lite0; what the decoder is made of stays random.

    The grey slice in [0, 1] becomes what Lite0 saw, (x - 127) / 128 of 0 .. 255; further channels start at zero.
    """
    encoder = _encoder_weights(network)
    for variable, values in zip(encoder, imagenet[: len(encoder)], strict=True):
        variable.assign(values)
    kernel, bias = network.get_layer("grey_to_colour").weights
    first_channel_only = np.zeros(kernel.shape, np.float32)
    first_channel_only[:, :, 0] = 255 / 128
    kernel.assign(first_channel_only)
    bias.assign(np.full(bias.shape, -127 / 128, np.float32))


def _put_encoder(network: keras.Model, file: Path) -> None:
    """Takes over what another network of the same encoder has learned, from the grey picture to the last block."""
    learned = load_file(file)
    for layer in network.layers:
        if not layer.name.startswith(("grey_to_colour", "stem", "encode")):
            continue
        for variable in layer.weights:
            name = variable.path.removeprefix(f"{network.name}/")
            if name not in learned:
                raise ConfigurationError(f"{file} has no encoder that fits: {name} is missing.")
            variable.assign(learned[name].astype(np.float32))


def _put_mobilenet(network: keras.Model, imagenet: list[np.ndarray]) -> None:
    """Fills a MobileNetV2 of width 0.35 below its dense layers."""
    backbone = [v for layer in network.layers for v in layer.weights][: len(imagenet)]
    for variable, values in zip(backbone, imagenet, strict=True):
        variable.assign(values)


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
