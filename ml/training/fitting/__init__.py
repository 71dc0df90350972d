"""One training run: start, loss, optimiser, what is kept of it, and how it goes on after an interruption."""

from __future__ import annotations

from pathlib import Path

from ml.tasks import ModelSpec, TaskSpec
from ml.training.configuration import Configuration
from ml.training.fitting.fit import fit
from ml.training.fitting.fit_pixels import fit_pixels
from ml.training.fitting.learning import Fitted, Learning

__all__ = ["fitted"]


def fitted(
    configuration: Configuration, task: TaskSpec, model: ModelSpec, learning: Learning, folder: Path
) -> Fitted:
    """Trains one network, in the way of its kind, and leaves its weights in the folder."""
    if model.kind == "lesion":
        return fit_pixels(configuration, model, learning, folder)
    return fit(configuration, task, model, learning, folder)
