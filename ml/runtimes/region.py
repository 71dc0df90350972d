"""Which runtime a region network gets: OpenVINO where it is there, in bfloat16 where the card allows it; else TensorFlow."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras
    import numpy as np

Precision = Literal["float32", "bfloat16"]

LEAST_DICE = 0.995
MOST_SCORE_DIFFERENCE = 0.01

_log = logging.getLogger(__name__)


def fastest_region_function(
    network: keras.Model, measured: dict[str, Any]
) -> tuple[Callable[[np.ndarray], np.ndarray], Precision]:
    """Compiles a region network, (S, S) float32 in [0, 1] to the same, and names the precision that it works in.

    TensorFlow is the reference, and the fallback where OpenVINO is not installed or does not know the network.

    Args:
        network: with its weights. It need not be kept.
        measured: the card's `precision`, what was measured of each precision below float32; empty keeps it to float32.
    """
    try:
        from ml.runtimes import openvino
    except ImportError as error:
        _log.warning("%s runs on TensorFlow: OpenVINO cannot be imported (%s).", network.name, error)
    else:
        try:
            precision = lowest_precision(measured, openvino.has_bfloat16())
            return openvino.region_function(network, precision), precision
        except (openvino.NotConvertible, RuntimeError) as error:
            _log.warning("%s runs on TensorFlow: OpenVINO cannot run it (%s).", network.name, error)
    from ml.runtimes import tensorflow

    return tensorflow.region_function(network), "float32"


def lowest_precision(measured: dict[str, Any], has_bfloat16: bool) -> Precision:
    """bfloat16 where the card measured that masks and scores agree and the processor has it, else float32."""
    return "bfloat16" if has_bfloat16 and agrees(measured.get("bfloat16") or {}) else "float32"


def agrees(block: dict[str, Any]) -> bool:
    """Whether a card's block of one precision says that it may stand in for float32."""
    dice, difference = block.get("dice"), block.get("max_score_difference")
    if dice is None or difference is None:
        return False
    return bool(dice >= LEAST_DICE and difference < MOST_SCORE_DIFFERENCE)
