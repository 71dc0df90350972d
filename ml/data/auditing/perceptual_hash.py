"""Perceptual hash: pictures that look alike have hashes that differ in few bits (Zauner 2010, the DCT hash)."""

from __future__ import annotations

import numpy as np

_SIDE = 32
_KEPT = 8


def perceptual_hash(pixels: np.ndarray) -> int:
    """64 bits: which of the 8 x 8 lowest frequencies of the picture lie above their median. pixels: (H, W) of any real dtype."""
    import cv2

    small = cv2.resize(pixels.astype(np.float32), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small)[:_KEPT, :_KEPT].ravel()
    # The first is the mean grey value, which would pull the median.
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def distances(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """In how many bits hashes differ: (n,) and (m,) uint64 -> (n, m) uint8, 0 to 64."""
    return np.asarray(np.bitwise_count(one[:, None] ^ others[None, :]))
