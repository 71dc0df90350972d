"""A task whose models are tiny networks that know the answer, with a data set of bright squares: a square's size is its label.

Every image of a label is answered rightly but the last one, whose square is that of the next label. The networks of the folds
answered the same; one patient is said to have been learned from.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import keras
import numpy as np
import pytest
import yaml
from keras import layers

import ml.networks
from ml import tasks
from ml.cards import write_card
from ml.data.dataset_layout import label_column
from ml.evaluation.cross_validation.table import out_of_fold_file, score_columns
from ml.networks.classification_heads import label_scores, status_and_stage
from ml.networks.weights import save_weights
from ml.registry import registry
from ml.tasks import Head, TaskSpec

SIDE = 64
SIZE = 32
PER_LABEL = 4
HONEST, LEAKY = "grouped", "published"
"""Protocols by which the default model is said to be cross-validated."""


@dataclass(frozen=True)
class World:
    """The task with tiny models, its data folder, and the folder of weights and cards."""

    spec: TaskSpec
    data: Path
    models: Path


@contextmanager
def drawn_world(spec: TaskSpec, folder: Path) -> Iterator[World]:
    """The registry holds this task with tiny region and classification models as long as the context lasts."""
    models = tuple(
        replace(model, network=f"tiny:{spec.key}_{model.kind}", input_size=SIZE, sees="slice")
        for model in spec.models
        if model.kind != "lesion"
    )
    default = next(model.key for model in models if model.kind == "classification")
    drawn = replace(spec, models=models, image_kinds=(), default_model=default)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            tasks, "_TASKS", tuple(drawn if each.key == spec.key else each for each in tasks._TASKS)
        )
        patch.setitem(sys.modules, "ml.networks.tiny", _networks(drawn))
        patch.setattr(ml.networks, "tiny", sys.modules["ml.networks.tiny"], raising=False)
        patch.setenv("MODELS_DIR", str(folder / "models"))
        registry.cache_clear()
        for model in models:
            _deploy(drawn, model, folder / "models" / spec.key / model.key)
        _draw(drawn, folder / "Dataset")
        _cross_validate(drawn, folder / "models" / spec.key / default)
        yield World(drawn, folder / "Dataset", folder / "models")
    registry.cache_clear()


def share_of(spec: TaskSpec, label: int) -> float:
    """How much of the image the square of a label fills."""
    return 0.1 + 0.5 * label / (len(spec.heads[0].labels) - 1)


def drawn_label(labels: int, label: int, number: int) -> int:
    """What the square of the image of this number says: the last one of a label deceives."""
    return label if number < PER_LABEL - 1 else (label + 1) % labels


def square_of(spec: TaskSpec, label: int) -> np.ndarray:
    """The square of a label, (SIDE, SIDE) bool."""
    side = round(SIDE * share_of(spec, label) ** 0.5)
    square = np.zeros((SIDE, SIDE), bool)
    square[8 : 8 + side, 4 : 4 + side] = True
    return square


def _networks(spec: TaskSpec) -> ModuleType:
    module = ModuleType("ml.networks.tiny")

    def classification(size: int = SIZE) -> keras.Model:
        """Small squares speak for the first labels by what is dark, large ones for the last by what is bright."""
        inputs = layers.Input((size, size, 1))
        x = layers.Conv2D(2, 1, name="maps")(inputs)
        x = layers.GlobalAveragePooling2D()(x)
        heads = spec.heads
        outputs = status_and_stage(x) if len(heads) == 2 else label_scores(x, len(heads[0].labels))
        network = keras.Model(inputs, outputs)
        network.get_layer("maps").set_weights([np.array([[[[1.0, -1.0]]]]), np.array([0.0, 1.0])])
        for name, head in zip(network.output_names, heads, strict=True):
            centres = np.array([0.1 + 0.5 * n / (len(head.labels) - 1) for n in range(len(head.labels))])
            slopes = 200 * (centres - 0.35)
            kernel = np.stack([np.maximum(slopes, 0), np.maximum(-slopes, 0)])
            constant = -100 * centres**2 - np.maximum(-slopes, 0)
            network.get_layer(f"{name}_logits").set_weights([kernel, constant])
        return network

    def region(size: int = SIZE) -> keras.Model:
        inputs = layers.Input((size, size, 1))
        outputs = layers.Conv2D(1, 1, activation="sigmoid", name="mask")(inputs)
        network = keras.Model(inputs, outputs)
        network.get_layer("mask").set_weights([np.full((1, 1, 1, 1), 40.0), np.array([-20.0])])
        return network

    made: dict[str, Any] = {"classification": classification, "region": region}
    for kind, function in made.items():
        setattr(module, f"{spec.key}_{kind}", function)
    module.HEATMAP_LAYER = "maps"  # type: ignore[attr-defined]
    return module


def _deploy(spec: TaskSpec, model: tasks.ModelSpec, home: Path) -> None:
    network = ml.networks.build(model.network, size=SIZE)
    save_weights(network, home / "weights.safetensors")
    words = dict.fromkeys(
        (
            *("licence", "intended_use", "not_for", "data", "label_source", "split"),
            *("preprocessing", "input_checks", "published", "known_failures", "command"),
        ),
        "Drawn for a test.",
    )
    labels = model.kind == "classification"
    write_card(
        {
            **words,
            "task": spec.key,
            "key": model.key,
            "name": model.name,
            "kind": model.kind,
            "version": "1.0.0",
            "date": "2026-01-31",
            "network": model.network,
            "parameters": network.count_params(),
            "input_size": SIZE,
            "weights_sha256": hashlib.sha256((home / "weights.safetensors").read_bytes()).hexdigest(),
            "counts": {"train": {"patients": 3, "images": 9}},
            "thresholds": {head.key: 0.5 for head in spec.heads if head.positive} if labels else {},
            "temperature": {head.key: 1.0 for head in spec.heads} if labels else {},
            "precision": {},
            "figures": {
                "published": {
                    "leaky": True,
                    "accuracy": 1.0,
                    "accuracy_ci95": None,
                    "n_images": 9,
                    "n_patients": 3,
                }
            },
            "versions": {"keras": keras.__version__},
        }
    )


def _draw(spec: TaskSpec, folder: Path) -> None:
    for name in ("images", "masks", "annotations"):
        (folder / name).mkdir(parents=True)
    head = spec.heads[0]
    columns = ["image_id", "image_path", "mask_path", "region_kind", "patient_id", "part", "prepared"]
    columns += [label_column(each.key) for each in spec.heads]
    with (folder / "annotations" / "dataset.csv").open("w", newline="") as lines:
        table = csv.DictWriter(lines, columns)
        table.writeheader()
        for label in range(len(head.labels)):
            for number in range(PER_LABEL):
                name = f"{label}_{number}"
                drawn = drawn_label(len(head.labels), label, number)
                square = square_of(spec, drawn).astype(np.uint8) * 255
                cv2.imwrite(str(folder / "images" / f"{name}.png"), square)
                cv2.imwrite(str(folder / "masks" / f"{name}.png"), square)
                table.writerow(
                    {
                        "image_id": name,
                        "image_path": f"images/{name}.png",
                        "mask_path": f"masks/{name}.png" if label else "",
                        "region_kind": "drawn_square" if label else "",
                        "patient_id": f"p{number}",
                        "part": "test",
                        "prepared": "1",
                        **{label_column(each.key): min(label, len(each.labels) - 1) for each in spec.heads},
                    }
                )


def _cross_validate(spec: TaskSpec, home: Path) -> None:
    folds = {"one": ["p0", "p1"], "two": ["p2", "p3"]}
    sides = {
        name: {
            "train": [p for other, them in folds.items() if other != name for p in them],
            "held_out": patients,
        }
        for name, patients in folds.items()
    }
    record = {"patients": {"train": ["p0"], "val": []}, "cross_validation": {HONEST: sides, LEAKY: sides}}
    (home / "train.yaml").write_text(yaml.safe_dump(record))
    for protocol in (HONEST, LEAKY):
        with out_of_fold_file(spec.key, home.name, protocol).open("w", newline="") as lines:
            table = csv.writer(lines)
            table.writerow(["image_id", "patient_id", "fold", *score_columns(spec.heads)])
            for label, number in product(range(len(spec.heads[0].labels)), range(PER_LABEL)):
                fold = "one" if number < 2 else "two"
                scores = [score for head in spec.heads for score in _said(head, label, number)]
                table.writerow([f"{label}_{number}", f"p{number}", fold, *scores])


def _said(head: Head, label: int, number: int) -> list[float]:
    drawn = drawn_label(len(head.labels), label, number)
    return [0.9 if place == drawn else 0.1 / (len(head.labels) - 1) for place in range(len(head.labels))]
