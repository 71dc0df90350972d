"""The learning curve of a run as a picture: loss and validation figure by epoch."""

from __future__ import annotations

import itertools
import json
from pathlib import Path


def draw_learning_curve(folder: Path) -> Path:
    """Draws `history.jsonl` of a run as `learning_curve.png` beside it, and returns that file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    epochs = range(1, len(lines) + 1)
    axes.plot(epochs, [line["loss"] for line in lines], color="tab:blue", label="training loss")
    measured = [(epoch, line["validation"]) for epoch, line in zip(epochs, lines, strict=True)]
    validation = [pair for pair in measured if pair[1] is not None]
    if validation:
        axes.plot(*zip(*validation, strict=True), color="tab:orange", label="validation figure")
    for epoch, (before, after) in enumerate(itertools.pairwise(lines), start=1):
        if before["stage"] != after["stage"]:
            axes.axvline(epoch + 0.5, color="0.7", linestyle=":")
    axes.set_xlabel("epoch (dotted: next stage)")
    axes.legend()
    file = folder / "learning_curve.png"
    figure.savefig(file, dpi=120)
    return file
