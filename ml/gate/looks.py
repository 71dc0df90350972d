"""What the gate can tell apart: kinds of image, and in which manner one of them lies before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

OTHER = "other"
KINDS = ("STIR", "T1W", "CT", "chest radiograph", "bone radiograph", OTHER)
READ_KINDS = KINDS[:-1]
"""The kinds that a task reads; whatever else there is looks `OTHER`."""

UPRIGHT, INVERTED, TURNED, UPSIDE_DOWN = MANNERS = ("upright", "inverted", "turned", "upside down")
LIES_ANYHOW = frozenset({"bone radiograph"})
"""Kinds whose training images lie in every direction: no turn of them is wrong, and none is told apart."""

LOOKS = (
    *((k, m) for k, m in product(READ_KINDS, MANNERS) if k not in LIES_ANYHOW or m in (UPRIGHT, INVERTED)),
    (OTHER, UPRIGHT),
)
"""The answers of the network, in its order: a kind in a manner."""

_CHOSEN_RIGHTLY = 3.0
"""Odds that whoever uploads an image has chosen the task that reads it: what is unclear to the gate is taken for that."""

_UPRIGHT_FROM = 0.1
"""Share of a kind's score from which it is taken to be upright: a right image must not be stopped for a likeness."""


@dataclass(frozen=True)
class Look:
    """What an image looks like to the gate.

    Args:
        kind: one of `KINDS`; manner: one of `MANNERS`.
        scores: of each kind, adding up to 1.
        strangeness: how far the image lies from those that the kind was learned from, as a share of the kind's limit: above 1
            it is not typical of them. 0 where the kind is `OTHER`.
    """

    kind: str
    manner: str
    scores: dict[str, float]
    strangeness: float

    @property
    def typical(self) -> bool:
        """Whether the kind's training images reach as far."""
        return self.strangeness <= 1


def shown(kind: str, manner: str) -> tuple[str, str]:
    """Which of `LOOKS` an image of this kind shows in this manner."""
    told = kind != OTHER and (kind, manner) in LOOKS
    return (kind, manner) if told else (kind, UPRIGHT)


def look_of(
    scores: np.ndarray, distances: np.ndarray, limits: Mapping[str, float], expected: Collection[str] = ()
) -> Look:
    """What the network's answer says.

    Args:
        scores: (len(LOOKS),) adding up to 1.
        distances: (len(READ_KINDS),) from 0 on.
        limits: of the distance, by kind.
        expected: kinds that the clinician's choice of a task makes more likely, by `_CHOSEN_RIGHTLY`.
    """
    by_kind = {
        kind: sum(s for s, look in zip(scores, LOOKS, strict=True) if look[0] == kind) for kind in KINDS
    }
    kind = max(by_kind, key=lambda name: by_kind[name] * (_CHOSEN_RIGHTLY if name in expected else 1))
    manners = {look[1]: s for s, look in zip(scores, LOOKS, strict=True) if look[0] == kind}
    return Look(
        kind=kind,
        manner=_manner(manners),
        scores={name: round(float(score), 4) for name, score in by_kind.items()},
        strangeness=0.0 if kind == OTHER else _strangeness(kind, distances, limits),
    )


def _strangeness(kind: str, distances: np.ndarray, limits: Mapping[str, float]) -> float:
    return round(float(distances[READ_KINDS.index(kind)]) / limits[kind], 4)


def _manner(scores: dict[str, float]) -> str:
    if scores[UPRIGHT] >= _UPRIGHT_FROM * sum(scores.values()):
        return UPRIGHT
    return max((name for name in scores if name != UPRIGHT), key=lambda name: scores[name])
