"""One YAML file says everything that a training run depends on; single values can be overridden in dot notation."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml


class ConfigurationError(ValueError):
    """A training configuration is wrong; `sentence` says where."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


@dataclass(frozen=True)
class Stage:
    """A part of a run: square of `size` pixels, `epochs` over the training images, cosine from `learning_rate` to a hundredth.

    `frozen` names the layers that are not trained, by the beginning of their names; `rates` those whose learning rate
    is multiplied by a number (a pre-trained encoder learns more slowly than a new decoder). With several stages that
    freeze less and less, a network thaws gradually.

    `cached` names a layer: everything up to it is frozen, its maps of `variants` random variants of each image are computed
    once, and only what comes after it is trained on them. Every path through the network must pass that layer.
    """

    size: int
    epochs: int
    batch: int
    learning_rate: float
    frozen: tuple[str, ...] = ()
    rates: dict[str, float] = field(default_factory=dict)
    cached: str = ""
    variants: int = 4


@dataclass(frozen=True)
class Augmentation:
    """Bounds of the random changes of a training image; 0 switches one off.

    rotation in degrees; scale, shift and elastic as shares of the side; the rest in grey values of [0, 1].
    """

    flip: bool = True
    rotation: float = 12.0
    scale: float = 0.2
    shift: float = 0.08
    elastic: float = 0.0
    gamma: float = 0.3
    contrast: float = 0.2
    bias_field: float = 0.25
    noise: float = 0.04
    blur: float = 1.0


@dataclass(frozen=True)
class Configuration:
    """A training run, whole.

    Args:
        task, model: what is trained.
        seed: of initial weights, order and augmentation.
        precision: Keras dtype policy of the training (`float32`, `mixed_bfloat16`).
        start_from: `random`, `lite0` (ImageNet weights of EfficientNet-Lite0 in the places that fit), `mobilenet`
            (MobileNetV2's), another model's key, or `encoder_of:` and that key for its encoder alone.
        weights_folder: where `lite0`'s file lies.
        train_parts, validation_parts: parts of the data set by its `part` column; without train_parts all of it is learned from.
        region_kinds: only images whose mask marks one of these; all if empty.
        loss: `dice_bce`, `batch_dice_bce` or `bce` for regions, `focal` or `cross_entropy` for labels.
        head_weights: weight of each head's loss.
        sampling: `each` image once an epoch, or `balanced`: drawn so that all labels of the first head are equally
            frequent, and within a label long series of one patient count less.
        keep: weights of the `best` epoch by the validation figure, or of the `last`.
        patience: epochs without improvement before a stage ends.
        batch_norm_momentum: a run of few steps needs a lower one than Keras' 0.99, or its statistics stay those of the start.
    """

    task: str
    model: str
    seed: int
    stages: tuple[Stage, ...]
    loss: Literal["dice_bce", "batch_dice_bce", "bce", "focal", "cross_entropy"]
    precision: str = "float32"
    start_from: str = "random"
    weights_folder: str = "../shared/weights"
    train_parts: tuple[str, ...] = ("train",)
    validation_parts: tuple[str, ...] = ("val",)
    region_kinds: tuple[str, ...] = ()
    head_weights: dict[str, float] = field(default_factory=dict)
    augmentation: Augmentation = field(default_factory=Augmentation)
    sampling: Literal["each", "balanced"] = "each"
    keep: Literal["best", "last"] = "best"
    patience: int = 1000
    batch_norm_momentum: float = 0.99

    def to_plain(self) -> dict[str, Any]:
        """As YAML writes it."""
        plain: dict[str, Any] = yaml.safe_load(yaml.safe_dump(_listed(asdict(self))))
        return plain


def read_configuration(path: Path, overrides: dict[str, object]) -> Configuration:
    """Reads a `train.yaml` and replaces single values (`stages.0.epochs` = 3).

    Raises:
        ConfigurationError: the file is missing, or a key is unknown.
    """
    if not path.is_file():
        raise ConfigurationError(f"There is no training configuration {path}.")
    plain = yaml.safe_load(path.read_text(encoding="utf-8"))["configuration"]
    for key, value in overrides.items():
        _override(plain, key, value)
    try:
        return Configuration(
            **{
                **plain,
                "stages": tuple(
                    Stage(**{**s, "frozen": tuple(s.get("frozen", ()))}) for s in plain["stages"]
                ),
                "augmentation": Augmentation(**plain.get("augmentation", {})),
                "train_parts": tuple(plain.get("train_parts", ("train",))),
                "validation_parts": tuple(plain.get("validation_parts", ("val",))),
                "region_kinds": tuple(plain.get("region_kinds", ())),
            }
        )
    except TypeError as error:
        raise ConfigurationError(f"{path} does not describe a training run: {error}.") from error


def _override(plain: dict[str, Any], key: str, value: object) -> None:
    *parents, last = key.split(".")
    place: Any = plain
    try:
        for name in parents:
            place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
        if isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"There is no configuration value {key}.") from error


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_listed(item) for item in value]
    return value
