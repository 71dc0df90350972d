"""Hybrid v1 of the sacroiliac system: EfficientNet-B0 and two Transformer blocks over one token, 16,197,551 parameters."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from ml.networks.classification_heads import status_and_stage
from ml.networks.efficientnet_front import HEATMAP_LAYER, efficientnet_front

__all__ = ["HEATMAP_LAYER", "hybrid_transformer"]


def hybrid_transformer(size: int = 256) -> keras.Model:
    """Builds the network: (N, size, size, 1) in [0, 1] to `binary_output` (N, 2) and `stage_output` (N, 4)."""
    inputs, features = efficientnet_front(size)
    tokens = layers.Reshape((1, 1280), name="token")(features)
    for block in (1, 2):
        tokens = _transformer_block(tokens, f"block{block}")
    x = layers.Flatten(name="flatten")(tokens)
    x = layers.Dense(256, activation="relu", name="dense")(x)
    x = layers.Dropout(0.3, name="dropout")(x)
    return keras.Model(inputs, status_and_stage(x), name="hybrid_transformer")


def _transformer_block(tokens: Any, name: str) -> Any:
    normed = layers.LayerNormalization(name=f"{name}_norm_attention")(tokens)
    attended = layers.MultiHeadAttention(4, 256, name=f"{name}_attention")(normed, normed)
    tokens = layers.Add(name=f"{name}_add_attention")([tokens, attended])
    normed = layers.LayerNormalization(name=f"{name}_norm_dense")(tokens)
    widened = layers.Dense(256, activation="relu", name=f"{name}_dense_in")(normed)
    widened = layers.Dense(1280, name=f"{name}_dense_out")(widened)
    return layers.Add(name=f"{name}_add_dense")([tokens, widened])
