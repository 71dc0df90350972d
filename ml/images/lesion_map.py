"""The picture that a model is shown which judges a lesion network's map instead of the slice."""

from __future__ import annotations

import numpy as np

from ml.images.prepare import Preparation, Prepared, geometry_of

SURENESS = 16
"""Power of the shares: trained on as many lesion pixels as others, the network is half sure of much that is none.

Chosen on the out-of-fold scores of `sij_mri` (docs/experiments.md), as the burden's exponent was."""


def prepare_lesion_map(shares: np.ndarray, preparation: Preparation, size: int) -> Prepared:
    """Fits a lesion map into the square that the slice would be fitted into.

    Args:
        shares: (H, W) float32 in [0, 1], what the lesion network gives each pixel; zero outside the region.
        preparation: of the task; its grey values do not matter here.
        size: side of the square.
    """
    geometry = geometry_of(shares.shape[0], shares.shape[1], preparation, size)
    return Prepared(geometry.to_square(shares.astype(np.float32) ** SURENESS), geometry)
