"""How fast a task is read, against the plain way of running the same networks: `python -m ml benchmark`.

Both ways run in one process in turn, so that a busy machine slows both; what counts are medians and their ratio.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import Any

from ml.benchmark.agreement import agreement, agreements
from ml.benchmark.child import WAYS, start_cold
from ml.benchmark.showing import table
from ml.cards import weights_state
from ml.registry import ModelUnavailable
from ml.tasks import task as task_of

__all__ = ["agreement", "agreements", "run", "table"]

TOLERANCE = 1e-3
"""How far a float32 output may be from the plain one."""

_COLD_STARTS = 3


def run(task: str, runs: int = 9) -> dict[str, Any]:
    """Measures every model of a task and the whole reading with heatmaps, warm and cold.

    Args:
        task: its key; the weights of all its models must be there.
        runs: how often everything is timed; the median counts.

    Returns:
        `models`: by key `seconds` as read and `plain_seconds`, their `ratio`, `precision`, `gflop` of the forward pass,
        `gflop_per_second`, and `difference_float32`, the farthest that a float32 output is from the plain one.
        `reading`: all models together, `float32` the same where no lower precision is used, and `share_of_limit`, its
        floating-point operations per second against those of a large float32 matrix product.
        `cold_start_seconds` (start of a process to its first whole answer) and `peak_memory_mb`, by way of reading.
        `machine`: what it ran on.

    Raises:
        UnknownTask: no such task.
        ModelUnavailable: weights are missing.
    """
    spec = task_of(task)
    for model in spec.models:
        if (state := weights_state(task, model.key)) != "intact":
            raise ModelUnavailable(f"The weights of {model.name} cannot be timed: {state}.")
    # The children come first: later this process holds every network twice.
    cold = {way: [start_cold(way, task) for _ in range(min(runs, _COLD_STARTS))] for way in WAYS}

    from ml.benchmark.machine import described
    from ml.benchmark.operations import gflop_of_forward_pass
    from ml.benchmark.turns import Turns

    turns = Turns(spec)
    seconds = turns.timed(runs)
    models: dict[str, dict[str, Any]] = {}
    for model in spec.models:
        gflop = gflop_of_forward_pass(turns.plain.networks[model.key])
        models[model.key] = {
            "kind": model.kind,
            "precision": turns.fast.model(task, model.key).precision,
            **_compared(seconds[model.key], seconds[f"plain {model.key}"]),
            "gflop": round(gflop, 3),
            "gflop_per_second": round(gflop / seconds[model.key], 1),
            "difference_float32": turns.difference(model),
        }
    gflop = sum(facts["gflop"] for facts in models.values())
    limit = turns.matrix_gflop / seconds["matrix"]
    return {
        "task": task,
        "runs": runs,
        "models": models,
        "reading": {
            **_compared(seconds["reading"], seconds["plain reading"]),
            "precision": sorted({facts["precision"] for facts in models.values()}),
            **_of_limit(gflop, seconds["reading"], limit),
            "float32": {
                **_compared(seconds["float32 reading"], seconds["plain reading"]),
                **_of_limit(gflop, seconds["float32 reading"], limit),
                "equal_to": TOLERANCE,
                "equal": all(facts["difference_float32"] <= TOLERANCE for facts in models.values()),
            },
        },
        "limit_gflop_per_second": round(limit, 1),
        "cold_start_seconds": {way: _median(start.seconds for start in cold[way]) for way in WAYS},
        "peak_memory_mb": {way: _median(start.peak_mb for start in cold[way]) for way in WAYS},
        "machine": described(),
    }


def _compared(seconds: float, plain_seconds: float) -> dict[str, float]:
    return {
        "seconds": round(seconds, 4),
        "plain_seconds": round(plain_seconds, 4),
        "ratio": round(plain_seconds / seconds, 2),
    }


def _of_limit(gflop: float, seconds: float, limit: float) -> dict[str, float]:
    return {
        "gflop_per_second": round(gflop / seconds, 1),
        "share_of_limit": round(gflop / seconds / limit, 3),
    }


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 2)
