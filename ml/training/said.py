"""What a fold's network says of the images that it never saw, as a row of `out_of_fold.csv` each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ml.data import Example
from ml.data.region_mask import read_region_mask
from ml.evaluation import metrics
from ml.evaluation.lesion import lesion_agreement
from ml.lesion import LESION_FROM, lesion_of
from ml.networks import build
from ml.networks.classification_heads import head_of_output
from ml.networks.weights import load_weights
from ml.tasks import ModelSpec, TaskSpec
from ml.training.inputs.batches import load_prepared
from ml.training.inputs.lesion_maps import LesionMaps
from ml.training.inputs.regions import Regions

Row = Mapping[str, object]

DIGITS = 6


def said_by(
    weights: Path,
    task: TaskSpec,
    model: ModelSpec,
    examples: Sequence[Example],
    regions: Regions | None = None,
    lesions: LesionMaps | None = None,
) -> list[Row]:
    """One row an example, in their order.

    Args:
        weights: of the fold's network.
        regions: of a network that never saw these examples' patients, for models that judge the region.
        lesions: likewise, for models that are shown a lesion map.

    Returns:
        Raw scores by `<head>.<label>` (classification); the agreement with the drawn region (region); burden, bright
        share, and overlap with the readers' lesion (lesion).
    """
    if model.kind == "region":
        return _regions(weights, task, model, examples)
    if model.kind == "lesion":
        assert regions is not None
        return _lesions(weights, task, examples, regions)
    return _scores(weights, task, model, examples, lesions)


def _scores(
    weights: Path, task: TaskSpec, model: ModelSpec, examples: Sequence[Example], lesions: LesionMaps | None
) -> list[Row]:
    network = build(model.network, size=model.input_size)
    load_weights(network, weights)
    pixels = load_prepared(examples, task, model, model.input_size, lesions).pixels
    said = network.predict(pixels, batch_size=8, verbose=0)
    answers = dict(zip(network.output_names, said if isinstance(said, list) else [said], strict=True))
    rows: list[dict[str, object]] = [{} for _ in examples]
    for output, head in head_of_output(network, task).items():
        for label, values in zip(task.head(head).labels, np.asarray(answers[output]).T, strict=True):
            for row, value in zip(rows, values, strict=True):
                row[f"{head}.{label}"] = round(float(value), DIGITS)
    return list(rows)


def _regions(weights: Path, task: TaskSpec, model: ModelSpec, examples: Sequence[Example]) -> list[Row]:
    found = Regions(task, model, weights)
    rows = []
    for example in examples:
        share = found.of(example)
        mask, true = share >= 0.5, read_region_mask(example, (share.shape[0], share.shape[1]))
        distance = metrics.hausdorff95_mm(true, mask, example.pixel_mm)
        rows.append(
            {
                "iou": round(metrics.iou(true, mask), DIGITS),
                "dice": round(metrics.dice(true, mask), DIGITS),
                "hausdorff95_mm": "" if distance is None else round(distance, DIGITS),
            }
        )
    return list(rows)


def _lesions(weights: Path, task: TaskSpec, examples: Sequence[Example], regions: Regions) -> list[Row]:
    """`burden`, `bright_share`, and at `LESION_FROM` the pixels found, those of the readers' consensus, and the Dice of both."""
    maps = LesionMaps(task, weights, regions)
    rows = []
    for example in examples:
        shares, bright_share = maps.found(example)
        lesion = lesion_of(shares, regions.of(example) >= 0.5, LESION_FROM, None, bright_share)
        agreement = lesion_agreement(example, np.where(lesion.mask, shares, 0.0), LESION_FROM)
        rows.append(
            {
                "burden": round(lesion.burden, DIGITS),
                "bright_share": round(lesion.bright_share, DIGITS),
                "lesion_px": agreement.lesion_px,
                "votes_px": agreement.votes_px,
                "lesion_dice": round(agreement.lesion_dice, DIGITS),
            }
        )
    return list(rows)
