"""One training run: a network learns from some images, stage by stage, and leaves its weights."""

from __future__ import annotations

import hashlib
import math
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ml.data import Example
from ml.networks import build
from ml.networks.classification_heads import head_of_output
from ml.networks.weights import load_weights, settle
from ml.tasks import ModelSpec, TaskSpec
from ml.training.configuration import Configuration, Stage
from ml.training.curves import draw_learning_curve
from ml.training.fitting.differential_rates import AdamWithRates
from ml.training.fitting.learning import Fitted, Learning
from ml.training.fitting.losses import label_loss, mask_loss
from ml.training.fitting.resume import forget_progress, keep_progress, put_progress, read_progress
from ml.training.fitting.starting_weights import put_starting_weights
from ml.training.fitting.validation import Keeper, label_figure, region_figure
from ml.training.inputs.batches import AugmentedBatches, Prepared, load_prepared
from ml.training.inputs.cached_features import CachedBatches, FrontMaps, divided


def fit(
    configuration: Configuration, task: TaskSpec, model: ModelSpec, learning: Learning, folder: Path
) -> Fitted:
    """Trains one network; goes on where an interrupted run of the same configuration in the same folder stopped.

    Returns:
        `weights.safetensors` in the folder, with `history.jsonl` and `learning_curve.png` beside it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(configuration.seed)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(configuration.precision)
    try:
        keeper = _Run(configuration, task, model, learning, folder).train()
    finally:
        keras.config.set_dtype_policy(policy)
    kept = configuration.keep if learning.val else "last"
    weights = folder / "weights.safetensors"
    shutil.move(folder / f"{kept}.safetensors", weights)
    for leftover in ("best", "last"):
        (folder / f"{leftover}.safetensors").unlink(missing_ok=True)
    forget_progress(folder)
    draw_learning_curve(folder)
    return Fitted(weights, keeper.best, keeper.epochs)


class _Run:
    def __init__(
        self,
        configuration: Configuration,
        task: TaskSpec,
        model: ModelSpec,
        learning: Learning,
        folder: Path,
    ) -> None:
        self._configuration, self._task, self._model = configuration, task, model
        self._learning, self._folder = learning, folder

    def train(self) -> Keeper:
        configuration = self._configuration
        progress = read_progress(self._folder, self._digest())
        resumed = progress.stage > 0 or progress.epoch > 0
        if not resumed:
            (self._folder / "history.jsonl").unlink(missing_ok=True)
        keeper = Keeper(self._folder, configuration.patience, progress, keep_progress)
        weights: list[Any] | None = None
        for number, stage in enumerate(configuration.stages):
            if number < progress.stage:
                continue
            train, val = (self._prepared(part, stage) for part in (self._learning.train, self._learning.val))
            network = build(self._model.network, size=stage.size)
            if weights is not None:
                network.set_weights(weights)
                settle(network)
            elif not resumed:
                put_starting_weights(network, configuration)
            _freeze(network, stage.frozen)
            _set_momentum(network, configuration.batch_norm_momentum)
            assert train is not None
            first = progress.epoch if number == progress.stage else 0
            outputs = head_of_output(network, self._task) if self._model.kind == "classification" else None
            trained, batches, val = self._divided(network, number, train, val, outputs, first)
            self._compile(trained, outputs, stage, train, steps=len(batches) * stage.epochs)
            if resumed and weights is None:
                put_progress(self._folder, trained)
                settle(network)
            figure = partial(label_figure, heads=self._task.heads) if outputs else region_figure
            other_grid = number > 0 and stage.size != configuration.stages[number - 1].size
            keeper.begin_stage(
                number,
                network,
                None if val is None else partial(figure, prepared=val),
                other_grid and first == 0,
            )
            trained.fit(
                batches,
                epochs=stage.epochs,
                initial_epoch=first,
                callbacks=[keeper],
                verbose=1 if sys.stderr.isatty() else 2,
            )
            if configuration.keep == "best" and val is not None:
                load_weights(network, self._folder / "best.safetensors")
            weights = network.get_weights()
        return keeper

    def _divided(
        self,
        network: keras.Model,
        number: int,
        train: Prepared,
        val: Prepared | None,
        outputs: dict[str, str] | None,
        first: int,
    ) -> tuple[keras.Model, Any, Prepared | None]:
        """What is trained in a stage, its batches, and the validation images as it sees them."""
        configuration, stage = self._configuration, self._configuration.stages[number]
        seed = configuration.seed + number
        balanced = self._task.heads[0].key if outputs and configuration.sampling == "balanced" else None
        bounds = configuration.augmentation
        if not stage.cached or outputs is None:
            batches = AugmentedBatches(train, outputs, bounds, stage.batch, seed, first, balanced)
            return network, batches, val
        front, back = divided(network, stage.cached)
        maps = self._learning.maps or FrontMaps(bounds, configuration.seed)
        cached = CachedBatches(
            front, maps, train, outputs, stage.variants, stage.batch, seed, first, balanced
        )
        return back, cached, None if val is None else replace(val, pixels=np.stack(maps.of(front, val, 0)))

    def _digest(self) -> str:
        patients = [e.image_id for e in (*self._learning.train, *self._learning.val)]
        return hashlib.sha256(repr((self._configuration, patients)).encode()).hexdigest()

    def _prepared(self, examples: Sequence[Example], stage: Stage) -> Prepared | None:
        if not examples:
            return None
        return load_prepared(examples, self._task, self._model, stage.size, self._learning.lesions)

    def _compile(
        self,
        network: keras.Model,
        outputs: dict[str, str] | None,
        stage: Stage,
        prepared: Prepared,
        steps: int,
    ) -> None:
        schedule = keras.optimizers.schedules.CosineDecay(stage.learning_rate, steps, alpha=0.01)
        optimizer = AdamWithRates(stage.rates, learning_rate=schedule, clipnorm=1.0)
        loss_name = self._configuration.loss
        if outputs is None:
            network.compile(optimizer, loss=mask_loss(loss_name), jit_compile=False)
            return
        losses, weights = {}, {}
        for output, head_key in outputs.items():
            labels = len(self._task.head(head_key).labels)
            even = [1.0] * labels if self._configuration.sampling == "balanced" else None
            losses[output] = label_loss(loss_name, even or _balance(prepared.labels[head_key], labels))
            weights[output] = self._configuration.head_weights.get(head_key, 1.0)
        if len(losses) == 1:
            network.compile(optimizer, loss=next(iter(losses.values())), jit_compile=False)
            return
        network.compile(optimizer, loss=losses, loss_weights=weights, jit_compile=False)


def _balance(labels: Any, count: int) -> list[float]:
    """Weights by the root of the inverse frequency: rare stages count more, but do not drown the rest."""
    found = Counter(int(label) for label in labels if label >= 0)
    raw = [math.sqrt(len(labels) / (count * found[i])) if found[i] else 0.0 for i in range(count)]
    return raw


def _set_momentum(network: keras.Model, momentum: float) -> None:
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = momentum


def _freeze(network: keras.Model, frozen: Sequence[str]) -> None:
    for layer in network.layers:
        layer.trainable = not layer.name.startswith(tuple(frozen)) if frozen else True
