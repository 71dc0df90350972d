"""Weights on disk: safetensors with kernels at half precision and vectors in float32. No pickle, no code in a weights file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load_file, save_file

if TYPE_CHECKING:
    import keras


class WeightsDoNotFit(ValueError):
    """A weights file belongs to another architecture."""


def save_weights(model: keras.Model, path: Path) -> None:
    """Writes all weights under their variable paths; tensors of two and more axes as float16, the rest as float32."""
    tensors = {}
    for variable in model.weights:
        values = np.asarray(variable.numpy(), dtype=np.float32)
        tensors[_name(model, variable.path)] = values.astype(np.float16) if values.ndim > 1 else values
    path.parent.mkdir(parents=True, exist_ok=True)
    half_written = path.with_suffix(".part")
    save_file(tensors, half_written)
    half_written.chmod(0o644)  # safetensors writes for its owner only; another user may run the worker
    half_written.replace(path)


def load_weights(model: keras.Model, path: Path) -> None:
    """Fills the model from a file that `save_weights` wrote, cast to float32.

    Raises:
        WeightsDoNotFit: a tensor is missing, left over, or of another shape.
    """
    tensors = load_file(path)
    for variable in model.weights:
        name = _name(model, variable.path)
        if name not in tensors:
            raise WeightsDoNotFit(f"{path.name} has no tensor {name}.")
        values = tensors.pop(name)
        if values.shape != tuple(variable.shape):
            raise WeightsDoNotFit(
                f"{name} in {path.name} has another shape than the network. "
                f"Expected {tuple(variable.shape)}. Received: shape={values.shape}"
            )
        variable.assign(values.astype(np.float32))
    if tensors:
        raise WeightsDoNotFit(
            f"{path.name} has tensors that the network lacks: {', '.join(sorted(tensors)[:3])}."
        )
    settle(model)


def settle(model: keras.Model) -> None:
    """Lets Normalization layers take over newly assigned statistics: Keras reads them only when told to."""
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def _name(model: keras.Model, path: str) -> str:
    """Keras numbers the one unnamed layer of its EfficientNets by how many were built before in the process."""
    return re.sub(r"^normalization_\d+/", "normalization/", path.removeprefix(f"{model.name}/"))
