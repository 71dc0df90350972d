"""EfficientNet-Lite0 (ImageNet) with one softmax layer: the network that each task has beside its published one."""

from __future__ import annotations

import keras
from keras import layers

from ml.networks.classification_heads import label_scores
from ml.networks.lite0_encoder import lite0_encoder, lite0_head

LITE0_CLASSIFIER = "lite0_classifier"
HEATMAP_LAYER = "head_relu"


def two_labels(size: int = 224) -> keras.Model:
    """Builds the network: (N, size, size, 1) float32 in [0, 1] to `label` (N, 2)."""
    return _lite0_classifier(size, 2)


def three_labels(size: int = 224) -> keras.Model:
    """Builds the network: (N, size, size, 1) float32 in [0, 1] to `label` (N, 3)."""
    return _lite0_classifier(size, 3)


def four_labels(size: int = 224) -> keras.Model:
    """Builds the network: (N, size, size, 1) float32 in [0, 1] to `label` (N, 4)."""
    return _lite0_classifier(size, 4)


def _lite0_classifier(size: int, labels: int) -> keras.Model:
    inputs = layers.Input((size, size, 1), name="slice")
    maps, _ = lite0_encoder(inputs)
    pooled = layers.GlobalAveragePooling2D(name="pool")(lite0_head(maps))
    x = layers.Dropout(0.3, name="dropout")(pooled)
    return keras.Model(inputs, label_scores(x, labels), name=LITE0_CLASSIFIER)
