"""The plain way, as tutorials have it: `model.predict` for every answer, Grad-CAM by an eager tape over a second model."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf

from ml import cards
from ml.benchmark.whole import with_bone
from ml.explain.focus import focused, normalised
from ml.explain.grad_cam import LOGITS
from ml.images.decode import DecodedImage
from ml.images.lesion_map import prepare_lesion_map
from ml.images.lesion_planes import lesion_view
from ml.images.prepare import prepare_image
from ml.lesion import LESION_FROM
from ml.networks import build
from ml.networks.classification_heads import head_of_output, output_of_head
from ml.networks.weights import load_weights
from ml.registry import decision_offsets
from ml.tasks import ModelSpec, TaskSpec

_REGION_FROM = 0.5


class Plain:
    """A task's networks with their weights, run plainly. They are built and loaded once, as any program would.

    Args:
        spec: the task; the weights of all its models must be there.
    """

    def __init__(self, spec: TaskSpec) -> None:
        self._spec = spec
        self.networks = {model.key: network_of(spec, model) for model in spec.models}
        self._explained = {
            model.key: self._with_features(model) for model in spec.models if model.kind == "classification"
        }

    def answer(self, model: ModelSpec, pixels: np.ndarray) -> Any:
        """Shares (S, S) float32 of a model that gives a mask; else scores by head and the heatmap (h, w) float32."""
        batch = pixels.reshape((1, *self.networks[model.key].input_shape[1:]))
        answers = self.networks[model.key].predict(batch, verbose=0)
        if model.kind != "classification":
            return answers[0, :, :, 0]
        heads = head_of_output(self.networks[model.key], self._spec).values()
        scores = {head: values[0] for head, values in zip(heads, _listed(answers), strict=True)}
        return scores, self._grad_cam(model, batch)

    def read(self, image: DecodedImage) -> dict[str, Any]:
        """All models on one image: masks (H, W) bool; scores by head and both heatmaps, (H, W) float32 in [0, 1]."""
        spec = self._spec
        answers: dict[str, Any] = {}
        region: np.ndarray | None = None
        shares = np.zeros(image.pixels.shape[:2], np.float32)
        lesion = np.zeros_like(shares)
        first = {"region": 1, "lesion": 2, "classification": 3}
        for model in sorted(spec.models, key=lambda m: 0 if m.key == spec.region_model else first[m.kind]):
            if model.kind == "lesion":
                view = lesion_view(image.pixels, shares, image.pixel_mm)
                if view is not None:
                    found = view.geometry.to_image(self.answer(model, view.planes))
                    lesion = np.where(shares >= _REGION_FROM, found, 0.0).astype(np.float32)
                answers[model.key] = lesion >= LESION_FROM
                continue
            if model.sees == "lesion_map":
                prepared = prepare_lesion_map(lesion, spec.preparation, model.input_size)
            else:
                prepared = prepare_image(image, spec.preparation, model.input_size)
            if model.kind != "classification":
                found = prepared.geometry.to_image(self._mirrored(model, prepared.pixels))
                answers[model.key] = found >= _REGION_FROM
                if model.key == spec.region_model:
                    shares = with_bone(found)
                    region = shares >= _REGION_FROM
                continue
            scores, coarse = self.answer(model, prepared.pixels)
            heatmap = normalised(np.clip(prepared.geometry.to_image(coarse), 0.0, 1.0))
            answers[model.key] = scores, heatmap, focused(heatmap, region, spec.focus_box)
        return answers

    def _mirrored(self, model: ModelSpec, pixels: np.ndarray) -> np.ndarray:
        if not self._spec.symmetric:
            return np.asarray(self.answer(model, pixels))
        return np.asarray((self.answer(model, pixels) + self.answer(model, pixels[:, ::-1])[:, ::-1]) / 2)

    def _with_features(self, model: ModelSpec) -> tuple[keras.Model, np.ndarray]:
        """The gradient model, and what a threshold adds to the logits before the label is decided."""
        head = self._spec.heads[0]
        network = self.networks[model.key]
        output = output_of_head(network, self._spec, head.key)
        layer = cast("str", import_module(f"ml.networks.{model.network.split(':')[0]}").HEATMAP_LAYER)
        tensors = [network.get_layer(layer).output, network.get_layer(output + LOGITS).output]
        offsets = decision_offsets(head, cards.read_card(self._spec.key, model.key))
        return keras.Model(network.inputs, tensors), np.array(offsets, np.float32)

    def _grad_cam(self, model: ModelSpec, batch: np.ndarray) -> np.ndarray:
        network, offsets = self._explained[model.key]
        with tf.GradientTape() as tape:
            features, logits = network(tf.constant(batch))
            target = logits[:, int(tf.argmax(logits[0] + offsets))]
        weights = tf.reduce_mean(tape.gradient(target, features), axis=(0, 1, 2))
        heatmap = tf.maximum(tf.reduce_sum(features[0] * weights, axis=-1), 0)
        return np.asarray(tf.math.divide_no_nan(heatmap, tf.reduce_max(heatmap)))


def network_of(spec: TaskSpec, model: ModelSpec) -> keras.Model:
    """A model's Keras network with its weights. Raises OSError where they are missing, WeightsDoNotFit."""
    network = build(model.network, size=model.input_size)
    load_weights(network, cards.weights_file(spec.key, model.key))
    return network


def _listed(answers: Any) -> list[Any]:
    """Keras gives one output bare and several in a list."""
    return answers if isinstance(answers, list) else [answers]


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax of (L,) logits."""
    exponentials = np.exp(logits - logits.max())
    return cast("np.ndarray", exponentials / exponentials.sum())
