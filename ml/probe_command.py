"""`python -m ml probe`: what a model owes to borders, letters, grain and contrast."""

from __future__ import annotations

from pathlib import Path

import click

from ml import tasks
from ml.command_output import refuse_inside, write_json

_folder = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("task_key", metavar="TASK")
@click.argument("model_key", metavar="MODEL")
@click.option("--data", required=True, type=_folder, help="The data set that the model was trained on.")
@click.option("--part", default="test", help="Part that the deployed weights never saw.")
@click.option("--runs", type=_folder, help="Folder with a fold's weights in each folder, instead of --part.")
@click.option("--protocol", help="How the folds of --runs were divided; the task's own by default.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Write the figures; - prints them.",
)
def probe(
    task_key: str,
    model_key: str,
    data: Path,
    part: str,
    runs: Path | None,
    protocol: str | None,
    json_file: Path | None,
) -> None:
    """Measure how the AUC of MODEL of TASK moves when a shortcut is masked, cropped, blurred or equalised away."""
    spec = tasks.task(task_key)
    model = spec.model(model_key)
    refuse_inside(data, json_file)
    from ml.cards import weights_file
    from ml.data import DataError, load
    from ml.data.split import folds
    from ml.probing import probed
    from ml.tables import probe_table, show

    examples = load(spec.key, data)
    if runs is None:
        held_out = {weights_file(spec.key, model.key): [e for e in examples if e.part == part]}
    else:
        divided = folds(examples, protocol or spec.protocol, spec.heads[0].key)
        held_out = {runs / fold.name / "weights.safetensors": list(fold.held_out) for fold in divided}
    if missing := [str(file) for file in held_out if not file.is_file()]:
        raise DataError(f"There are no weights {', '.join(missing)}.")
    report = {"task": spec.key, "model": model.key, **probed(spec, model, held_out)}
    if json_file != Path("-"):
        show(probe_table(report))
    write_json(json_file, report)
