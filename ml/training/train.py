"""`train`: from a configuration and a data folder to weights and the record of what made them."""

from __future__ import annotations

import math
import shutil
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import yaml

from ml import tasks
from ml.cards import models_dir
from ml.data import DataError, Example, load
from ml.networks import build
from ml.networks.classification_heads import HEAD_OF_OUTPUT
from ml.networks.weights import load_weights
from ml.training.batches import AugmentedBatches, Prepared, load_prepared
from ml.training.configuration import Configuration, Stage, read_configuration
from ml.training.losses import label_loss, region_loss
from ml.training.starting_weights import put_starting_weights
from ml.training.validation import Keeper, label_figure, region_figure


def train(task: str, model: str, data: Path, overrides: dict[str, object], out: Path | None = None) -> Path:
    """Trains one model as its `train.yaml` says.

    Args:
        task, model: keys of the registry.
        data: folder of the data set; nothing is written into it.
        overrides: single configuration values in dot notation.
        out: where weights, record and history go; the model's own folder if None.

    Returns:
        The folder written: `weights.safetensors`, `train.yaml`, `history.jsonl`.

    Raises:
        UnknownTask, UnknownModel, DataError, ConfigurationError: each with a `sentence`.
    """
    spec = tasks.task(task)
    model_spec = spec.model(model)
    home = models_dir() / task / model
    configuration = read_configuration(home / "train.yaml", overrides)
    folder = out or home
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "history.jsonl").unlink(missing_ok=True)
    keras.utils.set_random_seed(configuration.seed)
    keras.config.set_dtype_policy(configuration.precision)
    examples = [e for e in load(task, data) if _usable(e, model_spec.kind)]
    training = _of_parts(examples, configuration.train_parts)
    validation = _of_parts(examples, configuration.validation_parts)
    run = _Run(configuration, spec, model_spec, folder)
    try:
        keeper = run.train(training, validation)
    finally:
        keras.config.set_dtype_policy("float32")
    shutil.move(folder / f"{configuration.keep}.safetensors", folder / "weights.safetensors")
    for leftover in ("best", "last"):
        (folder / f"{leftover}.safetensors").unlink(missing_ok=True)
    record = {
        "configuration": configuration.to_plain(),
        "patients": {"train": _patients(training), "val": _patients(validation)},
        "images": {"train": len(training), "val": len(validation)},
        "result": {"validation_figure": keeper.best, "epochs": len(keeper.history)},
        "backend": keras.backend.backend(),
        "keras": keras.__version__,
    }
    (folder / "train.yaml").write_text(yaml.safe_dump(record, sort_keys=False), encoding="utf-8")
    return folder


class _Run:
    def __init__(
        self, configuration: Configuration, spec: tasks.TaskSpec, model_spec: tasks.ModelSpec, folder: Path
    ) -> None:
        self._configuration, self._spec, self._model_spec, self._folder = (
            configuration,
            spec,
            model_spec,
            folder,
        )
        self._region = model_spec.kind == "region"
        self._outputs = None if self._region else HEAD_OF_OUTPUT

    def train(self, training: Sequence[Example], validation: Sequence[Example]) -> Keeper:
        keeper = Keeper(self._folder, self._configuration.patience)
        weights: list[Any] | None = None
        grid = 0
        for number, stage in enumerate(self._configuration.stages):
            prepared, held_out = (self._prepared(part, stage) for part in (training, validation))
            network = build(self._model_spec.network, size=stage.size)
            if weights is None:
                put_starting_weights(network, self._configuration)
            else:
                network.set_weights(weights)
            _freeze(network, stage.frozen)
            _set_momentum(network, self._configuration.batch_norm_momentum)
            batches = AugmentedBatches(
                prepared,
                self._outputs,
                self._configuration.augmentation,
                stage.batch,
                self._configuration.seed + number,
            )
            self._compile(network, stage, prepared, steps=len(batches) * stage.epochs)
            figure = partial(region_figure if self._region else label_figure, prepared=held_out)
            keeper.begin_stage(number, figure, best_counts_anew=stage.size != grid)
            grid = stage.size
            network.fit(batches, epochs=stage.epochs, callbacks=[keeper], verbose=2)
            if self._configuration.keep == "best":
                load_weights(network, self._folder / "best.safetensors")
            weights = network.get_weights()
        return keeper

    def _prepared(self, examples: Sequence[Example], stage: Stage) -> Prepared:
        heads = [head.key for head in self._spec.heads]
        return load_prepared(examples, self._spec.preparation, stage.size, heads, masks=self._region)

    def _compile(self, network: keras.Model, stage: Stage, prepared: Prepared, steps: int) -> None:
        schedule = keras.optimizers.schedules.CosineDecay(stage.learning_rate, steps, alpha=0.01)
        optimizer = keras.optimizers.Adam(schedule, clipnorm=1.0)
        loss_name = self._configuration.loss
        if self._outputs is None:
            network.compile(optimizer, loss=region_loss(loss_name), jit_compile=False)
            return
        losses, weights = {}, {}
        for output, head_key in self._outputs.items():
            labels = len(self._spec.head(head_key).labels)
            losses[output] = label_loss(loss_name, _balance(prepared.labels[head_key], labels))
            weights[output] = self._configuration.head_weights.get(head_key, 1.0)
        network.compile(optimizer, loss=losses, loss_weights=weights, jit_compile=False)


def _usable(example: Example, kind: str) -> bool:
    return example.region_path is not None if kind == "region" else bool(example.labels)


def _of_parts(examples: Sequence[Example], parts: Sequence[str]) -> list[Example]:
    chosen = [e for e in examples if e.part in parts]
    if not chosen:
        raise DataError(f"No labelled image of the data set belongs to the parts {', '.join(parts)}.")
    return chosen


def _patients(examples: Sequence[Example]) -> list[str]:
    return sorted({e.patient_id for e in examples if e.patient_id is not None})


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
