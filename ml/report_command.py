"""`python -m ml report`: a model on one page, with its figures, curves and worst errors."""

from __future__ import annotations

from pathlib import Path

import click

from ml import tasks
from ml.command_output import refuse_inside

_folder = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("task_key", metavar="TASK")
@click.argument("model_key", metavar="MODEL")
@click.option("--data", required=True, type=_folder, help="Labelled data set.")
@click.option("--part", help="Only the images of this part (train, val, test).")
@click.option(
    "--protocol",
    help="From the out-of-fold scores of this protocol. With --part: the part that the data set suggests for it.",
)
@click.option("--every", type=click.IntRange(min=1), default=1, help="Only every n-th image: a quick look.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="HTML file, whole in itself.",
)
def report(
    task_key: str,
    model_key: str,
    data: Path,
    part: str | None,
    protocol: str | None,
    every: int,
    out: Path,
) -> None:
    """Write one page about MODEL of TASK: what it is, what it is worth on --data, and what it gets wrong.

    The page shows images of the data set: its licence says who may see them.
    """
    spec = tasks.task(task_key)
    spec.model(model_key)
    refuse_inside(data, out)
    if every > 1 and protocol is not None and part is None:
        raise click.UsageError("Out-of-fold scores are about all images: leave --every away.")
    from ml.reporting.model_report import model_report

    page = model_report(
        spec, model_key, data, part, protocol, every, warn=lambda text: click.echo(text, err=True)
    )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}.") from error
    click.echo(out)
