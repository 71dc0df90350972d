"""Whether scores come as they came at first: the population stability index, and what of it chance alone would give."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import log

BINS = 5
_SMOOTHING = 0.5  # added to each bin, so that an empty one gives no infinite index
_CHI_SQUARED_95 = {1: 3.841, 2: 5.991, 3: 7.815, 4: 9.488}  # by degrees of freedom


def stability_index(reference: Sequence[float], later: Sequence[float]) -> float:
    """Sum of (p - q) ln(p / q), p and q the shares of `later` and `reference` by fifths of the reference; 0 if equal."""
    edges = _edges(reference)
    first, second = _shares(reference, edges), _shares(later, edges)
    return sum((p - q) * log(p / q) for p, q in zip(second, first, strict=True))


def by_chance(reference: Sequence[float], later: Sequence[float]) -> float:
    """What the index stays below 19 times of 20 where nothing has changed (Yurdakul and Naranjo 2020): it falls with n."""
    freedom = len(_edges(reference))
    if not freedom:
        return 0.0
    return _CHI_SQUARED_95[freedom] * (1 / len(reference) + 1 / len(later))


def _edges(reference: Sequence[float]) -> list[float]:
    """Where the fifths of the reference begin; fewer where scores repeat."""
    ordered = sorted(reference)
    found = {ordered[len(ordered) * i // BINS] for i in range(1, BINS)}
    return sorted(found - {ordered[0]})


def _shares(scores: Sequence[float], edges: list[float]) -> list[float]:
    counts = [_SMOOTHING] * (len(edges) + 1)
    for score in scores:
        counts[bisect_right(edges, score)] += 1
    return [count / sum(counts) for count in counts]
