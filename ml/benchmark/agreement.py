"""Whether a region model's masks are the same in bfloat16: what its card must say before bfloat16 is used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ml.cards import weights_state
from ml.data import Example, load
from ml.images.decode import decode
from ml.images.prepare import prepare_image
from ml.registry import ModelUnavailable
from ml.tasks import task as task_of

_REGION_FROM = 0.5


def agreements(task: str, data: Path, every: int = 1) -> dict[str, dict[str, Any]]:
    """`agreement` of every region model of a task, by key, each under `precision` as its card has it.

    Raises:
        UnknownTask, DataError, ModelUnavailable: each with a `sentence`.
    """
    spec = task_of(task)
    examples = sorted(load(task, data), key=lambda example: example.image_id)[::every]
    return {
        model.key: {"precision": agreement(task, model.key, examples)}
        for model in spec.models
        if model.kind == "region"
    }


def agreement(task: str, model: str, examples: Sequence[Example]) -> dict[str, dict[str, float | int]]:
    """Measures bfloat16 against float32 on images.

    Args:
        task, model: keys of a region model whose weights are there.
        examples: images of a data set, at least one; their masks are not looked at.

    Returns:
        `{"bfloat16": {...}}` for the card: `dice` of the two masks on the image's own grid, mean over images, and
        `lowest_dice`; `max_score_difference`, the farthest that the region's share of an image is apart;
        `max_pixel_difference`, the same of any single pixel, which is largest on outlines; and `n_images`.

    Raises:
        UnknownTask, UnknownModel: no such key.
        ModelUnavailable: its weights are missing, or not those of its card.
        NotConvertible: the network cannot run in bfloat16 at all.
    """
    from ml.benchmark.plain import network_of
    from ml.runtimes.openvino import region_function

    spec = task_of(task)
    model_spec = spec.model(model)
    if (state := weights_state(task, model)) != "intact":
        raise ModelUnavailable(f"The weights of {model_spec.name} cannot be measured: {state}.")
    network = network_of(spec, model_spec)
    exact, short = region_function(network), region_function(network, "bfloat16")
    dice, shares, pixels = [], [], []
    for example in examples:
        prepared = prepare_image(decode(example.path.read_bytes()), spec.preparation, model_spec.input_size)
        maps = [prepared.geometry.to_image(run(prepared.pixels)) for run in (exact, short)]
        dice.append(_dice(*(one >= _REGION_FROM for one in maps)))
        shares.append(abs(float(maps[0].mean()) - float(maps[1].mean())))
        pixels.append(float(np.abs(maps[0] - maps[1]).max()))
    return {
        "bfloat16": {
            "dice": round(float(np.mean(dice)), 4),
            "lowest_dice": round(min(dice), 4),
            "max_score_difference": round(max(shares), 4),
            "max_pixel_difference": round(max(pixels), 4),
            "n_images": len(dice),
        }
    }


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    """Dice of two masks; two empty ones agree."""
    both = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / both if both else 1.0
