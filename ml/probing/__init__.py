"""How far a model's AUC falls when a shortcut is taken away from pictures of patients it never saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ml.data import DataError, Example
from ml.evaluation.label_figures import HeadAnswers, aucs_over_draws
from ml.evaluation.report import Report, told
from ml.networks import build
from ml.networks.weights import load_weights
from ml.probing.shortcuts import PROBES
from ml.tasks import ModelSpec, TaskSpec
from ml.training.inputs.batches import load_prepared

__all__ = ["PROBES", "probed"]


def probed(task: TaskSpec, model: ModelSpec, held_out: Mapping[Path, Sequence[Example]]) -> Report:
    """The AUC of a classification model's first head on pictures as they are, and on each of `PROBES`.

    Args:
        held_out: weights to the examples that they never learned from (one entry a fold).

    Returns:
        `auc`, and under `probes` by name `auc` and `auc_change` (from the pictures as they are, paired by patient), each with
        its interval; `n_images`, `n_patients`. AUC as in `ml.evaluation.label_figures`.

    Raises:
        DataError: the model gives no labels, or there is no labelled image.
    """
    if model.kind != "classification":
        raise DataError(f"{model.name} gives no labels, so there is no AUC that a shortcut could change.")
    head = task.heads[0]
    chosen = {file: [e for e in examples if head.key in e.labels] for file, examples in held_out.items()}
    examples = [e for each in chosen.values() for e in each]
    if not examples:
        raise DataError("No labelled image is left that these weights did not learn from.")
    scores: dict[str, list[np.ndarray]] = {name: [] for name in ("", *PROBES)}
    for file, each in chosen.items():
        if not each:
            continue
        network = build(model.network, size=model.input_size)
        load_weights(network, file)
        pixels = load_prepared(each, task, model, model.input_size).pixels
        for name, of_fold in scores.items():
            changed = pixels if not name else np.stack([PROBES[name](p[..., 0])[..., None] for p in pixels])
            said = network.predict(changed, batch_size=32, verbose=0)
            of_fold.append(np.asarray(said[0] if isinstance(said, list) else said))
    draws = {
        name: aucs_over_draws(head_answers(examples, np.concatenate(s), task)) for name, s in scores.items()
    }
    return {
        **told("auc", draws[""]),
        "probes": {
            name: {**told("auc", draws[name]), **told("auc_change", draws[name] - draws[""])}
            for name in PROBES
        },
        "n_images": len(examples),
        "n_patients": len({e.patient_id for e in examples}),
    }


def head_answers(examples: Sequence[Example], scores: np.ndarray, task: TaskSpec) -> HeadAnswers:
    """Raw scores (n, L) of the first head as answers; no threshold has a part in an AUC."""
    head = task.heads[0]
    decided = scores.argmax(axis=1)
    return HeadAnswers(
        head=head,
        patients=tuple(e.patient_id for e in examples),
        true=np.array([e.labels[head.key] for e in examples], dtype=int),
        scores=scores,
        ranks=scores,
        decided=decided,
        called=decided == len(head.labels) - 1,
    )
