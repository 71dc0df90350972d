"""Model cards: what is known of a model, as YAML beside its weights; and whether those weights are intact.

The web process imports this module, so it needs nothing but YAML and SHA-256.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from ml.card_fields import check_card

__all__ = [
    "GATE",
    "Card",
    "CardError",
    "CardInvalid",
    "CardMissing",
    "card_file",
    "check_card",
    "models_dir",
    "read_card",
    "read_card_file",
    "weights_file",
    "weights_sha256",
    "weights_state",
    "write_card",
]

GATE = "gate"
"""Task and key of the gate, which is one for all tasks and lies in a folder of its own, `models/gate/`."""

WeightsState = Literal["intact", "missing", "no card", "mismatch"]
_NEEDED_TO_READ = {"task", "key", "version", "weights_sha256", "thresholds", "temperature"}


class CardError(Exception):
    """A card that cannot be used; `sentence` says why in words for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class CardMissing(CardError):
    """There is no card at the place where it is looked for."""


class CardInvalid(CardError):
    """The card is there, but it cannot be read or lacks what must stand in it."""


@dataclass(frozen=True)
class Card:
    """A model's card. The fields that the application uses are typed; `raw` is the whole file, for pages.

    `thresholds` (by head, a score in (0, 1]) and `temperature` (by head, above 0): from validation patients.
    `figures` is keyed by part (`test`, ...) and holds what `python -m ml evaluate --json` says of it.
    """

    task: str
    key: str
    name: str
    kind: str
    version: str
    date: str
    network: str
    parameters: int
    weights_sha256: str
    thresholds: dict[str, float]
    temperature: dict[str, float]
    precision: dict[str, Any]
    figures: dict[str, Any]
    raw: dict[str, Any]


def models_dir() -> Path:
    """Where weights and cards lie: `MODELS_DIR`, or `models` beside this package."""
    chosen = os.environ.get("MODELS_DIR")
    return Path(chosen) if chosen else Path(__file__).resolve().parent.parent / "models"


def card_file(task: str, key: str, models_dir: Path | None = None) -> Path:
    """The place of a model's card; the gate's is `card_file(GATE, GATE)`."""
    return _home(task, key, models_dir) / "card.yaml"


def weights_file(task: str, key: str, models_dir: Path | None = None) -> Path:
    """The place of a model's weights; the gate's is `weights_file(GATE, GATE)`."""
    return _home(task, key, models_dir) / "weights.safetensors"


def read_card(task: str, key: str, models_dir: Path | None = None) -> Card:
    """Read one card.

    Raises:
        CardMissing: there is none.
        CardInvalid: it is no card of this model, or lacks what a reading needs (version, hash, thresholds).
    """
    raw = read_card_file(card_file(task, key, models_dir))
    problems = [problem for problem in check_card(raw) if problem.partition(":")[0] in _NEEDED_TO_READ]
    if problems:
        raise CardInvalid(f"The card of {task}/{key} is not usable: {'; '.join(problems)}.")
    if (raw["task"], raw["key"]) != (task, key):
        raise CardInvalid(f"The card of {task}/{key} is that of {raw['task']}/{raw['key']}.")
    return Card(
        task=task,
        key=key,
        name=str(raw.get("name", key)),
        kind=str(raw.get("kind", "")),
        version=str(raw["version"]),
        date=str(raw.get("date", "")),
        network=str(raw.get("network", "")),
        parameters=int(raw.get("parameters", 0)),
        weights_sha256=str(raw["weights_sha256"]),
        thresholds={head: float(value) for head, value in raw["thresholds"].items()},
        temperature={head: float(value) for head, value in raw["temperature"].items()},
        precision=dict(raw.get("precision") or {}),
        figures=dict(raw.get("figures") or {}),
        raw=raw,
    )


def read_card_file(file: Path) -> dict[str, Any]:
    """The fields of a card file, unchecked. Raises CardMissing; CardInvalid where it is no YAML of fields."""
    whose = f"{file.parent.parent.name}/{file.parent.name}"
    try:
        fields = yaml.load(file.read_bytes(), Loader=_Loader)  # noqa: S506 - the safe loader, written in C
    except FileNotFoundError:
        raise CardMissing(f"There is no card for {whose}.") from None
    except (OSError, yaml.YAMLError) as error:
        raise CardInvalid(f"The card of {whose} cannot be read.") from error
    if not isinstance(fields, dict):
        raise CardInvalid(f"The card of {whose} holds no fields.")
    return fields


def write_card(fields: Mapping[str, Any], models_dir: Path | None = None) -> Path:
    """Check a card and put it whole in its place, or not at all. Raises CardInvalid with all its faults."""
    if problems := check_card(fields):
        raise CardInvalid(f"The card is not complete: {'; '.join(problems)}.")
    file = card_file(fields["task"], fields["key"], models_dir)
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_text(
        yaml.safe_dump(dict(fields), sort_keys=False, allow_unicode=True, width=110), encoding="utf-8"
    )
    beside.replace(file)
    return file


def weights_state(task: str, key: str, models_dir: Path | None = None) -> WeightsState:
    """Whether a model's weights are there and are those of its card; a stored file's hash is taken once."""
    try:
        digest = weights_sha256(weights_file(task, key, models_dir))
    except OSError:
        return "missing"
    try:
        card = read_card(task, key, models_dir)
    except CardError:
        return "no card"
    return "intact" if digest == card.weights_sha256 else "mismatch"


def weights_sha256(file: Path) -> str:
    """SHA-256 of a file as 64 hex digits, remembered until its size or time differs. Raises OSError."""
    stat = file.stat()
    return _sha256(file, stat.st_mtime_ns, stat.st_size)


def _home(task: str, key: str, chosen: Path | None) -> Path:
    folder = models_dir() if chosen is None else chosen
    return folder / GATE if task == key == GATE else folder / task / key


@lru_cache(maxsize=256)
def _sha256(file: Path, _changed_ns: int, _size: int) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
