"""Region networks on OpenVINO, built layer by layer from the Keras network: nothing is traced, written to disk or fetched.

In float32 the result is TensorFlow's to about 1e-5. Where the processor has bfloat16, convolutions may take that.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Literal

import keras
import numpy as np

# This package reports every import of OpenVINO to its makers over the network. Where it is missing, OpenVINO uses a stub.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino as ov  # noqa: E402
from openvino import opset15 as ops  # noqa: E402

Precision = Literal["float32", "bfloat16"]
RegionFunction = Callable[[np.ndarray], np.ndarray]

_HINTS: dict[Precision, str] = {"float32": "f32", "bfloat16": "bf16"}


class NotConvertible(ValueError):
    """A network has something that is not known here; TensorFlow runs it."""


def region_function(network: keras.Model, precision: Precision = "float32") -> RegionFunction:
    """Compiles a network that gives a mask: (S, S) or (S, S, C) to (S, S), float32 in [0, 1]. The Keras network is not kept.

    Raises:
        NotConvertible: the network has something that is not known here.
    """
    options = {
        # Left alone, OpenVINO takes bfloat16 wherever the processor has it.
        "INFERENCE_PRECISION_HINT": _HINTS[precision],
        "PERFORMANCE_HINT": "LATENCY",
        # Other processes share the cores: one thread bound to a busy core would hold up the others.
        "ENABLE_CPU_PINNING": False,
    }
    feed = _halves if precision == "bfloat16" else _channels_first
    request = _core().compile_model(_graph(network, feed), "CPU", options).create_infer_request()

    def run(pixels: np.ndarray) -> np.ndarray:
        return np.array(request.infer({0: feed(pixels)}, share_inputs=True)[0][0, 0])

    return run


def has_bfloat16() -> bool:
    """Whether this processor has arithmetic for bfloat16."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@cache
def _core() -> Any:
    return ov.Core()


def _channels_first(pixels: np.ndarray) -> np.ndarray:
    """(S, S) or (S, S, C) to (1, C, S, S) float32."""
    planes = pixels.reshape(*pixels.shape[:2], -1).transpose(2, 0, 1)
    return np.ascontiguousarray(planes, np.float32)[None]


def _halves(pixels: np.ndarray) -> np.ndarray:
    """(S, S) to (1, 3, S, S) float32: rounded to bfloat16, what that lost, and rounded again.

    With the first kernel split likewise (`_of_halves`), the first convolution is nearly that of float32. Rounding the image
    and this kernel to eight bits made half of all differences between masks; two more channels cost nothing.
    """
    whole = np.ascontiguousarray(pixels, np.float32).reshape(pixels.shape[:2])
    rounded = _rounded(whole)
    return np.stack([rounded, whole - rounded, rounded])[None]


def _of_halves(kernel: np.ndarray) -> np.ndarray:
    """(rows, columns, 1, out) to (rows, columns, 3, out): (x + dx)(w + dw) without the tiny dx dw."""
    rounded = _rounded(kernel)
    return np.concatenate([rounded, rounded, kernel - rounded], axis=2)


def _rounded(values: np.ndarray) -> np.ndarray:
    """float32 rounded to the nearest that bfloat16 can hold: the upper sixteen bits."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def _graph(network: keras.Model, feed: Callable[[np.ndarray], np.ndarray]) -> Any:
    """The network as an OpenVINO graph, channels first, for pixels that `feed` made ready."""
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        raise NotConvertible(f"{network.name} does not take one image to one map.")
    if feed is _halves and network.input_shape[-1] != 1:
        raise NotConvertible(f"{network.name} does not take one grey image, which bfloat16 asks for here.")
    pixels = ops.parameter(feed(np.zeros(network.input_shape[1:])).shape, np.float32, name="pixels")
    made = {id(network.inputs[0]): pixels}
    enlarged_from: dict[int, Any] = {}
    for layer in network.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        tensors = keras.tree.flatten(layer.input)
        inputs = [made[id(tensor)] for tensor in tensors]
        if isinstance(layer, keras.layers.UpSampling2D):
            enlarged_from[id(layer.output)] = inputs[0]
        small = enlarged_from.get(id(tensors[0]))
        if small is not None and isinstance(layer, keras.layers.Conv2D) and layer.kernel_size == (2, 2):
            made[id(layer.output)] = _convolution_of_enlarged(layer, small)
        elif inputs[0] is pixels and feed is _halves:
            made[id(layer.output)] = _first_convolution(layer, pixels)
        else:
            made[id(layer.output)] = _converted(layer, inputs)
    return ov.Model([made[id(network.outputs[0])]], [pixels], network.name)


def _converted(layer: Any, inputs: list[Any]) -> Any:
    layers = keras.layers
    match layer:
        case layers.DepthwiseConv2D():
            return _each_channel_by_itself(layer, inputs[0])
        case layers.Conv2D():
            return _convolution(layer, inputs[0])
        case layers.BatchNormalization() if layer.axis in (-1, 3):
            return _normalised(layer, inputs[0])
        case layers.ReLU() if layer.max_value and not layer.negative_slope and not layer.threshold:
            return ops.clamp(inputs[0], 0.0, float(layer.max_value))
        case layers.MaxPooling2D() if layer.pool_size == layer.strides == (2, 2):
            return ops.max_pool(inputs[0], [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0)
        case layers.UpSampling2D():
            return _enlarged(layer, inputs[0])
        case layers.Concatenate() if layer.axis in (-1, 3):
            return ops.concat(inputs, 1)
        case layers.Add() if len(inputs) == 2:
            return ops.add(*inputs)
        case layers.Multiply() if len(inputs) == 2:
            return ops.multiply(*inputs)
        case layers.Activation():
            return _activated(layer, inputs[0])
    raise NotConvertible(f"{layer.name}, a {type(layer).__name__}, is not known here.")


def _convolution(layer: Any, x: Any) -> Any:
    kernel, bias = _kernel_and_bias(layer)
    return _activated(layer, _with_bias(_convolved_same(x, kernel, layer.strides), bias))


def _each_channel_by_itself(layer: Any, x: Any) -> Any:
    kernel, bias = _kernel_and_bias(layer)
    if layer.depth_multiplier != 1:
        raise NotConvertible(f"{layer.name} makes several channels of one.")
    weights = ops.constant(np.ascontiguousarray(kernel.transpose(2, 3, 0, 1)[:, :, None]))
    before, after = _padding(x, kernel, layer.strides)
    grouped = ops.group_convolution(x, weights, list(layer.strides), before, after, [1, 1])
    return _activated(layer, _with_bias(grouped, bias))


def _normalised(layer: Any, x: Any) -> Any:
    """Batch norm as it is when nothing learns: a factor and a summand for each channel."""
    mean, variance = (np.asarray(v, np.float32) for v in (layer.moving_mean, layer.moving_variance))
    factor = 1 / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        factor = factor * np.asarray(layer.gamma, np.float32)
    summand = -mean * factor
    if layer.center:
        summand = summand + np.asarray(layer.beta, np.float32)
    factor, summand = (ops.constant(v.astype(np.float32)[None, :, None, None]) for v in (factor, summand))
    return ops.add(ops.multiply(x, factor), summand)


def _first_convolution(layer: Any, halves: Any) -> Any:
    if not isinstance(layer, keras.layers.Conv2D):
        raise NotConvertible(f"{layer.name} is no convolution, and the first layer must be one for bfloat16.")
    kernel, bias = _kernel_and_bias(layer)
    return _activated(layer, _with_bias(_convolved_same(halves, _of_halves(kernel), layer.strides), bias))


def _convolution_of_enlarged(layer: Any, small: Any) -> Any:
    """A 2x2 convolution of the nearest enlargement by 2, from the small map: nine products in place of sixteen.

    Row 2i of the enlargement and the row after it are both row i of the small map, so the two kernel rows add up; row 2i + 1
    sees rows i and i + 1. Columns likewise: four convolutions, one for each parity, whose results interleave.
    """
    kernel, bias = _kernel_and_bias(layer)
    both_rows, both_columns = kernel.sum(0, keepdims=True), kernel.sum(1, keepdims=True)
    parities = [
        _convolved(small, both_rows.sum(1, keepdims=True), (0, 0), (0, 0)),
        _convolved(small, both_rows, (0, 0), (0, 1)),
        _convolved(small, both_columns, (0, 0), (1, 0)),
        _convolved(small, kernel, (0, 0), (1, 1)),
    ]
    interleaved = ops.depth_to_space(ops.concat(parities, 1), "blocks_first", 2)
    return _activated(layer, _with_bias(interleaved, bias))


def _kernel_and_bias(layer: Any) -> tuple[np.ndarray, Any]:
    """(rows, columns, in, out) float32, and the bias as a constant that adds to (1, out, H, W); None without one."""
    same = layer.padding == "same" or layer.kernel_size == (1, 1)
    grouped = not isinstance(layer, keras.layers.DepthwiseConv2D) and layer.groups != 1
    if not same or grouped or layer.dilation_rate != (1, 1):
        raise NotConvertible(f"{layer.name} is not a plain convolution over the whole picture.")
    kernel, *bias = (np.asarray(weights, np.float32) for weights in layer.get_weights())
    return kernel, ops.constant(bias[0][None, :, None, None]) if bias else None


def _with_bias(x: Any, bias: Any) -> Any:
    return x if bias is None else ops.add(x, bias)


def _convolved_same(x: Any, kernel: np.ndarray, strides: tuple[int, int]) -> Any:
    before, after = _padding(x, kernel, strides)
    return _convolved(x, kernel, before, after, strides)


def _padding(x: Any, kernel: np.ndarray, strides: tuple[int, int]) -> tuple[list[int], list[int]]:
    """Zeros before and after rows and columns, as TensorFlow's "same" has them: the odd one comes after."""
    before, after = [], []
    for length, reach, stride in zip(list(x.shape)[2:], kernel.shape[:2], strides, strict=True):
        steps = -(-int(length) // stride)
        whole = max((steps - 1) * stride + reach - int(length), 0)
        before.append(whole // 2)
        after.append(whole - whole // 2)
    return before, after


def _convolved(
    x: Any, kernel: np.ndarray, before: Sequence[int], after: Sequence[int], strides: Sequence[int] = (1, 1)
) -> Any:
    """With zeros added before and after the rows and columns."""
    weights = ops.constant(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
    return ops.convolution(x, weights, list(strides), list(before), list(after), [1, 1])


def _enlarged(layer: Any, x: Any) -> Any:
    if layer.interpolation != "nearest":
        raise NotConvertible(f"{layer.name} enlarges by {layer.interpolation}.")
    scales = ops.constant(np.array(layer.size, np.float32))
    axes = ops.constant(np.array([2, 3], np.int64))
    return ops.interpolate(x, scales, "nearest", "scales", [0, 0], [0, 0], "asymmetric", "floor", axes=axes)


def _activated(layer: Any, x: Any) -> Any:
    match layer.activation.__name__:
        case "linear":
            return x
        case "relu":
            return ops.relu(x)
        case "sigmoid":
            return ops.sigmoid(x)
    raise NotConvertible(f"{layer.name} ends in {layer.activation.__name__}, which is not known here.")
