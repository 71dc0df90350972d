"""The commands of `python -m ml` about the gate: making it, and measuring what it lets through and stops."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

_folder = click.Path(file_okay=False, path_type=Path)
_file = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
_data_root = click.option(
    "--data-root",
    required=True,
    type=_folder,
    help="Holds the data sets of all tasks: sij_mri, kidney_ct, chest_xray, bone_xray, lumbar_mri.",
)
_photos = click.option(
    "--photos",
    type=_folder,
    help="Photographs; every third is for the test. Without: the three that the installed packages bring.",
)


@click.command("train-gate")
@_data_root
@_photos
@click.option("--backbone", required=True, type=_file, help="mobilenetv2_035_imagenet.npz")
def train_gate(data_root: Path, photos: Path | None, backbone: Path) -> None:
    """Train the gate on the images of all tasks and on anything else, measure it and write its card."""
    from ml.cards import GATE, weights_file
    from ml.gate.training.card import write_gate_card
    from ml.gate.training.figures import counted, figures_of
    from ml.gate.training.pictures import pictures_of
    from ml.gate.training.train import train_gate as run
    from ml.registry import Registry

    pictures = pictures_of(data_root, photos)
    held_out = [picture for picture in pictures if picture.test]
    limits = run(pictures, backbone, weights_file(GATE, GATE))
    also = f" --photos {photos.name}" if photos else ""
    command = f"python -m ml train-gate --data-root {data_root.name}{also} --backbone {backbone.name}"
    write_gate_card(limits, counted(held_out), pictures, command)
    click.echo(write_gate_card(limits, figures_of(held_out, Registry()), pictures, command))


@click.command("evaluate-gate")
@_data_root
@_photos
@click.option(
    "--part",
    type=click.Choice(["test", "all"]),
    default="test",
    help="all: where nothing in the folders was trained on.",
)
@click.option("--json", "json_file", type=_file, help="Write the figures; - prints them.")
def evaluate_gate(data_root: Path, photos: Path | None, part: str, json_file: Path | None) -> None:
    """Measure, task by task, which share of its own images the gate lets through and of all others it stops."""
    from ml.gate.training.figures import figures_of
    from ml.gate.training.pictures import pictures_of
    from ml.registry import registry

    chosen = [picture for picture in pictures_of(data_root, photos) if picture.test or part == "all"]
    figures = figures_of(chosen, registry())
    if json_file is None:
        click.echo("\n".join(_lines(figures)))
        return
    text = json.dumps(figures, indent=2, ensure_ascii=False)
    if json_file == Path("-"):
        click.echo(text)
    else:
        json_file.write_text(text + "\n", encoding="utf-8")


def _lines(figures: Mapping[str, Any]) -> list[str]:
    lines = []
    for task, of_task in figures["by_task"].items():
        for name, found in of_task["by_figure"].items():
            low, high = found["share_ci95"]
            lines.append(
                f"{task:<14}{name:<34}{found['share']:.3f} [{low:.3f} to {high:.3f}]  n {found['n_images']}"
            )
    return lines
