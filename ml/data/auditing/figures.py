"""An audit in pictures: bars and a histogram of counts, never an image of the data set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ml.tasks import TaskSpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_SIZES = 20


def write_figures(report: Mapping[str, Any], task: TaskSpec, folder: Path) -> list[Path]:
    """Draws `balance_<head>.png`, `sizes.png` and `nearest_image.png` of a report of `audit`, and returns their places.

    Raises:
        OSError: the folder cannot be written to.
    """
    figures = {
        f"balance_{head.key}.png": _balance(f"{task.name}: {head.name} by part", report["balance"][head.key])
        for head in task.heads
    }
    figures["sizes.png"] = _sizes(f"{task.name}: sizes of the images, columns x rows", report["sizes"])
    figures["nearest_image.png"] = _nearest(
        f"{task.name}: distance to the image that is most alike",
        {int(distance): count for distance, count in report["nearest"].items()},
        report["near_duplicates"]["distance"],
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(folder / name)
    return [folder / name for name in figures]


def _balance(title: str, balance: Mapping[str, Mapping[str, int]]) -> Figure:
    """A group of bars for each part, a colour for each label."""
    figure, axes = _empty(title)
    labels = list(dict.fromkeys(label for counts in balance.values() for label in counts))
    width = 0.8 / len(labels)
    for number, label in enumerate(labels):
        places = np.arange(len(balance)) + (number - (len(labels) - 1) / 2) * width
        heights = [counts.get(label, 0) for counts in balance.values()]
        axes.bar_label(axes.bar(places, heights, width, label=label), fontsize=7)
    axes.set_xticks(np.arange(len(balance)), list(balance))
    axes.legend()
    return figure


def _sizes(title: str, sizes: Mapping[str, int]) -> Figure:
    figure, axes = _empty(title)
    most = dict(list(sizes.items())[:_MOST_SIZES])
    axes.bar_label(axes.bar(list(most), list(most.values())))
    axes.tick_params(axis="x", rotation=30)
    return figure


def _nearest(title: str, distances: Mapping[int, int], near: int) -> Figure:
    from matplotlib.ticker import MaxNLocator

    figure, axes = _empty(title)
    axes.bar(list(distances), list(distances.values()), width=1.0, edgecolor="white")
    axes.axvline(near + 0.5, color="black", linestyle="--")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(f"bits of 64 in which perceptual hashes differ; up to {near} counts as a near duplicate")
    return figure


def _empty(title: str) -> tuple[Figure, Axes]:
    # Whoever draws nothing need not load a plotting library.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, ylabel="images")
    return figure, axes
