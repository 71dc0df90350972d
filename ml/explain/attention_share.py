"""How much of a heatmap lies where readers saw a lesion, and how much would lie there by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AttentionShare:
    """Where the mass of one heatmap lies, beside how much of the image that is: all are shares in [0, 1].

    Args:
        in_lesion, in_region, in_both: of the heatmap's mass. A heatmap that is even all over has the three below.
        lesion_of_image, region_of_image, both_of_image: of the image's pixels.
        points_at_lesion: whether most of the heatmap's highest pixels lie in the lesion, without the margin that the pointing
            game allows (Zhang et al. 2016, arXiv 1608.00507). An even heatmap points at nothing.
    """

    in_lesion: float
    in_region: float
    in_both: float
    lesion_of_image: float
    region_of_image: float
    both_of_image: float
    points_at_lesion: bool


def attention_share(heatmap: np.ndarray, lesion: np.ndarray, region: np.ndarray) -> AttentionShare | None:
    """Where a heatmap's mass lies.

    Args:
        heatmap: (H, W) float, none below 0.
        lesion, region: (H, W) bool, on the same grid.

    Returns:
        None where the heatmap is empty: what shows nothing has no share anywhere.

    Raises:
        ValueError: the grids differ.
    """
    if not heatmap.shape == lesion.shape == region.shape:
        raise ValueError(
            "Heatmap, lesion and region lie on one grid. "
            f"Received: heatmap={heatmap.shape}, lesion={lesion.shape}, region={region.shape}"
        )
    mass = heatmap.astype(np.float64)
    whole = mass.sum()
    if not whole > 0:
        return None
    both = lesion & region
    return AttentionShare(
        in_lesion=float(mass[lesion].sum() / whole),
        in_region=float(mass[region].sum() / whole),
        in_both=float(mass[both].sum() / whole),
        lesion_of_image=float(lesion.mean()),
        region_of_image=float(region.mean()),
        both_of_image=float(both.mean()),
        points_at_lesion=bool(lesion[heatmap == heatmap.max()].mean() > 0.5),
    )


def overlap_of_hottest(heatmap: np.ndarray, lesion: np.ndarray) -> float | None:
    """Intersection over union of a lesion with as many pixels as it has, those where the heatmap is highest.

    Of pixels of one value only some of which are still needed, the lesion's share counts, whatever their order.

    Args:
        heatmap: (H, W) float.
        lesion: (H, W) bool, on the same grid.

    Returns:
        None where the lesion is empty, or the heatmap is. `overlap_by_chance` is what any other area of that size would give.
    """
    size = int(lesion.sum())
    if not size or not heatmap.max() > 0:
        return None
    least = np.partition(heatmap, heatmap.size - size, axis=None)[heatmap.size - size]
    above, level = heatmap > least, heatmap == least
    common = float(lesion[above].sum()) + (size - above.sum()) * float(lesion[level].mean())
    return float(common / (2 * size - common))


def overlap_by_chance(share: float) -> float:
    """The intersection over union of two areas that each fill this share of an image and know nothing of each other."""
    return share / (2 - share)
