"""`python -m ml explain`: are a model's heatmaps where the lesion is?"""

from __future__ import annotations

from pathlib import Path

import click

from ml import tasks
from ml.command_output import refuse_inside, write_json


@click.command()
@click.argument("task_key", metavar="TASK")
@click.argument("model_key", metavar="MODEL")
@click.option(
    "--data",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Data set with the votes of readers.",
)
@click.option("--part", help="Only the images of this part (train, val, test).")
@click.option("--every", type=click.IntRange(min=1), default=1, help="Only every n-th image: a quick look.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Write the figures; - prints them.",
)
def explain(
    task_key: str, model_key: str, data: Path, part: str | None, every: int, json_file: Path | None
) -> None:
    """Measure the heatmaps of MODEL of TASK on the positive images whose lesion readers outlined.

    Each figure has its 95 % interval beside it (bootstrap by patient). What cannot be computed is null.
    """
    spec = tasks.task(task_key)
    spec.model(model_key)
    refuse_inside(data, json_file)
    from ml.cards import read_card
    from ml.data import load
    from ml.explain.figures import examples_with_lesions, heatmap_figures
    from ml.tables import figures_table, show

    card = read_card(spec.key, model_key)
    examples = [each for each in load(spec.key, data) if part is None or each.part == part]
    chosen = examples_with_lesions(spec, examples)[::every]
    report = {
        "task": spec.key,
        "model": model_key,
        "version": card.version,
        "weights_sha256": card.weights_sha256,
        "part": part,
        "every": every,
        **heatmap_figures(spec, model_key, chosen, warn=lambda text: click.echo(text, err=True)),
    }
    if json_file != Path("-"):
        show(figures_table(report))
    write_json(json_file, report)
