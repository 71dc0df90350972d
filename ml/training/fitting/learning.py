"""What a training run learns from, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.data import Example
from ml.training.inputs.cached_features import FrontMaps
from ml.training.inputs.lesion_maps import LesionMaps
from ml.training.inputs.regions import Regions


@dataclass(frozen=True)
class Learning:
    """What a run learns from.

    Args:
        train: images.
        val: images that decide which epoch is kept; empty where the number of epochs is fixed beforehand.
        regions: where the bone lies on them, for models that judge the region.
        lesions: what a lesion network finds on them, for models that are shown its map.
        maps: of frozen fronts, shared between the folds of a cross-validation; None where there is one run only.
    """

    train: Sequence[Example]
    val: Sequence[Example] = ()
    regions: Regions | None = None
    lesions: LesionMaps | None = None
    maps: FrontMaps | None = None


@dataclass(frozen=True)
class Fitted:
    """weights: the file left; figure: of the kept epoch on the validation images, None without any; epochs: run in all."""

    weights: Path
    figure: float | None
    epochs: int
