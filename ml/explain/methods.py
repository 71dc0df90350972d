"""The ways to make a heatmap, by the names that tasks give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ml.explain.grad_cam import with_grad_cam
from ml.explain.grad_cam_plus import with_grad_cam_plus_plus
from ml.tasks.spec import Heatmap

EXPLAINING: dict[Heatmap, Callable[..., Callable[..., Any]]] = {
    "grad_cam": with_grad_cam,
    "grad_cam_plus_plus": with_grad_cam_plus_plus,
}
"""Each takes (network, layer, output, offsets) and gives a function as `with_grad_cam` describes it."""
