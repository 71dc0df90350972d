"""Training runs in MLflow, for whoever keeps one: where `MLFLOW_TRACKING_URI` is set. An extra, not installed by default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

URI = "MLFLOW_TRACKING_URI"
_LONGEST = 250


class TrackingUnavailable(RuntimeError):
    """Tracking is asked for and cannot be had; `sentence` says what to do."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


def check_tracking() -> None:
    """Says before hours of training that they could not be tracked. Raises TrackingUnavailable."""
    if os.environ.get(URI):
        _mlflow()


def track(folder: Path, results: Mapping[str, Any], configuration: Mapping[str, Any]) -> None:
    """Logs a finished run: parameters, training loss and validation figure by epoch, and the files beside the weights.

    Nothing happens where `MLFLOW_TRACKING_URI` is not set. The experiment is named after the task, the run after the model. No
    image and no patient's name is sent.

    Args:
        folder: of the run.
        results: as `write_summary` gives them.
        configuration: as YAML writes it.

    Raises:
        TrackingUnavailable: MLflow is not installed, or its server took nothing.
    """
    if not os.environ.get(URI):
        return
    mlflow = _mlflow()
    try:
        mlflow.set_experiment(f"sidelight/{results['task']}")
        with mlflow.start_run(run_name=results["model"]):
            mlflow.log_params(_parameters(configuration))
            for number, line in enumerate(results["history"], start=1):
                measured = {name: line[name] for name in ("loss", "validation") if line.get(name) is not None}
                mlflow.log_metrics(measured, step=number)
            last = {"seconds": results["seconds"], "validation_figure": results["validation_figure"]}
            mlflow.log_metrics({name: value for name, value in last.items() if value is not None})
            for name in ("learning_curve.png", "results.json", "summary.md"):
                if (folder / name).is_file():
                    mlflow.log_artifact(str(folder / name))
    except (mlflow.exceptions.MlflowException, OSError) as error:
        raise TrackingUnavailable(
            f"The run is finished and lies in {folder}, but MLflow at {URI} did not take it: {error}."
        ) from error


def _mlflow() -> Any:
    try:
        return import_module("mlflow")
    except ImportError as error:
        raise TrackingUnavailable(
            f"{URI} is set, but MLflow is not installed. "
            f"Install its client (pip install mlflow-skinny, pinned as an extra in pyproject.toml) or unset {URI}."
        ) from error


def _parameters(configuration: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested values in dot notation, as `--override` takes them."""
    flat: dict[str, str] = {}
    for name, value in configuration.items():
        inner = dict(enumerate(value)) if isinstance(value, list) else value
        if isinstance(inner, dict) and inner:
            flat |= _parameters({str(key): each for key, each in inner.items()}, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = str(value)[:_LONGEST]
    return flat
