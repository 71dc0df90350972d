"""What a run needs to go on after an interruption as if there had been none."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

_FILE = "resume.npz"


@dataclass
class Progress:
    """How far a run has come.

    Args:
        configuration: digest of what is run; another configuration starts anew.
        stage, epoch: the next epoch to be run.
        best: best validation figure of the stage's grid so far, None before the first.
        waited: epochs since then.
    """

    configuration: str
    stage: int = 0
    epoch: int = 0
    best: float | None = None
    waited: int = 0


def keep_progress(folder: Path, progress: Progress, network: keras.Model) -> None:
    """Writes progress, weights (full precision), seeds and the optimiser's state: all of them, or none."""
    values = {f"v{i:05d}": keras.ops.convert_to_numpy(v) for i, v in enumerate(_state_of(network))}
    beside = folder / f".{_FILE}"
    with beside.open("wb") as stream:
        np.savez(stream, progress=np.array(json.dumps(asdict(progress))), **values)
    beside.replace(folder / _FILE)


def read_progress(folder: Path, configuration: str) -> Progress:
    """How far an earlier run with this configuration came; the beginning where there is none."""
    try:
        with np.load(folder / _FILE) as stored:
            progress = Progress(**json.loads(str(stored["progress"])))
    except (OSError, ValueError, KeyError, TypeError):
        return Progress(configuration)
    return progress if progress.configuration == configuration else Progress(configuration)


def put_progress(folder: Path, network: keras.Model) -> None:
    """Puts the state that `keep_progress` wrote into a network that was built and compiled the same way."""
    network.optimizer.build(network.trainable_variables)
    with np.load(folder / _FILE) as stored:
        for i, variable in enumerate(_state_of(network)):
            variable.assign(stored[f"v{i:05d}"])


def forget_progress(folder: Path) -> None:
    """The run has ended: a next one begins anew."""
    (folder / _FILE).unlink(missing_ok=True)


def _state_of(network: keras.Model) -> Iterable[Any]:
    return [*network.variables, *network.optimizer.variables]
