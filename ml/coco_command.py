"""`python -m ml coco`: a data set's labels and outlines as COCO metadata."""

from __future__ import annotations

from pathlib import Path

import click

from ml import tasks
from ml.command_output import refuse_inside, write_json


@click.command()
@click.argument("task_key", metavar="TASK")
@click.option(
    "--data",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Data set in a layout of TASK.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="JSON file; - prints it.",
)
def coco(task_key: str, data: Path, out: Path) -> None:
    """Export a data set of TASK as COCO metadata: images, categories, labels, and the outlines of its masks.

    It holds no pixels. File names are relative to the data folder.
    """
    spec = tasks.task(task_key)
    refuse_inside(data, None if out == Path("-") else out)
    from ml.data import load
    from ml.data.coco import coco_of

    write_json(out, coco_of(spec, load(spec.key, data), data, lambda text: click.echo(text, err=True)))
