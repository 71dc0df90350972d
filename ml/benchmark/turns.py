"""The ways of reading, warm in one process, timed in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import tensorflow as tf

from ml.benchmark.plain import Plain, probabilities
from ml.benchmark.seen import seen
from ml.benchmark.whole import picture, whole_reading
from ml.registry import Registry, from_environment
from ml.tasks import ModelSpec, TaskSpec

_MATRIX = 3072


class Turns:
    """A task's networks as Sidelight runs them, the same in float32 alone, and plainly."""

    def __init__(self, spec: TaskSpec) -> None:
        self._spec = spec
        self._image = picture()
        self._pixels = {model.key: seen(spec, model, self._image) for model in spec.models}
        self.fast = from_environment()
        precisions = {self.fast.model(spec.key, model.key).precision for model in spec.models}
        self.exact = self.fast if precisions == {"float32"} else Registry(lower_precision=False)
        self.plain = Plain(spec)
        self._matrix = tf.random.stateless_normal((_MATRIX, _MATRIX), seed=(1, 1))
        self.matrix_gflop = 2 * _MATRIX**3 / 1e9

    def timed(self, runs: int) -> dict[str, float]:
        """Median seconds of each model by key (`plain KEY`), each way of the whole reading, and the matrix product."""
        calls = self._calls()
        seconds: dict[str, list[float]] = {name: [] for name in calls}
        for call in calls.values():
            call()
        for _ in range(runs):
            for name, call in calls.items():
                started = time.perf_counter()
                call()
                seconds[name].append(time.perf_counter() - started)
        return {name: statistics.median(values) for name, values in seconds.items()}

    def difference(self, model: ModelSpec) -> float:
        """How far any output of a model in float32 (shares of pixels, scores, heatmap) is from the plain one."""
        pixels = self._pixels[model.key]
        ours = self.exact.model(self._spec.key, model.key).run(pixels)
        plain = self.plain.answer(model, pixels)
        if model.kind != "classification":
            return _farthest(ours, plain)
        logits, heatmap = ours
        scores, plain_heatmap = plain
        return max(
            _farthest(heatmap, plain_heatmap),
            *(_farthest(probabilities(logits[head]), scores[head]) for head in scores),
        )

    def _calls(self) -> dict[str, Callable[[], object]]:
        calls: dict[str, Callable[[], object]] = {
            "reading": partial(whole_reading, self._spec, self.fast),
            "plain reading": partial(self.plain.read, self._image),
            "float32 reading": partial(whole_reading, self._spec, self.exact),
            "matrix": lambda: np.asarray(tf.matmul(self._matrix, self._matrix)[0, 0]),
        }
        for model in self._spec.models:
            pixels = self._pixels[model.key]
            run = self.fast.model(self._spec.key, model.key).run
            calls[model.key] = partial(run, pixels)
            calls[f"plain {model.key}"] = partial(self.plain.answer, model, pixels)
        return calls


def _farthest(ours: np.ndarray, plain: np.ndarray) -> float:
    return float(np.abs(ours - plain).max())
