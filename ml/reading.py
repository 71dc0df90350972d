"""A reading: the chosen models of a task read one image. Worker, command line and benchmark call these functions.

`check` asks the gate, `read` yields one `Prediction` after another, in the order of the page. TensorFlow is imported when the
first model is loaded.
"""

from __future__ import annotations

import hashlib
import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ml import scoring, tasks
from ml.cards import CardError, read_card, weights_file, weights_sha256
from ml.explain.focus import focused, normalised
from ml.gate import check as gate
from ml.gate.check import check_image
from ml.gate.findings import GateFindings
from ml.gate.stack import whole_of, within_stack
from ml.images.decode import DecodedImage
from ml.images.lesion_map import prepare_lesion_map
from ml.images.lesion_planes import lesion_view
from ml.images.prepare import Prepared, prepare_image
from ml.lesion import Lesion, lesion_of
from ml.readout import Readout
from ml.registry import ModelUnavailable, Registry, registry
from ml.scoring import Risk

__all__ = [
    "GateFindings",
    "Prediction",
    "check",
    "check_image",
    "find_task",
    "fingerprint",
    "lesion_shares_of",
    "read",
    "region_of",
    "scores_of",
    "shown_to",
    "whole_of",
    "within_stack",
]

_NO_REGION = (
    "No bone region was found on this slice, and {name} judges only what lies in it. "
    "Look at the region that the other models show; if bone is in view, upload a slice that shows more of it."
)

READING_VERSION = "3"
"""Counts up whenever the same pixels and weights would give another answer, so that no older answer is used again."""

_REGION_FROM = 0.5
LESION_THRESHOLD = "lesion"
"""Name of a lesion model's threshold in its card: from which share of readings on a pixel belongs to the lesion."""


@dataclass(frozen=True)
class Prediction:
    """What one model says of one image.

    Args:
        model, version, weights_sha256: who says it.
        state: `done`, `failed`, or `not_applicable` with its `sentence`.
        scores: head to label to calibrated score; empty for region models.
        labels: head to label.
        uncertainty: 0 to 1; risk: of error.
        seconds: time of this model alone.
        precision: of the arithmetic.
        region: (H, W) bool on the image's grid; region_px and area_mm2 (None without a known spacing) its size.
        lesion: of a lesion model; its region is the one that the task's region model found.
        heatmap, heatmap_focused: (H, W) float32 in [0, 1], shares of each map's maximum.
        focus: what the focused heatmap was kept to; None, as that map, where the task has no region to focus on.
        detail: trace for the log, where it failed.
    """

    model: str
    version: str
    weights_sha256: str | None
    state: Literal["done", "failed", "not_applicable"]
    sentence: str | None = None
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    uncertainty: float | None = None
    risk: Risk | None = None
    seconds: float = 0.0
    precision: str = "float32"
    region: np.ndarray | None = None
    region_px: int | None = None
    area_mm2: float | None = None
    lesion: Lesion | None = None
    heatmap: np.ndarray | None = None
    heatmap_focused: np.ndarray | None = None
    focus: Literal["region", "box"] | None = None
    detail: str | None = None


def check(
    image: DecodedImage, task: str, models: Sequence[str], models_of: Registry | None = None
) -> GateFindings:
    """Asks the gate whether the task's models may judge an image.

    Raises:
        UnknownTask, UnknownModel: no such key.
        ModelUnavailable: the gate cannot run on this machine.
    """
    return check_image(image, tasks.task(task), models, models_of or registry())


def find_task(
    image: DecodedImage, models_of: Registry | None = None
) -> tuple[tasks.TaskSpec | None, GateFindings]:
    """Asks the gate which offered task reads an image; None, and why, where none does. Raises ModelUnavailable."""
    return gate.find_task(image, models_of or registry())


def read(
    image: DecodedImage,
    task: str,
    models: Sequence[str],
    findings: GateFindings,
    models_of: Registry | None = None,
) -> Iterator[Prediction]:
    """Reads one image with the chosen models; one that fails says so and never stops the others.

    Args:
        models: keys; the order of the page counts, not theirs.
        findings: of `check`; models that it calls not applicable are not run.
    """
    spec = tasks.task(task)
    slice_ = _Slice(image, spec, models_of or registry())
    for model in spec.chosen(list(models)):
        if model.key in findings.not_applicable:
            yield _not_read(model, spec, "not_applicable", findings.not_applicable[model.key])
            continue
        try:
            yield slice_.prediction(model)
        except _NoRegionFound:
            yield _not_read(model, spec, "not_applicable", _NO_REGION.format(name=model.name))
        except ModelUnavailable as error:
            yield _not_read(model, spec, "failed", error.sentence, traceback.format_exc())
        except Exception:  # noqa: BLE001 - whatever a network throws, the other models' answers must not be lost
            sentence = (
                f"{model.name} failed on this image. The other models are not affected. "
                "Read the study again; if it fails again, tell whoever runs Sidelight here."
            )
            yield _not_read(model, spec, "failed", sentence, traceback.format_exc())


def fingerprint(image: DecodedImage, task: str, model: str) -> str:
    """Names the answer: same pixels, spacing, weights, cards, precision and code give the same.

    The weights and cards are the model's own and those of the models whose finds it builds on.

    Empty where weights or card are not there.
    """
    spec = tasks.task(task)
    keys = {spec.model(model).key} | ({spec.region_model} if spec.region_model else set())
    if spec.model(model).sees == "lesion_map":
        keys.add(spec.lesion_model.key)
    whole = hashlib.sha256(
        f"{READING_VERSION} {task} {model} {image.pixels.dtype} {image.pixels.shape} {image.pixel_mm}".encode()
    )
    whole.update(os.environ.get("PRECISION", "auto").encode())
    whole.update(np.ascontiguousarray(image.pixels).tobytes())
    try:
        for key in sorted(keys):
            whole.update(weights_sha256(weights_file(task, key)).encode())
            card = read_card(task, key)
            whole.update(
                repr((card.thresholds, card.temperature, card.precision, card.raw.get("readout"))).encode()
            )
    except (OSError, CardError):
        return ""
    return whole.hexdigest()


def region_of(image: DecodedImage, task: str, model: str) -> np.ndarray:
    """A region model's share of each pixel, (H, W) float32 in [0, 1] on the image's grid. Raises ModelUnavailable."""
    spec = tasks.task(task)
    return _Slice(image, spec, registry()).region_shares(spec.model(model))


def scores_of(image: DecodedImage, task: str, model: str) -> dict[str, dict[str, float]]:
    """A classification model's calibrated scores: head to label to score. Raises ModelUnavailable."""
    spec = tasks.task(task)
    return _Slice(image, spec, registry()).scores(spec.model(model), shown_to(image, task, model))[0]


def shown_to(image: DecodedImage, task: str, model: str) -> Prepared:
    """What a classification model's network is shown of an image; black where it is shown a lesion map and there is no region.

    Raises:
        ModelUnavailable: a model whose find it is cannot run on this machine.
    """
    spec = tasks.task(task)
    model_spec = spec.model(model)
    try:
        return _Slice(image, spec, registry()).shown(model_spec)
    except _NoRegionFound:
        empty = np.zeros(image.pixels.shape[:2], np.float32)
        return prepare_lesion_map(empty, spec.preparation, model_spec.input_size)


def lesion_shares_of(
    image: DecodedImage, task: str, model: str
) -> tuple[dict[str, dict[str, float]], np.ndarray]:
    """A lesion model's scores, and its share of each pixel, (H, W) float32 in [0, 1] on the image's grid.

    Outside the region the shares are zero, and everywhere where none was found.

    Raises:
        ModelUnavailable: the model or the region model cannot run on this machine.
    """
    spec = tasks.task(task)
    slice_ = _Slice(image, spec, registry())
    try:
        lesion, shares = slice_.lesion(spec.model(model))
    except _NoRegionFound:
        shares = np.zeros(image.pixels.shape[:2], np.float32)
        return slice_.scores_of_measures(spec.model(model), 0.0, 0.0), shares
    return slice_.scores_of_measures(spec.model(model), lesion.burden, lesion.bright_share), shares


class _NoRegionFound(Exception):
    """A model that judges the region has none to judge."""


class _Slice:
    """One image in work: what several models need of it is made once."""

    def __init__(self, image: DecodedImage, spec: tasks.TaskSpec, models: Registry) -> None:
        self._image, self._spec, self._models = image, spec, models
        self._prepared: dict[int, Prepared] = {}
        self._regions: dict[str, np.ndarray] = {}
        self._lesion: tuple[Lesion, np.ndarray] | None = None

    def prediction(self, model: tasks.ModelSpec) -> Prediction:
        """What this model says. Raises ModelUnavailable; _NoRegionFound where it judges the region and there is none."""
        of_kind = {
            "region": self.region_prediction,
            "lesion": self.lesion_prediction,
            "classification": self.label_prediction,
        }
        return of_kind[model.kind](model)

    def region_prediction(self, model: tasks.ModelSpec) -> Prediction:
        ready = self._models.model(self._spec.key, model.key)
        started = time.perf_counter()
        region = self.region_shares(model) >= _REGION_FROM
        pixels = int(region.sum())
        spacing = self._image.pixel_mm
        return Prediction(
            model=model.key,
            version=ready.card.version,
            weights_sha256=ready.card.weights_sha256,
            state="done",
            seconds=time.perf_counter() - started,
            precision=ready.precision,
            region=region,
            region_px=pixels,
            area_mm2=pixels * spacing[0] * spacing[1] if spacing else None,
        )

    def label_prediction(self, model: tasks.ModelSpec) -> Prediction:
        self._models.model(self._spec.key, model.key)
        region = self._focus_region()
        shown = self.shown(model)
        started = time.perf_counter()
        scores, coarse = self.scores(model, shown)
        heatmap = normalised(np.clip(shown.geometry.to_image(coarse), 0.0, 1.0))
        said = replace(self._labelled(model, scores), heatmap=heatmap)
        if self._spec.region_model is not None:
            inside, focus = focused(heatmap, region, self._spec.focus_box)
            said = replace(said, heatmap_focused=inside, focus=focus)
        return replace(said, seconds=time.perf_counter() - started)

    def lesion_prediction(self, model: tasks.ModelSpec) -> Prediction:
        self._models.model(self._spec.key, model.key)
        self._task_region()
        started = time.perf_counter()
        lesion, _ = self.lesion(model)
        scores = self.scores_of_measures(model, lesion.burden, lesion.bright_share)
        return replace(self._labelled(model, scores), seconds=time.perf_counter() - started, lesion=lesion)

    def lesion(self, model: tasks.ModelSpec) -> tuple[Lesion, np.ndarray]:
        """The lesion in the region, and each pixel's share, zero outside the region. Raises ModelUnavailable, _NoRegionFound."""
        if self._lesion is None:
            self._lesion = self._found_lesion(model)
        return self._lesion

    def _found_lesion(self, model: tasks.ModelSpec) -> tuple[Lesion, np.ndarray]:
        ready = self._models.model(self._spec.key, model.key)
        region = self._task_region()
        view = lesion_view(self._image.pixels, region, self._image.pixel_mm)
        if view is None:
            raise _NoRegionFound
        inside = region >= _REGION_FROM
        shares = np.where(inside, view.geometry.to_image(ready.run(view.planes)), 0.0)
        threshold = ready.card.thresholds[LESION_THRESHOLD]
        return lesion_of(shares, inside, threshold, self._image.pixel_mm, view.bright_share), shares

    def scores_of_measures(
        self, model: tasks.ModelSpec, burden: float, bright_share: float
    ) -> dict[str, dict[str, float]]:
        """Scores of both heads, by the readout in the model's card."""
        readout = Readout.from_plain(self._models.model(self._spec.key, model.key).card.raw["readout"])
        return readout.scores(burden, bright_share, self._spec.ordinal_head, self._spec.status_head)

    def scores(
        self, model: tasks.ModelSpec, shown: Prepared
    ) -> tuple[dict[str, dict[str, float]], np.ndarray]:
        """Calibrated scores by head, and the heatmap of the decided label on the feature maps' grid."""
        ready = self._models.model(self._spec.key, model.key)
        logits, heatmap = ready.run(shown.pixels)
        return {
            head.key: scoring.scores_of(head, logits[head.key], ready.card) for head in self._spec.heads
        }, heatmap

    def shown(self, model: tasks.ModelSpec) -> Prepared:
        """What a model's network is shown. Raises ModelUnavailable and _NoRegionFound where that is another model's find."""
        if model.sees == "lesion_map":
            _, shares = self.lesion(self._spec.lesion_model)
            return prepare_lesion_map(shares, self._spec.preparation, model.input_size)
        return self._prepare(model)

    def region_shares(self, model: tasks.ModelSpec) -> np.ndarray:
        if model.key not in self._regions:
            prepared = self._prepare(model)
            shares = self._mirrored(self._models.model(self._spec.key, model.key).run, prepared.pixels)
            self._regions[model.key] = prepared.geometry.to_image(shares)
        return self._regions[model.key]

    def _labelled(self, model: tasks.ModelSpec, scores: dict[str, dict[str, float]]) -> Prediction:
        ready = self._models.model(self._spec.key, model.key)
        return Prediction(
            model=model.key,
            version=ready.card.version,
            weights_sha256=ready.card.weights_sha256,
            state="done",
            scores=scores,
            labels={
                head.key: scoring.label_of(head, scores[head.key], ready.card) for head in self._spec.heads
            },
            uncertainty=scoring.uncertainty_of(self._spec, scores),
            risk=scoring.risk_of(self._spec, scores),
            precision=ready.precision,
        )

    def _task_region(self) -> np.ndarray:
        """What the task's region model finds, (H, W) float32. Raises ModelUnavailable."""
        assert self._spec.region_model is not None
        return self.region_shares(self._spec.model(self._spec.region_model))

    def _focus_region(self) -> np.ndarray | None:
        """The region model's mask; None where it cannot run, which must not take the classification models along."""
        if self._spec.region_model is None:
            return None
        try:
            return self._task_region() >= _REGION_FROM
        except Exception:  # noqa: BLE001 - the page says that the fixed box was used; the model's own column says why
            return None

    def _mirrored(self, run: Callable[[np.ndarray], np.ndarray], pixels: np.ndarray) -> np.ndarray:
        """The mean of what a network says of the picture and of its mirror image, where the anatomy is symmetric."""
        if not self._spec.symmetric:
            return run(pixels)
        mirrored = run(np.ascontiguousarray(pixels[:, ::-1]))[:, ::-1]
        return np.asarray((run(pixels) + mirrored) / 2, np.float32)

    def _prepare(self, model: tasks.ModelSpec) -> Prepared:
        if model.input_size not in self._prepared:
            self._prepared[model.input_size] = prepare_image(
                self._image, self._spec.preparation, model.input_size
            )
        return self._prepared[model.input_size]


def _not_read(
    model: tasks.ModelSpec,
    spec: tasks.TaskSpec,
    state: Literal["failed", "not_applicable"],
    sentence: str,
    detail: str | None = None,
) -> Prediction:
    try:
        card = read_card(spec.key, model.key)
    except CardError:
        return Prediction(model.key, "", None, state, sentence, detail=detail)
    return Prediction(model.key, card.version, card.weights_sha256, state, sentence, detail=detail)
