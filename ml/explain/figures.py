"""What a model's heatmaps are worth: measured against the lesions that readers outlined, and against randomised weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Literal, cast

import numpy as np

from ml import reading
from ml.batch import read_example
from ml.cards import weights_file
from ml.data import Example
from ml.data.region_mask import read_region_mask
from ml.evaluation import metrics
from ml.evaluation.lesion import read_lesion
from ml.evaluation.report import Report, patients_seen, sizes, with_interval
from ml.explain.attention_share import AttentionShare, attention_share
from ml.images.errors import ImageError
from ml.measuring import patients_of_training
from ml.reading import Prediction
from ml.registry import ReadyModel, Registry, registry
from ml.tasks import Head, TaskSpec

Warn = Callable[[str], None]
Map = Literal["unfocused", "focused"]


@dataclass(frozen=True)
class _Explained:
    """An image with what the model answered, what its network was shown (S, S) or (S, S, C), and what readers outlined."""

    example: Example
    answer: Prediction
    shown: np.ndarray
    gated: bool
    lesion: np.ndarray
    region: np.ndarray


class NoHeatmaps(ValueError):
    """A model of this kind gives no heatmaps."""

    def __init__(self, name: str, task: TaskSpec) -> None:
        known = ", ".join(model.key for model in task.models if model.kind == "classification")
        self.sentence = f"{name} gives a mask and no heatmaps. Models with heatmaps: {known}."
        super().__init__(self.sentence)


def heatmap_figures(task: TaskSpec, model: str, examples: Sequence[Example], warn: Warn = print) -> Report:
    """How much of a model's attention lies in the lesion, on the heatmaps that pages show: those of the label that it answers.

    Args:
        task, model: of the registry; a classification model.
        examples: measured are those of the positive label that have readers' votes and a region.
        warn: is told in a sentence what a reader of the figures should know.

    Returns:
        Each figure with its interval by patient, `..._ci95`, and the numbers of images behind it.
        `lesion_share_of_image`, `region_share_of_image`: as readers drew them.
        `heatmap_correlation_after_randomising`: see `ml.explain.sanity`; `..._logits`: of its first step.
        `by_map`, `unfocused` and `focused`, each over the images whose map is not empty:
        `attention_in_lesion`, `attention_in_region`: share of the map's mass;
        `lift`: the mean attention in the lesion over the lesion's mean share of the image, 1 where the map is spread evenly;
        `lift_in_region`: the same inside the region only, where focusing alone gains nothing;
        `lift_where_positive`: `lift` of those images for which the model answers the positive label;
        `pointing_game`: share of the images whose map is highest in the lesion.

    Raises:
        NoHeatmaps, DataError, ModelUnavailable: each with a `sentence`.
    """
    model_spec = task.model(model)
    if model_spec.kind != "classification":
        raise NoHeatmaps(model_spec.name, task)
    head = next(head for head in task.heads if head.positive is not None)
    registry().model(task.key, model)
    marked = examples_with_lesions(task, examples)
    if not marked:
        warn(
            "None of these images is positive and has the readers' votes, so there is nothing to compare heatmaps with."
        )
    explained = [found for each in marked if (found := _explained(each, task, model, warn)) is not None]
    seen = [each.example for each in explained]
    patients = [each.patient_id for each in seen]
    figures: Report = {}
    for name, area in (("lesion_share_of_image", "lesion"), ("region_share_of_image", "region")):
        shares = np.array([getattr(each, area).mean() for each in explained])
        figures |= with_interval(name, patients, _mean_of(shares))
    return {
        **figures,
        **_sanity_figures(task, model, head, explained),
        **sizes(seen),
        "n_patients_seen_in_training": patients_seen(seen, patients_of_training(task.key, model)),
        "n_answered_positive": sum(_answered_positive(each, head) for each in explained),
        "n_gated": sum(each.gated for each in explained),
        "n_unreadable": len(marked) - len(explained),
        "by_map": {
            "unfocused": _figures_of_map("unfocused", explained, head),
            "focused": {
                **_figures_of_map("focused", explained, head),
                "n_focused_on_box": sum(each.answer.focus == "box" for each in explained),
            },
        },
    }


def card_heatmaps(task: TaskSpec, model: str, examples: Sequence[Example]) -> Report:
    """What a card's `heatmaps` says: `heatmap_figures` to four digits."""
    rounded: Report = _four_digits(heatmap_figures(task, model, examples))
    return rounded


def examples_with_lesions(task: TaskSpec, examples: Sequence[Example]) -> list[Example]:
    """The examples of the positive label that have readers' votes and a region, in the order of their ids."""
    head = next(head for head in task.heads if head.positive is not None)
    positive = head.labels.index(cast("str", head.positive))
    marked = [
        each for each in examples
        if each.labels.get(head.key) == positive and each.votes_path is not None and each.region_path is not None
    ]  # fmt: skip
    return sorted(marked, key=lambda example: example.image_id)


class _Recorder(Registry):
    """The process's registry, which also keeps what one model was first shown: the sanity check shows its networks the same."""

    def __init__(self, model: str) -> None:
        super().__init__()
        self._recorded = model
        self.shown: np.ndarray | None = None

    def model(self, task: str, key: str) -> ReadyModel:
        ready = registry().model(task, key)

        def run(pixels: np.ndarray, *rest: Any) -> Any:
            self.shown = pixels if self.shown is None else self.shown
            return ready.run(pixels, *rest)

        return replace(ready, run=run) if key == self._recorded else ready


def _explained(example: Example, task: TaskSpec, model: str, warn: Warn) -> _Explained | None:
    """What the model answers and shows, with the gate's opinion beside it and not applied."""
    try:
        image = read_example(example)
    except (ImageError, OSError) as error:
        warn(f"{example.path}: {getattr(error, 'sentence', error)}")
        return None
    findings = reading.check(image, task.key, [model])
    gated = findings.state == "stopped" or model in findings.not_applicable
    recorder = _Recorder(model)
    passed = replace(findings, state="passed", not_applicable={})
    (answer,) = reading.read(image, task.key, [model], passed, recorder)
    if answer.state != "done" or recorder.shown is None:
        warn(f"{example.path}: {answer.sentence}")
        return None
    shape = (image.pixels.shape[0], image.pixels.shape[1])
    lesion, region = read_lesion(example, shape), read_region_mask(example, shape)
    return _Explained(example, answer, recorder.shown, gated, lesion, region)


def _figures_of_map(map_: Map, explained: Sequence[_Explained], head: Head) -> Report:
    found = [(each, share) for each in explained if (share := _share(each, map_)) is not None]
    patients = [each.example.patient_id for each, _ in found]
    of = {
        name: np.array([getattr(share, name) for _, share in found], float)
        for name in AttentionShare.__dataclass_fields__
    }
    positive = np.array([_answered_positive(each, head) for each, _ in found], bool)

    def lift(index: np.ndarray) -> float | None:
        return _ratio(of["in_lesion"][index], of["lesion_of_image"][index])

    def lift_in_region(index: np.ndarray) -> float | None:
        attended = _ratio(of["in_both"][index], of["in_region"][index])
        by_chance = _ratio(of["both_of_image"][index], of["region_of_image"][index])
        return attended / by_chance if attended is not None and by_chance else None

    return {
        **with_interval("attention_in_lesion", patients, _mean_of(of["in_lesion"])),
        **with_interval("attention_in_region", patients, _mean_of(of["in_region"])),
        **with_interval("lift", patients, lift),
        **with_interval("lift_in_region", patients, lift_in_region),
        **with_interval("lift_where_positive", patients, lambda index: lift(index[positive[index]])),
        **with_interval("pointing_game", patients, _mean_of(of["points_at_lesion"])),
        **sizes([each.example for each, _ in found]),
        "n_empty": len(explained) - len(found),
    }


def _share(explained: _Explained, map_: Map) -> AttentionShare | None:
    heatmap = explained.answer.heatmap if map_ == "unfocused" else explained.answer.heatmap_focused
    return None if heatmap is None else attention_share(heatmap, explained.lesion, explained.region)


def _sanity_figures(task: TaskSpec, model: str, head: Head, explained: Sequence[_Explained]) -> Report:
    names = ("heatmap_correlation_after_randomising_logits", "heatmap_correlation_after_randomising")
    if not explained:
        return {name: None for each in names for name in (each, f"{each}_ci95")}
    # They load TensorFlow; who asks for nothing measurable need not wait for it.
    from ml.explain.sanity import sanity
    from ml.networks import build
    from ml.networks.classification_heads import output_of_head
    from ml.networks.weights import load_weights

    model_spec = task.model(model)
    network = build(model_spec.network, size=model_spec.input_size)
    load_weights(network, weights_file(task.key, model))
    layer = import_module(f"ml.networks.{model_spec.network.split(':')[0]}").HEATMAP_LAYER
    output = output_of_head(network, task, head.key)
    pixels = np.stack([each.shown.reshape(network.input_shape[1:]) for each in explained])
    labels = [head.labels.index(each.answer.labels[head.key]) for each in explained]
    found = sanity(network, layer, output, pixels, labels, heatmap=task.heatmap)
    figures: Report = {}
    for name, values in zip(names, (found.after_logits, found.after_all), strict=True):
        there = np.isfinite(values)
        patients = [
            each.example.patient_id for each, is_there in zip(explained, there, strict=True) if is_there
        ]
        figures |= with_interval(name, patients, _mean_of(values[there]))
    return figures


def _answered_positive(explained: _Explained, head: Head) -> bool:
    return explained.answer.labels[head.key] == head.positive


def _mean_of(values: np.ndarray) -> Callable[[np.ndarray], float | None]:
    return lambda index: metrics.mean(values[index])


def _ratio(upper: np.ndarray, lower: np.ndarray) -> float | None:
    """Ratio of the sums: a mean of ratios would hang on the smallest lesions."""
    return float(upper.sum() / lower.sum()) if lower.sum() > 0 else None


def _four_digits(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _four_digits(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_four_digits(inner) for inner in value]
    return round(float(value), 4) if isinstance(value, float) else value
