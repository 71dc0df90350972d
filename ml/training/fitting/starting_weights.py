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
        put_lite0 = _put_lite0_into_encoder if is_lite0 else _put_lite0_into_b0
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


def _put_lite0_into_b0(network: keras.Model, weights: list[np.ndarray]) -> None:
    """Puts EfficientNet-Lite0's ImageNet kernels and batch norms into B0's places (same widths, same order).

    What Lite0 lacks, squeeze-and-excitation, starts near the identity: gate kernels at zero, gate biases so that the
    sigmoid is 0.98. The Normalization layer gets Lite0's statistics.
    """
    lite0 = iter(weights)
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
                    raise ConfigurationError(f"EfficientNet-Lite0 does not fit the layer {layer.name}.")
                variable.assign(values)
    settle(network)


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
