"""What a model found, raised falsely and missed, label by label; its heatmaps against the areas that readers outlined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ml.data import DataError, Example
from ml.evaluation import metrics
from ml.evaluation.report import Report, patients_seen, sizes, with_interval
from ml.explain.attention_share import attention_share, overlap_by_chance, overlap_of_hottest
from ml.explain.figures import NoHeatmaps
from ml.explain.outcomes import OUTCOMES, Case, Outcome, of_outcome
from ml.explain.showing import Shown, shown
from ml.images.errors import ImageError
from ml.measuring import patients_of_training
from ml.registry import registry
from ml.tasks import TaskSpec

Warn = Callable[[str], None]

_FIGURES = ("energy_in_mask", "pointing_game", "iou_of_hottest")
_FOCUSED = "true_positives_focused"


@dataclass(frozen=True)
class Gallery:
    """Figures, and the cases behind them by label and outcome, the surest answers first."""

    report: Report
    cases: dict[str, dict[Outcome, list[Case]]]


@dataclass(frozen=True)
class _Measured:
    """A heatmap against the mask; `chance` is what an even heatmap, or any area of the mask's size, would give."""

    example: Example
    label: str
    group: str
    values: dict[str, float]
    chance: dict[str, float]


def gallery(task: TaskSpec, model: str, examples: Sequence[Example], warn: Warn = print) -> Gallery:
    """Answers every labelled image with its heatmap.

    Args:
        task, model: of the registry; a classification model.
        examples: measured are those that carry a label of the task's first head, whose answers the heatmaps explain.
        warn: is told of images that cannot be read.

    Returns:
        `head`, `masks` (what they mark), the numbers of images, and `by_label`: `n_true_positives`, `n_false_positives`,
        `n_false_negatives`, and where readers outlined an area on images of this label, of its heatmap `by_outcome`: `any`,
        `true_positives`, `false_negatives` (the heatmap of the label that was missed), and `true_positives_focused` (the
        heatmap kept to the region that the task's region model found), each with its numbers of images, each figure with
        its interval by patient and with what chance would give (`..._by_chance`):
        `energy_in_mask`: the share of the heatmap's mass in the mask; by chance the mask's share of the image;
        `pointing_game`: the share of the images whose heatmap is highest in the mask;
        `iou_of_hottest`: the overlap of the mask with the hottest area of its size.
        An empty heatmap shows nothing and is left out; `n_empty` counts them.

    Raises:
        NoHeatmaps, ModelUnavailable: each with a `sentence`.
    """
    model_spec, head = task.model(model), task.heads[0]
    if model_spec.kind != "classification":
        raise NoHeatmaps(model_spec.name, task)
    registry().model(task.key, model)
    labelled = sorted((e for e in examples if head.key in e.labels), key=lambda example: example.image_id)
    cases, measured, empty = [], [], 0
    for example in labelled:
        label = head.labels[example.labels[head.key]]
        try:
            found = shown(example, task, model, label if example.region_path else None)
        except (ImageError, DataError, OSError) as error:
            warn(f"{example.path}: {getattr(error, 'sentence', error)}")
            continue
        case = Case(example, label, found.answer.labels[head.key], found.answer.scores[head.key])
        cases.append(case)
        of_case = list(_measured(found, case))
        measured += of_case
        empty += found.mask is not None and bool(found.mask.any()) and not of_case
    seen = [case.example for case in cases]
    chosen = {
        label: {outcome: of_outcome(cases, label, outcome) for outcome in OUTCOMES} for label in head.labels
    }
    return Gallery(
        {
            "head": head.key,
            "masks": sorted({each.example.region_kind or "region" for each in measured}),
            **sizes(seen),
            "n_patients_seen_in_training": patients_seen(seen, patients_of_training(task.key, model)),
            "n_unreadable": len(labelled) - len(cases),
            "n_empty": empty,
            "by_label": {label: _of_label(label, chosen[label], cases, measured) for label in head.labels},
        },
        chosen,
    )


def _of_label(
    label: str, outcomes: dict[Outcome, list[Case]], cases: Sequence[Case], measured: Sequence[_Measured]
) -> Report:
    report: Report = {
        **sizes([case.example for case in cases if case.true == label]),
        **{f"n_{outcome}": len(found) for outcome, found in outcomes.items()},
    }
    of_label = [each for each in measured if each.label == label]
    if not of_label:
        return report
    by_outcome = {"any": _figures([each for each in of_label if each.group != _FOCUSED])}
    for group in ("true_positives", "false_negatives", _FOCUSED):
        by_outcome[group] = _figures([each for each in of_label if each.group == group])
    return {**report, "by_outcome": by_outcome}


def _figures(measured: Sequence[_Measured]) -> Report:
    patients = [each.example.patient_id for each in measured]
    report: Report = {}
    for name in _FIGURES:
        report |= with_interval(name, patients, _mean_of([each.values[name] for each in measured]))
        by_chance = _mean_of([each.chance[name] for each in measured])
        report |= with_interval(f"{name}_by_chance", patients, by_chance)
    return report | sizes([each.example for each in measured])


def _mean_of(values: Sequence[float]) -> Callable[[np.ndarray], float | None]:
    known = np.array(values, dtype=float)
    return lambda index: metrics.mean(known[index])


def _measured(found: Shown, case: Case) -> Iterator[_Measured]:
    if found.mask is None or not found.mask.any():
        return
    right = case.true == case.answered
    maps = {"true_positives" if right else "false_negatives": found.answer.heatmap}
    if right:
        maps[_FOCUSED] = found.answer.heatmap_focused
    for group, heatmap in maps.items():
        if heatmap is None or not heatmap.max() > 0:
            continue
        share = attention_share(heatmap, found.mask, np.ones_like(found.mask))
        overlap = overlap_of_hottest(heatmap, found.mask)
        assert share is not None
        assert overlap is not None
        of_image = share.lesion_of_image
        yield _Measured(
            case.example,
            case.true,
            group,
            dict(zip(_FIGURES, (share.in_lesion, float(share.points_at_lesion), overlap), strict=True)),
            dict(zip(_FIGURES, (of_image, of_image, overlap_by_chance(of_image)), strict=True)),
        )
