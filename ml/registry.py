"""Lazy-loading registry of models: a key to a network that is ready to run.

Weights are checked against their card before use, loaded on first use, and kept while memory allows
(`MODEL_MEMORY_MB`; the least recently used model goes first).
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ml import tasks
from ml.cards import GATE, Card, CardError, read_card, weights_file, weights_state

if TYPE_CHECKING:
    import keras

_DEFAULT_MEMORY_MB = 2048


class ModelUnavailable(RuntimeError):
    """A model cannot run; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


class WeightsMissing(ModelUnavailable):
    """The weights, or their card, are not on this machine."""


class WeightsMismatch(ModelUnavailable):
    """The weights are not those that the card describes."""


@dataclass(frozen=True)
class ReadyModel:
    """A model that can run.

    Args:
        card: of exactly these weights.
        run: region models: (S, S) float32 to (S, S) float32; classification models: pixels and label to logits by head
            and heatmap; the gate: (S, S) float32 to scores of looks and distances to kinds.
        precision: of its arithmetic, `float32` or `bfloat16`.
        megabytes: about what it holds in memory.
    """

    card: Card
    run: Callable[..., Any]
    precision: str
    megabytes: float


class Registry:
    """Models by task and key, loaded when first asked for.

    Args:
        models_dir: where weights and cards lie; `ml.cards.models_dir()` if None.
        memory_mb: how much the loaded models may hold together.
        lower_precision: whether a model may run in bfloat16 where its card says that this agrees with float32.
    """

    def __init__(
        self,
        models_dir: Path | None = None,
        memory_mb: float = _DEFAULT_MEMORY_MB,
        lower_precision: bool = True,
    ) -> None:
        self._models_dir = models_dir
        self._memory_mb = memory_mb
        self._lower_precision = lower_precision
        self._loaded: OrderedDict[tuple[str, str], ReadyModel] = OrderedDict()
        self._lock = RLock()

    def model(self, task: str, key: str) -> ReadyModel:
        """The model of this key, loaded if need be.

        Raises:
            UnknownTask, UnknownModel: no such key.
            WeightsMissing, WeightsMismatch: it cannot run here.
        """
        spec = tasks.task(task)
        model_spec = spec.model(key)
        return self._get(task, key, model_spec.name, lambda card: self._load(spec, model_spec, card))

    def gate(self) -> ReadyModel:
        """The gate, one for all tasks. Raises as `model` does."""
        return self._get(GATE, GATE, "the gate", self._load_gate)

    def _get(self, folder: str, key: str, name: str, load: Callable[[Card], ReadyModel]) -> ReadyModel:
        with self._lock:
            if (folder, key) in self._loaded:
                self._loaded.move_to_end((folder, key))
                return self._loaded[folder, key]
            ready = load(self._intact_card(folder, key, name))
            self._loaded[folder, key] = ready
            while len(self._loaded) > 1 and sum(m.megabytes for m in self._loaded.values()) > self._memory_mb:
                self._loaded.popitem(last=False)
            return ready

    def _intact_card(self, folder: str, key: str, name: str) -> Card:
        tell = "Tell whoever runs Sidelight here; the other models are not affected."
        state = weights_state(folder, key, self._models_dir)
        if state == "mismatch":
            raise WeightsMismatch(
                f"The weights of {name} are not those that its card describes, so it was not run. {tell}"
            )
        if state != "intact":
            raise WeightsMissing(f"The weights of {name} are not on this server, so it was not run. {tell}")
        try:
            return read_card(folder, key, self._models_dir)
        except CardError as error:
            raise WeightsMissing(f"{error.sentence} {tell}") from error

    def _filled(self, network: keras.Model, folder: str, key: str) -> keras.Model:
        from ml.networks.weights import WeightsDoNotFit, load_weights

        try:
            load_weights(network, weights_file(folder, key, self._models_dir))
        except WeightsDoNotFit as error:
            raise WeightsMismatch(f"The weights of {key} belong to another network. {error}") from error
        return network

    def _load(self, spec: tasks.TaskSpec, model_spec: tasks.ModelSpec, card: Card) -> ReadyModel:
        from ml.networks import build

        network = self._filled(
            build(model_spec.network, size=model_spec.input_size), spec.key, model_spec.key
        )
        megabytes = model_spec.parameters * 4 / 2**20
        run: Callable[..., Any]
        if model_spec.kind == "classification":
            run, precision = _classification(network, spec, model_spec, card), "float32"
        else:
            from ml.runtimes.region import fastest_region_function

            run, precision = fastest_region_function(network, card.precision if self._lower_precision else {})
        # The first run compiles; done while loading, it stands in no prediction's time.
        run(np.zeros(network.input_shape[1:], np.float32))
        return ReadyModel(card, run, precision, megabytes)

    def _load_gate(self, card: Card) -> ReadyModel:
        from ml.gate.looks import LOOKS, READ_KINDS
        from ml.networks.gate_mobilenet import gate_mobilenet
        from ml.runtimes.tensorflow import gate_function

        network = self._filled(gate_mobilenet(len(LOOKS), len(READ_KINDS)), GATE, GATE)
        run = gate_function(network)
        run(np.zeros(network.input_shape[1:3], np.float32))
        return ReadyModel(card, run, "float32", network.count_params() * 4 / 2**20)


def _classification(
    network: keras.Model, spec: tasks.TaskSpec, model_spec: tasks.ModelSpec, card: Card
) -> Callable[..., tuple[dict[str, np.ndarray], np.ndarray]]:
    from ml.networks.classification_heads import head_of_output, output_of_head
    from ml.runtimes.tensorflow import score_function

    module = import_module(f"ml.networks.{model_spec.network.split(':')[0]}")
    head = spec.heads[0]
    heads = head_of_output(network, spec)
    output = output_of_head(network, spec, head.key)
    layer = cast("str", module.HEATMAP_LAYER)
    run = score_function(network, layer, output, decision_offsets(head, card), spec.heatmap)

    def by_head(pixels: np.ndarray, label: int = -1) -> tuple[dict[str, np.ndarray], np.ndarray]:
        logits, heatmap = run(pixels, label)
        return {heads[name]: values for name, values in logits.items()}, heatmap

    return by_head


def decision_offsets(head: tasks.Head, card: Card) -> list[float]:
    """What to add to a head's logits so that the largest one is the label that the card's threshold decides on.

    score >= threshold of the positive label is the same as logit difference >= temperature * log(threshold / (1 - threshold)).
    """
    offsets = [0.0] * len(head.labels)
    threshold = card.thresholds.get(head.key)
    decides = head.positive is not None and len(head.labels) == 2
    if head.positive is not None and decides and threshold is not None and 0 < threshold < 1:
        temperature = card.temperature.get(head.key, 1.0)
        offsets[head.labels.index(head.positive)] = -temperature * float(np.log(threshold / (1 - threshold)))
    return offsets


def from_environment() -> Registry:
    """A registry made from `MODELS_DIR`, `MODEL_MEMORY_MB` and `PRECISION`.

    `PRECISION=float32` keeps every model to float32; `auto`, the default, leaves it to the cards.
    """
    precision = os.environ.get("PRECISION") or "auto"
    if precision not in ("auto", "float32"):
        raise ValueError(f"PRECISION is auto or float32. Received: {precision}")
    memory_mb = float(os.environ.get("MODEL_MEMORY_MB") or _DEFAULT_MEMORY_MB)
    return Registry(memory_mb=memory_mb, lower_precision=precision == "auto")


@cache
def registry() -> Registry:
    """The process's registry."""
    return from_environment()
