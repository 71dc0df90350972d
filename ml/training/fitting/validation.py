"""The validation figure that decides which epoch is kept, and the keeper of its weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from ml.networks.weights import save_weights
from ml.tasks import Head
from ml.training.fitting.resume import Progress
from ml.training.inputs.batches import Prepared


def region_figure(model: keras.Model, prepared: Prepared) -> float:
    """Mean IoU of the validation images at 0.5, on the network's grid."""
    scores = model.predict(prepared.pixels, batch_size=4, verbose=0)[..., 0] >= 0.5
    assert prepared.masks is not None
    true = prepared.masks >= 0.5
    union = (scores | true).sum(axis=(1, 2))
    overlap = (scores & true).sum(axis=(1, 2))
    return float(np.mean(np.where(union > 0, overlap / np.maximum(union, 1), 1.0)))


def label_figure(model: keras.Model, prepared: Prepared, heads: Sequence[Head]) -> float:
    """Mean over the heads, on the validation images: AUC (of each label against the rest), of ordinal heads quadratic kappa."""
    said = model.predict(prepared.pixels, batch_size=8, verbose=0)
    scores = said if isinstance(said, list) else [said]
    return float(
        np.mean(
            [
                (_kappa if head.ordinal else _auc)(prepared.labels[head.key], np.asarray(each))
                for head, each in zip(heads, scores, strict=True)
            ]
        )
    )


def _auc(true: np.ndarray, scores: np.ndarray) -> float:
    labels = range(1, 2) if scores.shape[1] == 2 else range(scores.shape[1])
    aucs = [
        roc_auc_score(true == label, scores[:, label])
        for label in labels
        if 0 < np.sum(true == label) < len(true)
    ]
    return float(np.mean(aucs)) if aucs else 0.0


def _kappa(true: np.ndarray, scores: np.ndarray) -> float:
    labels = list(range(scores.shape[1]))
    kappa = cohen_kappa_score(true, scores.argmax(axis=1), weights="quadratic", labels=labels)
    return 0.0 if np.isnan(kappa) else float(kappa)


class Keeper(keras.callbacks.Callback):
    """Measures after each epoch, writes a line of history, keeps the best and the last weights, stops when patience ends.

    Args:
        folder: where weights and history go.
        patience: epochs without improvement before a stage ends.
        progress: how far the run has come; counted on here.
        keep: writes the progress, with all that is needed to go on from it.
    """

    def __init__(
        self,
        folder: Path,
        patience: int,
        progress: Progress,
        keep: Callable[[Path, Progress, keras.Model], None],
    ) -> None:
        super().__init__()
        self._folder, self._patience, self._progress, self._keep = folder, patience, progress, keep

    @property
    def best(self) -> float | None:
        """The best figure on the last stage's grid; None without validation images."""
        return self._progress.best

    @property
    def epochs(self) -> int:
        """How many epochs the history holds."""
        return len((self._folder / "history.jsonl").read_text(encoding="utf-8").splitlines())

    def begin_stage(
        self,
        number: int,
        network: keras.Model,
        figure: Callable[[keras.Model], float] | None,
        best_counts_anew: bool,
    ) -> None:
        """A stage on another grid is measured on another scale: its first epoch starts a new comparison.

        Args:
            network: whose weights are kept; what is trained may be a part of it.
        """
        self._stage, self._network, self._figure = number, network, figure
        if number != self._progress.stage:
            self._progress.stage, self._progress.epoch, self._progress.waited = number, 0, 0
        if best_counts_anew:
            self._progress.best = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras."""
        figure = None if self._figure is None else self._figure(self.model)
        line = {
            "stage": self._stage,
            "epoch": epoch,
            "loss": float((logs or {})["loss"]),
            "validation": figure,
        }
        with (self._folder / "history.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")
        save_weights(self._network, self._folder / "last.safetensors")
        self._count(figure)
        self._progress.epoch = epoch + 1
        self._keep(self._folder, self._progress, self.model)

    def _count(self, figure: float | None) -> None:
        if figure is None:
            return
        if self._progress.best is None or figure > self._progress.best:
            self._progress.best, self._progress.waited = figure, 0
            save_weights(self._network, self._folder / "best.safetensors")
            return
        self._progress.waited += 1
        if self._progress.waited >= self._patience:
            self.model.stop_training = True
