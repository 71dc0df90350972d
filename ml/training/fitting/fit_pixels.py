"""A lesion network's training: on single pixels, in seconds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import keras
import numpy as np

from ml.data import DataError
from ml.networks import build
from ml.networks.lesion_mlp import PLANE_STATISTICS
from ml.networks.weights import save_weights, settle
from ml.tasks import ModelSpec
from ml.training.configuration import Configuration
from ml.training.curves import draw_learning_curve
from ml.training.fitting.learning import Fitted, Learning
from ml.training.inputs.lesion_pixels import sampled_pixels


def fit_pixels(configuration: Configuration, model: ModelSpec, learning: Learning, folder: Path) -> Fitted:
    """Trains a network that judges single pixels; of the configuration count seed and the first stage's values.

    Returns:
        `weights.safetensors` in the folder, with `history.jsonl` and `learning_curve.png` beside it.

    Raises:
        DataError: there are no regions, or no lesions to learn from.
    """
    if learning.regions is None:
        raise DataError(f"{model.name} learns from regions, so a region network must come first.")
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(configuration.seed)
    stage = configuration.stages[0]
    pixels = sampled_pixels(learning.train, learning.regions, configuration.seed)
    network = build(model.network, size=1)
    statistics = network.get_layer(PLANE_STATISTICS)
    values = {
        "mean": pixels.planes.mean(axis=(0, 1, 2)),
        "variance": pixels.planes.var(axis=(0, 1, 2)) + 1e-6,
    }
    for variable in statistics.weights:
        if variable.name in values:
            variable.assign(np.reshape(values[variable.name], variable.shape))
    settle(network)
    network.compile(
        keras.optimizers.AdamW(stage.learning_rate, weight_decay=0.01),
        loss="binary_crossentropy",
        weighted_metrics=[],
        jit_compile=False,
    )
    history = network.fit(
        pixels.planes,
        pixels.lesion,
        sample_weight=pixels.weights,
        epochs=stage.epochs,
        batch_size=stage.batch,
        verbose=1 if sys.stderr.isatty() else 2,
    )
    lines = [
        json.dumps({"stage": 0, "epoch": epoch, "loss": float(loss), "validation": None})
        for epoch, loss in enumerate(history.history["loss"])
    ]
    (folder / "history.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    save_weights(network, folder / "weights.safetensors")
    draw_learning_curve(folder)
    return Fitted(folder / "weights.safetensors", None, stage.epochs)
