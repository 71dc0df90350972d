"""An image in grey with what a model found on it in colour: for the eye, in folders and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from ml.images.decode import DecodedImage
from ml.images.prepare import Preparation
from ml.images.window import displayed, percentile_window

if TYPE_CHECKING:
    from ml.reading import Prediction

_HEATMAP_OPACITY = 0.4
_LESION_OPACITY = 0.35
OUTLINE = (255, 200, 60)  # blue, green, red
LESION = (61, 158, 255)
READERS = (120, 255, 120)
"""What readers outlined."""


def overlay(image: DecodedImage, prediction: Prediction, preparation: Preparation) -> np.ndarray:
    """The image with heatmap (focused, where there is one) and lesion in colour, region and lesion outlined.

    Returns:
        (H, W, 3) uint8, blue, green, red.
    """
    picture = in_grey(image, preparation)
    heatmap = prediction.heatmap if prediction.heatmap_focused is None else prediction.heatmap_focused
    if heatmap is not None:
        picture = with_heatmap(picture, heatmap)
    if prediction.region is not None:
        outline(picture, prediction.region, OUTLINE)
    if prediction.lesion is not None:
        inside = prediction.lesion.mask
        tinted = (1 - _LESION_OPACITY) * picture[inside] + _LESION_OPACITY * np.array(LESION)
        picture[inside] = np.rint(tinted).astype(np.uint8)
        outline(picture, inside, LESION)
    return picture


def in_grey(image: DecodedImage, preparation: Preparation) -> np.ndarray:
    """The image as the task's viewer shows it: (H, W, 3) uint8, its three colours equal."""
    if preparation.grey == "displayed":
        grey = displayed(image, preparation.hounsfield)
    else:
        grey = (percentile_window(image.pixels) * 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(grey), cv2.COLOR_GRAY2BGR))


def with_heatmap(picture: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) uint8 under a heatmap (H, W) float32 in [0, 1]; a new (H, W, 3) uint8."""
    colours = cv2.applyColorMap((heatmap * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    return np.asarray(cv2.addWeighted(colours, _HEATMAP_OPACITY, picture, 1 - _HEATMAP_OPACITY, 0))


def outline(picture: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int]) -> None:
    """Draws the outline of a mask (H, W) bool into a picture (H, W, 3) uint8."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, outlines, -1, colour, 1)


def png(picture: np.ndarray) -> bytes:
    """A picture, (H, W, 3) or (H, W) uint8, as PNG."""
    return bytes(cv2.imencode(".png", picture)[1])
