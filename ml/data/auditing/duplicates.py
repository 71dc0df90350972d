"""Images that are the same, or look the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from ml.data.auditing.perceptual_hash import distances

Pair = tuple[str, str, int]
"""Two images and the distance of their hashes."""

NEAR = 4
"""Up to this distance two images count as near duplicates: on the MRI sets that this was tried on, neighbouring slices
of a patient do and slices of two patients never did (the first at 6)."""

_BLOCK = 512


def exact_groups(digests: Mapping[str, str]) -> list[list[str]]:
    """Groups of two or more images of the same digest, the largest first."""
    groups = defaultdict(list)
    for key, digest in digests.items():
        groups[digest].append(key)
    return sorted((group for group in groups.values() if len(group) > 1), key=len, reverse=True)


def near_pairs(hashes: Mapping[str, int]) -> list[Pair]:
    """Every two images whose hashes differ in at most `NEAR` bits, the nearest first."""
    keys = list(hashes)
    pairs = []
    for first, block in _blocks(hashes):
        near = (block <= NEAR) & (np.arange(len(keys)) > np.arange(first, first + len(block))[:, None])
        for row, column in np.argwhere(near):
            pairs.append((keys[first + row], keys[column], int(block[row, column])))
    return sorted(pairs, key=lambda pair: pair[2])


def nearest_distances(hashes: Mapping[str, int]) -> dict[str, int]:
    """How many images have the one that is most like them at each distance."""
    if len(hashes) < 2:
        return {}
    nearest: Counter[int] = Counter()
    for first, block in _blocks(hashes):
        rows = np.arange(len(block))
        block[rows, first + rows] = 64 + 1  # no image is a duplicate of itself
        nearest.update(block.min(axis=1).tolist())
    return {str(distance): nearest[distance] for distance in sorted(nearest)}


def _blocks(hashes: Mapping[str, int]) -> Iterator[tuple[int, np.ndarray]]:
    """Distances of some images to all of them, (n, m) uint8, with the number of the first of them."""
    values = np.array(list(hashes.values()), np.uint64)
    for first in range(0, len(values), _BLOCK):
        yield first, distances(values[first : first + _BLOCK], values)
