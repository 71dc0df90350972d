"""Trains a task's gate: one softmax layer on frozen ImageNet features of its own images and of anything else.

Everything else is what other tasks' folders hold (CT, radiographs, MRI of other planes), natural pictures, and drawn
textures. The splits are by patient; the decision is the largest score.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sklearn.datasets import load_sample_images
from sklearn.linear_model import LogisticRegression

from ml.data import DataError, Example
from ml.images.decode import decode
from ml.images.prepare import Preparation, prepare
from ml.networks.gate_mobilenet import SIZE, gate_mobilenet
from ml.networks.weights import save_weights, settle
from ml.training.configuration import Augmentation
from ml.training.inputs.augmentation import augment

_BOUNDS = Augmentation(rotation=10, scale=0.25, shift=0.1, gamma=0.4, contrast=0.25, noise=0.05)
_VARIANTS = 4


def train_gate(
    examples: Sequence[Example],
    others: Sequence[Path],
    kinds: tuple[str, ...],
    preparation: Preparation,
    backbone: Path,
    out: Path,
    seed: int = 42,
    others_each: int = 240,
) -> dict[str, Any]:
    """Trains on the parts `train` and `val`, measures on `test`, writes `weights.safetensors` into `out`.

    Args:
        examples: the task's images; their `sequence` begins with one of `kinds` (T1W_CE counts as T1W).
        others: folders of images that are anything else; each a data set with an `images` folder or a folder of pictures.
        kinds: the gate's words; the last one is anything else.
        backbone: `mobilenetv2_035_imagenet.npz`.

    Returns:
        Of the test part `confusion` (true kind to found kind to count of images) and `patients` by kind, and `counts` of each
        part; patients are those of the task's own images.

    Raises:
        DataError: a folder holds no images.
    """
    generator = np.random.default_rng(seed)
    network = gate_mobilenet(len(kinds))
    _put_backbone(network, backbone)
    pictures = [(_prepared(e.path, preparation), _kind(e, kinds), e.part == "test") for e in examples]
    pictures += [
        (p, len(kinds) - 1, test) for p, test in _others(others, preparation, others_each, generator)
    ]
    features = _features(network)
    train, test = ([p for p in pictures if p[2] is wanted] for wanted in (False, True))
    varied = [
        augment(p[..., None], None, _BOUNDS, generator)[0][..., 0]
        for p, _, _ in train
        for _ in range(_VARIANTS)
    ]
    x = np.concatenate([features(np.stack([p for p, _, _ in train])), features(np.stack(varied))])
    y = np.concatenate([[k for _, k, _ in train], np.repeat([k for _, k, _ in train], _VARIANTS)])
    model = LogisticRegression(C=0.02, max_iter=2000, class_weight="balanced").fit(x, y)
    kernel, bias = network.get_layer("kind").weights
    kernel.assign(model.coef_.T.astype(np.float32))
    bias.assign(model.intercept_.astype(np.float32))
    save_weights(network, out / "weights.safetensors")
    found = network.predict(np.stack([p for p, _, _ in test])[..., None], verbose=0).argmax(axis=1)
    confusion = {kind: dict.fromkeys(kinds, 0) for kind in kinds}
    for (_, true, _), answer in zip(test, found, strict=True):
        confusion[kinds[true]][kinds[int(answer)]] += 1
    held_out = [e for e in examples if e.part == "test"]
    return {
        "confusion": confusion,
        "patients": {
            kind: len({e.patient_id for e in held_out if kinds[_kind(e, kinds)] == kind}) for kind in kinds
        },
        "counts": {
            part: {
                "images": len(chosen),
                "patients": len({e.patient_id for e in examples if (e.part == "test") is (part == "test")}),
            }
            for part, chosen in (("train", train), ("test", test))
        },
    }


def _kind(example: Example, kinds: tuple[str, ...]) -> int:
    for index, kind in enumerate(kinds):
        if (example.sequence or "").startswith(kind):
            return index
    raise DataError(
        f"{example.image_id} is of no kind that the gate knows. Received: sequence={example.sequence!r}"
    )


def _prepared(path: Path, preparation: Preparation) -> np.ndarray:
    return prepare(decode(path.read_bytes()).pixels, preparation, SIZE).pixels


def _others(
    folders: Sequence[Path], preparation: Preparation, each: int, generator: np.random.Generator
) -> list[tuple[np.ndarray, bool]]:
    """Pictures of other kinds; the last fifth of a folder, in the order of names, is left for the test."""
    pictures = []
    for folder in folders:
        files = sorted(
            p
            for p in folder.rglob("*")
            if p.suffix.lower() in {".png", ".jpg", ".jpeg"} and _is_image(p, folder)
        )
        if not files:
            raise DataError(f"{folder} holds no images.")
        cut = len(files) * 4 // 5
        for block, count, test in ((files[:cut], each, False), (files[cut:], each // 4, True)):
            chosen = generator.choice(len(block), min(count, len(block)), replace=False)
            pictures += [(_prepared(block[i], preparation), test) for i in chosen]
    return pictures + _natural(each, generator) + _drawn(each // 2, generator)


def _is_image(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    return not {"masks", "regions", "votes", "Annotations"} & set(parts)


def _natural(count: int, generator: np.random.Generator) -> list[tuple[np.ndarray, bool]]:
    """Grey crops of scikit-learn's two sample photographs; the second photograph's right half is for the test."""
    pictures = []
    for number, photograph in enumerate(load_sample_images().images):
        grey = cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY)
        for _ in range(count // 4):
            test = number == 1 and generator.random() < 0.3
            half = grey[:, grey.shape[1] // 2 :] if test else grey[:, : grey.shape[1] // 2]
            side = int(generator.integers(80, min(half.shape)))
            top, left = (int(generator.integers(0, s - side + 1)) for s in half.shape)
            crop = cv2.resize(
                half[top : top + side, left : left + side], (SIZE, SIZE), interpolation=cv2.INTER_AREA
            )
            pictures.append((crop.astype(np.float32) / 255, test))
    return pictures


def _drawn(count: int, generator: np.random.Generator) -> list[tuple[np.ndarray, bool]]:
    """Noise, gradients, blobs, stripes and lettering."""
    pictures = []
    for number in range(count):
        canvas = np.zeros((SIZE, SIZE), np.float32)
        style = number % 5
        if style == 0:
            canvas = generator.random((SIZE, SIZE)).astype(np.float32)
        elif style == 1:
            canvas = np.add.outer(np.linspace(0, generator.random(), SIZE), np.linspace(0, 1, SIZE)).astype(
                np.float32
            )
        elif style == 2:
            coarse = generator.random((int(generator.integers(3, 12)),) * 2).astype(np.float32)
            canvas = cv2.resize(coarse, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        elif style == 3:
            canvas = (
                np.sin(np.arange(SIZE) * generator.uniform(0.05, 1.0))[None, :] * np.ones((SIZE, 1))
            ).astype(np.float32)
        else:
            lettering = np.full((SIZE, SIZE), int(generator.integers(0, 80)), np.uint8)
            for line in range(8):
                text = "".join(chr(int(c)) for c in generator.integers(65, 91, 14))
                cv2.putText(lettering, text, (4, 16 + 18 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 255, 1)
            canvas = lettering.astype(np.float32)
        low, high = float(canvas.min()), float(canvas.max())
        pictures.append(((canvas - low) / max(high - low, 1e-6), number % 5 == 4 and number % 2 == 0))
    return pictures


def _put_backbone(network: Any, file: Path) -> None:
    if not file.is_file():
        raise DataError(f"The gate starts from {file}, which is not there.")
    stored = np.load(file)
    values = [stored[key].astype(np.float32) for key in sorted(stored.files)]
    variables = [v for layer in network.layers if layer.name != "kind" for v in layer.weights]
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    settle(network)


def _features(network: Any) -> Any:
    import keras

    pooled = keras.Model(network.inputs, network.get_layer("pool").output)
    return lambda pixels: pooled.predict(pixels[..., None], batch_size=32, verbose=0)
