"""Random changes of a training slice that an MRI of the pelvis could have had."""

from __future__ import annotations

import cv2
import numpy as np

from ml.training.configuration import Augmentation

Array = np.ndarray


def augment(
    pixels: Array, mask: Array | None, bounds: Augmentation, generator: np.random.Generator
) -> tuple[Array, Array | None]:
    """One random variant of a slice and of its mask.

    Left and right may change places (the pelvis is near enough symmetric); up and down may not.

    Args:
        pixels: (S, S, C) float32 in [0, 1]; the first channel is the slice, whose brightness changes too.
        mask: (S, S) float32 in [0, 1] or None.

    Returns:
        The same shapes and ranges.
    """
    grid = _geometry(pixels.shape[0], bounds, generator)
    moved = _moved(pixels, grid).reshape(pixels.shape)
    moved[..., 0] = _intensity(moved[..., 0], bounds, generator)
    return moved, None if mask is None else _moved(mask, grid)


def _geometry(size: int, bounds: Augmentation, generator: np.random.Generator) -> Array:
    """For each pixel of the variant, (S, S, 2), the column and row of the slice that it shows."""
    angle = generator.uniform(-bounds.rotation, bounds.rotation)
    scale = np.exp(generator.uniform(-bounds.scale, bounds.scale))
    matrix = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), angle, scale)
    matrix[:, 2] += generator.uniform(-bounds.shift, bounds.shift, 2) * size
    if bounds.flip and generator.random() < 0.5:
        mirror = np.array([[-1.0, 0.0, size - 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        matrix = matrix @ mirror
    inverse = cv2.invertAffineTransform(np.asarray(matrix)).astype(np.float32)
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    grid = np.stack([columns, rows, np.ones_like(rows)], axis=-1) @ inverse.T
    if bounds.elastic:
        coarse = generator.normal(0, bounds.elastic * size, (6, 6, 2)).astype(np.float32)
        grid = grid + cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(grid, np.float32)


def _moved(picture: Array, grid: Array) -> Array:
    return np.asarray(cv2.remap(picture, grid, None, cv2.INTER_LINEAR, borderValue=0.0))


def _intensity(pixels: Array, bounds: Augmentation, generator: np.random.Generator) -> Array:
    size = pixels.shape[0]
    pixels = np.power(pixels, np.exp(generator.uniform(-bounds.gamma, bounds.gamma)))
    if bounds.bias_field:
        coarse = generator.uniform(1 - bounds.bias_field, 1 + bounds.bias_field, (4, 4)).astype(np.float32)
        pixels = pixels * cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    pixels = pixels * (1 + generator.uniform(-bounds.contrast, bounds.contrast))
    pixels = pixels + generator.uniform(-bounds.contrast, bounds.contrast) / 4
    if bounds.blur and generator.random() < 0.3:
        pixels = cv2.GaussianBlur(pixels, (0, 0), generator.uniform(0.2, bounds.blur))
    if bounds.noise:
        pixels = pixels + generator.normal(0, generator.uniform(0, bounds.noise), pixels.shape)
    return np.clip(pixels, 0, 1).astype(np.float32)
