"""The fields that every model card has, and how each is checked. A card with a missing field is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

KINDS = ("region", "lesion", "classification", "gate")

Fits = Callable[[object], bool]


def check_card(fields: Mapping[str, Any]) -> list[str]:
    """What is missing or wrong in a card, each as `field: what was expected`; empty when it is complete."""
    problems = []
    for field, (expected, fits) in FIELDS.items():
        if field not in fields:
            problems.append(f"{field}: missing")
        elif not fits(fields[field]):
            problems.append(f"{field}: expected {expected}")
    if fields.get("kind") == "lesion":
        problems += _without_what_a_lesion_model_needs(fields)
    if isinstance(fields.get("figures"), dict):
        for part, figures in fields["figures"].items():
            problems += _figures_without_n_or_interval(f"figures.{part}", figures)
    if fields.get("kind") == "classification" and "heatmaps" in fields:
        problems += _figures_without_n_or_interval("heatmaps", fields["heatmaps"])
    return problems


def _without_what_a_lesion_model_needs(fields: Mapping[str, Any]) -> list[str]:
    """Its outline follows from a threshold, its labels from a readout (`ml.readout`)."""
    problems = []
    if "lesion" not in (fields.get("thresholds") or {}):
        problems.append("thresholds.lesion: missing")
    readout = fields.get("readout") or {}
    extent = readout.get("extent") or {}
    numbers = [
        readout.get("slope"),
        readout.get("cut"),
        extent.get("burden_slope"),
        extent.get("bright_slope"),
    ]
    if not all(map(_number, [*numbers, *(extent.get("cuts") or [None])])):
        problems.append("readout: expected slope, cut, and of extent burden_slope, bright_slope and cuts")
    return problems


def _figures_without_n_or_interval(place: str, figures: object) -> list[str]:
    """A number without its n and its interval says more than is known."""
    if not isinstance(figures, dict):
        return [f"{place}: expected figures by name"]
    problems = [f"{place}.{n}: missing" for n in ("n_images", "n_patients") if n not in figures]
    for name, value in figures.items():
        if name.startswith("by_") and isinstance(value, dict):
            for group, inner in value.items():
                problems += _figures_without_n_or_interval(f"{place}.{name}.{group}", inner)
        elif _estimated(value) and not name.endswith("_ci95") and f"{name}_ci95" not in figures:
            problems.append(f"{place}.{name}_ci95: missing")
    return problems


def _estimated(value: object) -> bool:
    """Whether a value is, or holds by name, an estimate; counts and the words beside them are none, and need no interval."""
    if isinstance(value, dict):
        return any(inner is None or _estimated(inner) for inner in value.values())
    if isinstance(value, list):
        return any(map(_estimated, value))
    return isinstance(value, float)


def _words(value: object) -> bool:
    """Text or a number, or several of them under each other or by name: none of them empty."""
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, dict):
        return bool(value) and all(_words(item) for item in value.values())
    if isinstance(value, list):
        return bool(value) and all(_words(item) for item in value)
    return isinstance(value, bool) or _number(value)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _number_by_head(high: float) -> Fits:
    """Fits numbers by head, each above 0 and at most `high`; there may be none."""

    def fits(value: object) -> bool:
        if not isinstance(value, dict):
            return False
        return all(_number(number) and 0 < number <= high for number in value.values())

    return fits


def _matches(pattern: str) -> Fits:
    return lambda value: re.fullmatch(pattern, str(value)) is not None


def _precision(value: object) -> bool:
    """A lower precision is named with what was measured of it; a model kept to float32 names none."""
    if not isinstance(value, dict):
        return False
    return all(
        isinstance(facts, dict)
        and _count(facts.get("n_images"))
        and (_number(facts.get("dice")) or _number(facts.get("max_score_difference")))
        for facts in value.values()
    )


def _counts(value: object) -> bool:
    """Fits {part: {patients: n, images: n}}."""
    if not isinstance(value, dict) or not value:
        return False
    return all(
        isinstance(part, dict) and all(isinstance(part.get(name), int) for name in ("patients", "images"))
        for part in value.values()
    )


def _filled(value: object) -> bool:
    return isinstance(value, dict) and bool(value)


_KEY = _matches(r"[a-z][a-z0-9_]*")
_TEXT = ("text that is not empty", _words)

FIELDS: dict[str, tuple[str, Fits]] = {
    "task": ("a key of small letters, digits and _", _KEY),
    "key": ("a key of small letters, digits and _", _KEY),
    "name": _TEXT,
    "kind": (f"one of {', '.join(KINDS)}", lambda value: value in KINDS),
    "version": ("three numbers, 1.0.0", _matches(r"\d+\.\d+\.\d+")),
    "date": ("a date, 2025-01-31", _matches(r"\d{4}-\d{2}-\d{2}")),
    "network": _TEXT,
    "parameters": ("a number above 0", _count),
    "input_size": ("pixels, a number above 0", _count),
    "weights_sha256": ("64 hex digits", _matches(r"[0-9a-f]{64}")),
    "licence": _TEXT,
    "intended_use": _TEXT,
    "not_for": _TEXT,
    "data": _TEXT,
    "label_source": _TEXT,
    "split": _TEXT,
    "counts": ("patients and images of each part", _counts),
    "preprocessing": _TEXT,
    "input_checks": _TEXT,
    "thresholds": ("a score above 0 and at most 1 for each head that has one", _number_by_head(1)),
    "temperature": ("a number above 0 for each head that has one", _number_by_head(math.inf)),
    "precision": ("n_images and dice or max_score_difference for each precision below float32", _precision),
    "figures": ("the figures of at least one part", _filled),
    "published": _TEXT,
    "known_failures": _TEXT,
    "versions": _TEXT,
    "command": _TEXT,
}
