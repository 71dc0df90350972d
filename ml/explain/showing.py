"""One image of a data set with what a model answered and where from, as the result page shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ml import reading
from ml.batch import read_example
from ml.data import Example
from ml.data.region_mask import read_region_mask
from ml.explain.focus import normalised
from ml.explain.overlay import READERS, in_grey, outline, overlay
from ml.gate.findings import GateFindings
from ml.images.decode import DecodedImage
from ml.reading import Prediction, shown_to
from ml.registry import ModelUnavailable, registry
from ml.tasks import TaskSpec

_PASSED = GateFindings(kind="", scores={}, state="passed")


@dataclass(frozen=True)
class Shown:
    """An image, the answer, and the readers' mask, (H, W) bool, where there is one."""

    example: Example
    image: DecodedImage
    answer: Prediction
    mask: np.ndarray | None


def shown(example: Example, task: TaskSpec, model: str, label: str | None = None) -> Shown:
    """Asks a model about an example; its gate is not asked.

    Args:
        task, model: of the registry.
        label: of the first head: whose heatmap is shown where that is not the label answered.

    Raises:
        ImageError, OSError: the image cannot be read.
        DataError: the mask cannot.
        ModelUnavailable: the model gave no answer.
    """
    image = read_example(example)
    (answer,) = reading.read(image, task.key, [model], _PASSED)
    if answer.state == "failed":
        raise ModelUnavailable(str(answer.sentence))
    head = task.heads[0]
    if label is not None and answer.heatmap is not None and answer.labels[head.key] != label:
        heatmap = _heatmap_of(image, task, model, head.labels.index(label))
        answer = replace(answer, heatmap=heatmap, heatmap_focused=None, focus=None)
    shape = (image.pixels.shape[0], image.pixels.shape[1])
    mask = None if example.region_path is None else read_region_mask(example, shape)
    return Shown(example, image, answer, mask)


def side_by_side(case: Shown, task: TaskSpec, side: int) -> np.ndarray:
    """The image, and beside it the same with what the model shows, the readers' mask outlined in both.

    Returns:
        (side, 2 * side, 3) uint8, blue, green, red.
    """
    unfocused = replace(case.answer, heatmap_focused=None)
    pictures = [in_grey(case.image, task.preparation), overlay(case.image, unfocused, task.preparation)]
    if case.mask is not None:
        for picture in pictures:
            outline(picture, case.mask, READERS)
    return np.hstack([_fitted(picture, side) for picture in pictures])


def _heatmap_of(image: DecodedImage, task: TaskSpec, model: str, label: int) -> np.ndarray:
    prepared = shown_to(image, task.key, model)
    _, coarse = registry().model(task.key, model).run(prepared.pixels, label)
    return normalised(np.clip(prepared.geometry.to_image(coarse), 0.0, 1.0))


def _fitted(picture: np.ndarray, side: int) -> np.ndarray:
    """Centred in a black square, its aspect kept."""
    rows, columns = picture.shape[:2]
    height, width = (max(1, round(side * length / max(rows, columns))) for length in (rows, columns))
    square = np.zeros((side, side, 3), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = cv2.resize(
        picture, (width, height), interpolation=cv2.INTER_AREA
    )
    return square
