"""Labelled images in memory, and the augmented batches that an epoch is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from ml.data import DataError, Example
from ml.data.region_mask import read_region_mask
from ml.images.decode import decode
from ml.images.lesion_map import prepare_lesion_map
from ml.images.prepare import prepare_image, prepare_mask
from ml.tasks import ModelSpec, TaskSpec
from ml.training.configuration import Augmentation
from ml.training.inputs.augmentation import augment
from ml.training.inputs.lesion_maps import LesionMaps


@dataclass(frozen=True)
class Prepared:
    """pixels: (N, S, S, C) float32 in [0, 1]; masks: (N, S, S) or None; labels: head key to (N,) int32, -1 where unknown.

    image_ids and patients say which image is whose, (N,) each.
    """

    pixels: np.ndarray
    masks: np.ndarray | None
    labels: dict[str, np.ndarray]
    image_ids: tuple[str, ...] = ()
    patients: tuple[str | None, ...] = ()


def load_prepared(
    examples: Sequence[Example],
    task: TaskSpec,
    model: ModelSpec,
    size: int,
    lesions: LesionMaps | None = None,
) -> Prepared:
    """Decodes and prepares all images of a set as the model sees them (a few hundred: they fit in memory).

    Args:
        lesions: what the lesion network finds on them, for a model that is shown its map.

    Raises:
        DataError: a mask cannot be read, or there are no maps for a model that is shown them.
    """
    pairs = [_prepared(example, task, model, size, lesions) for example in examples]
    masks = [mask for _, mask in pairs if mask is not None]
    labels = {h.key: np.array([e.labels.get(h.key, -1) for e in examples], np.int32) for h in task.heads}
    return Prepared(
        np.stack([pixels for pixels, _ in pairs]),
        np.stack(masks) if masks else None,
        labels,
        tuple(e.image_id for e in examples),
        tuple(e.patient_id for e in examples),
    )


def _prepared(
    example: Example, task: TaskSpec, model: ModelSpec, size: int, lesions: LesionMaps | None
) -> tuple[np.ndarray, np.ndarray | None]:
    if model.sees == "lesion_map":
        if lesions is None:
            raise DataError(f"{model.name} is shown the map of {task.lesion_model.name}, not the slice.")
        return prepare_lesion_map(lesions.of(example), task.preparation, size).pixels[..., None], None
    image = replace(decode(example.path.read_bytes()), prepared=example.prepared)
    pixels = prepare_image(image, task.preparation, size).pixels[..., None]
    if model.kind != "region":
        return pixels, None
    mask = read_region_mask(example, (image.pixels.shape[0], image.pixels.shape[1]))
    return pixels, prepare_mask(mask, task.preparation, size)


class AugmentedBatches(keras.utils.PyDataset):
    """The images of an epoch, in a new order and new variants.

    Order and variants follow from seed and epoch alone, so that a run that was interrupted goes on as it would have.

    Args:
        outputs: network output name to head key; None for a network that gives a mask.
        first_epoch: number of the epoch that comes first.
        balanced: head whose labels are drawn equally often; None takes every image once.
    """

    def __init__(
        self,
        prepared: Prepared,
        outputs: dict[str, str] | None,
        bounds: Augmentation,
        batch: int,
        seed: int,
        first_epoch: int = 0,
        balanced: str | None = None,
    ) -> None:
        super().__init__()
        self._prepared, self._outputs, self._bounds, self._batch = prepared, outputs, bounds, batch
        self._seed, self._epoch = seed, first_epoch
        self._chances = None if balanced is None else chances(prepared, balanced)
        self._begin()

    def __len__(self) -> int:
        return -(-len(self._order) // self._batch)

    def __getitem__(self, index: int) -> tuple[np.ndarray, Any]:
        """Batch `index`: pixels (B, S, S, C), and masks (B, S, S, 1) or label indices (B,), by name if there are several."""
        chosen = self._order[index * self._batch : (index + 1) * self._batch]
        masks = self._prepared.masks
        pairs = [
            augment(
                self._prepared.pixels[i], None if masks is None else masks[i], self._bounds, self._generator
            )
            for i in chosen
        ]
        pixels = np.stack([pair[0] for pair in pairs])
        if self._outputs is None:
            return pixels, np.stack([pair[1] for pair in pairs if pair[1] is not None])[..., None]
        return pixels, answers(
            {name: self._prepared.labels[head][chosen] for name, head in self._outputs.items()}
        )

    def on_epoch_end(self) -> None:
        """A new order for the next epoch."""
        self._epoch += 1
        self._begin()

    def _begin(self) -> None:
        self._generator = np.random.default_rng((self._seed, self._epoch))
        self._order = order(len(self._prepared.pixels), self._chances, self._generator)


def answers(labels: dict[str, np.ndarray]) -> Any:
    """Labels as Keras wants them: by output name, but bare for a network of one output."""
    return labels if len(labels) > 1 else next(iter(labels.values()))


def order(count: int, chances: np.ndarray | None, generator: np.random.Generator) -> np.ndarray:
    """The places of an epoch's images, (count,) int: each once, or drawn by these chances."""
    if chances is None:
        return generator.permutation(count)
    return np.asarray(generator.choice(count, count, p=chances))


def chances(prepared: Prepared, head: str) -> np.ndarray:
    """(N,) float adding up to 1, by which all labels of a head come equally often.

    Within a label a patient counts by the root of the number of their images: a long series must not drown the others.
    """
    labels = prepared.labels[head]
    whose = [
        (patient or image, int(label))
        for patient, image, label in zip(prepared.patients, prepared.image_ids, labels, strict=True)
    ]
    images = Counter(whose)
    weights = np.array([images[each] ** -0.5 for each in whose])
    totals = np.bincount(labels, weights)
    return np.asarray(weights / totals[labels] / np.count_nonzero(totals))
