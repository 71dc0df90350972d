"""One architecture a file: functions that build a `keras.Model`. Run on any Keras backend."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import keras

__all__ = ["build"]


def build(network: str, **options: Any) -> keras.Model:
    """Builds the network named `module:function` of this package, with random weights.

    Args:
        network: for example `attention_unet:attention_unet`.
        **options: handed to the function (`size`).
    """
    module, function = network.split(":")
    maker = cast("Callable[..., keras.Model]", getattr(import_module(f"ml.networks.{module}"), function))
    return maker(**options)
