"""The commands of `python -m ml`. Each imports what it needs, so that the quick ones stay quick."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
import yaml

from ml import cards, tasks
from ml.coco_command import coco
from ml.command_output import refuse_inside, write_json
from ml.data_commands import audit, prepare, split
from ml.explain_command import explain
from ml.gallery_command import gallery
from ml.gate_commands import evaluate_gate, train_gate
from ml.probe_command import probe
from ml.report_command import report

if TYPE_CHECKING:
    from ml.evaluation import Evaluation

_folder = click.Path(file_okay=False, path_type=Path)
_file = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


class _Sentences(click.Group):
    """Errors that have a sentence end in it; status 2 where the command line or the data are wrong, else 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            sentence = getattr(error, "sentence", None)
            if sentence is None:
                raise
            wrong_input = isinstance(error, LookupError | ValueError)
            raise (click.UsageError(sentence) if wrong_input else click.ClickException(sentence)) from error


@click.group(cls=_Sentences, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Read medical images with several networks side by side. Research use only."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@main.command()
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--task", "task_key", required=True, help="What is asked of the models, sij_mri for one.")
@click.option("--models", "chosen", metavar="A,B", help="Keys of the models; all of the task's by default.")
@click.option("--out", type=_folder, help="Folder for regions, heatmaps and overlays.")
@click.option(
    "--prepared",
    is_flag=True,
    help="The files have had the task's sampling and equalisation already, as those of a training folder may.",
)
@click.option(
    "--json", "json_file", type=_file, help="Write [{file, state, error, gate, predictions}]; - prints it."
)
def predict(
    images: tuple[Path, ...],
    task_key: str,
    chosen: str | None,
    out: Path | None,
    prepared: bool,
    json_file: Path | None,
) -> None:
    """Read IMAGES (files, or folders of them). The exit status is 1 if anything failed."""
    spec = tasks.task(task_key)
    keys = [key.strip() for key in chosen.split(",")] if chosen is not None else [m.key for m in spec.models]
    models = [model.key for model in spec.chosen(keys)]
    from ml.batch import files_of, read_files

    files = files_of(images)
    if not files:
        raise click.UsageError(f"There are no files in {', '.join(map(str, images))}.")
    from ml.tables import reading_lines

    readings = []
    for reading in read_files(files, spec.key, models, out, prepared):
        readings.append(reading)
        if json_file != Path("-"):
            click.echo("\n".join(reading_lines(reading.to_json(), spec)))
    write_json(json_file, [reading.to_json() for reading in readings])
    if not all(reading.whole for reading in readings):
        raise click.exceptions.Exit(1)


@main.command()
@click.argument("task_key", metavar="TASK")
@click.argument("model_key", metavar="MODEL")
@click.option(
    "--data", required=True, type=_folder, help="Data set: labels.csv, or the published Dataset layout."
)
@click.option(
    "--override", "overrides", multiple=True, metavar="KEY=VALUE", help="Replace a value of train.yaml."
)
@click.option("--out", type=_folder, help="Folder for weights and record; the model's own by default.")
@click.option(
    "--cross-validate",
    is_flag=True,
    help="Train the folds of --protocol and write out_of_fold.csv beside the card.",
)
@click.option(
    "--protocol", help="How the data set is divided: leave_one_patient_out, grouped, published, ..."
)
def train(
    task_key: str,
    model_key: str,
    data: Path,
    overrides: tuple[str, ...],
    out: Path | None,
    cross_validate: bool,
    protocol: str | None,
) -> None:
    """Train MODEL of TASK as its train.yaml says. A run that was interrupted goes on where it stopped."""
    tasks.task(task_key).model(model_key)
    replaced = dict(_override(text) for text in overrides)
    refuse_inside(data, out)
    if cross_validate != (protocol is not None) or (cross_validate and out is None):
        raise click.UsageError(
            "--cross-validate, --protocol and --out (a folder a fold goes there) belong together."
        )
    from ml.data import load

    load(task_key, data)
    with redirect_stdout(sys.stderr):
        if cross_validate:
            from ml.training.cross_validate import cross_validate as run_folds

            folder = run_folds(task_key, model_key, data, str(protocol), replaced, cast("Path", out))
        else:
            from ml.training.train import train as run

            folder = run(task_key, model_key, data, replaced, out)
    click.echo(folder)


@main.command()
@click.argument("task_key", metavar="TASK")
@click.argument("model_key", metavar="MODEL")
@click.option(
    "--data", required=True, type=_folder, help="Data set: labels.csv, or the published Dataset layout."
)
@click.option("--part", help="Only the images of this part (train, val, test).")
@click.option("--every", type=click.IntRange(min=1), default=1, help="Only every n-th image: a quick look.")
@click.option(
    "--cross-validate",
    is_flag=True,
    help="From the out-of-fold scores beside the card, in seconds: what each fold said of patients it never saw.",
)
@click.option(
    "--protocol",
    help="With --cross-validate: one that the model was cross-validated by (the task's own by default). "
    "With --part: the part that the data set suggests for this protocol.",
)
@click.option("--json", "json_file", type=_file, help="Write the figures; - prints them.")
@click.option(
    "--figures",
    "pictures",
    type=_folder,
    help="Folder for ROC, precision-recall, calibration and confusion; by default beside --json.",
)
def evaluate(
    task_key: str,
    model_key: str,
    data: Path,
    part: str | None,
    every: int,
    cross_validate: bool,
    protocol: str | None,
    json_file: Path | None,
    pictures: Path | None,
) -> None:
    """Measure MODEL of TASK on the labelled images of a folder; nothing is written into it.

    Each figure has its 95 % interval beside it (bootstrap by patient). What cannot be computed is null.
    """
    spec = tasks.task(task_key)
    spec.model(model_key)
    if cross_validate and (part is not None or every > 1):
        raise click.UsageError("--cross-validate is about all images: leave --part and --every away.")
    if protocol is not None and not cross_validate and part is None:
        raise click.UsageError("--protocol goes with --cross-validate or with --part.")
    refuse_inside(data, json_file)
    refuse_inside(data, pictures)
    from ml.tables import evaluation_tables, show

    if cross_validate:
        from ml.evaluation.cross_validation import cross_validated

        evaluation = cross_validated(spec, model_key, data, protocol)
    else:
        from ml.measuring import evaluated

        evaluation = evaluated(
            spec, model_key, data, part, every, protocol, warn=lambda text: click.echo(text, err=True)
        )
    for note in evaluation.report.get("notes", ()):
        click.echo(note, err=True)
    if json_file != Path("-"):
        for table in evaluation_tables(evaluation.report):
            show(table)
    write_json(json_file, evaluation.report)
    _draw(evaluation, json_file, pictures)


@main.command()
@click.argument("task_key", metavar="TASK")
@click.argument("model_key", metavar="MODEL")
@click.option("--data", required=True, type=_folder, help="The data set that the model was trained on.")
def describe(task_key: str, model_key: str, data: Path) -> None:
    """Bring the card of MODEL up to date: hash, counts, calibration (validation), figures (test)."""
    tasks.task(task_key).model(model_key)
    from ml.describe import describe as run

    click.echo(run(task_key, model_key, data))


@main.command()
@click.option("--task", "task_key", help="Only the models of this task.")
@click.option("--default", "default_only", is_flag=True, help="Only the key that the page preselects first.")
def models(task_key: str | None, default_only: bool) -> None:
    """List the models and whether their weights are intact, missing or not those of their card."""
    for spec in (tasks.task(task_key),) if task_key is not None else tasks.tasks():
        if default_only and not spec.offered and task_key is None:
            continue
        if default_only:
            click.echo(spec.default_model)
            continue
        for model in spec.models:
            state = cards.weights_state(spec.key, model.key)
            click.echo(f"{spec.key:<14}{model.key:<26}{state:<12}{model.kind:<16}{model.name}")


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--task", "task_key", help="Only the cards of this task.")
def card(files: tuple[Path, ...], task_key: str | None) -> None:
    """Check model cards: FILES, or those of all models and of the gate. A missing field is named, and refused.

    A model of a task that is not offered claims nothing before it has a card, and needs no weights here.
    """
    specs = (tasks.task(task_key),) if task_key is not None else tasks.tasks()
    problems = {str(file): _card_problems(file) for file in files}
    for spec in specs if not files else ():
        for model in spec.models:
            file = cards.card_file(spec.key, model.key)
            if spec.offered or file.is_file():
                problems[f"{spec.key}/{model.key}"] = _problems_here(spec.key, model.key, spec.offered)
    if not files:
        problems[cards.GATE] = _problems_here(cards.GATE, cards.GATE, needed=True)
    for name, found in problems.items():
        click.echo(f"{name}: {'; '.join(found) if found else 'complete'}")
    if any(problems.values()):
        raise click.exceptions.Exit(1)


@main.command()
def overview() -> None:
    """Print models/README.md: every figure of every card, with n and interval."""
    from ml.overview import overview as written

    click.echo(written(tasks.tasks()))


@main.command()
@click.option("--task", "task_key", required=True, help="The task whose models are timed.")
@click.option(
    "--runs", type=click.IntRange(min=1), default=9, help="How often each is timed; the median counts."
)
@click.option(
    "--agreement", is_flag=True, help="Measure instead whether masks are the same in bfloat16, on --data."
)
@click.option("--data", type=_folder, help="Data set for --agreement.")
@click.option("--every", type=click.IntRange(min=1), default=1, help="Only every n-th image of --data.")
@click.option("--json", "json_file", type=_file, help="Write the measurements; - prints them alone.")
def benchmark(
    task_key: str, runs: int, agreement: bool, data: Path | None, every: int, json_file: Path | None
) -> None:
    """Time the models of a task against the plain way of running them, in one run."""
    spec = tasks.task(task_key)
    if agreement != (data is not None):
        raise click.UsageError("--agreement and --data belong together.")
    from ml.benchmark import agreements, run, table
    from ml.tables import show

    if data is not None:
        refuse_inside(data, json_file)
        report = agreements(spec.key, data, every)
        if json_file != Path("-"):
            click.echo(yaml.safe_dump(report, sort_keys=False), nl=False)
        write_json(json_file, report)
        return
    report = run(spec.key, runs)
    if json_file != Path("-"):
        show(table(report))
    write_json(json_file or Path("-"), report)


main.add_command(audit)
main.add_command(coco)
main.add_command(evaluate_gate)
main.add_command(explain)
main.add_command(gallery)
main.add_command(prepare)
main.add_command(probe)
main.add_command(report)
main.add_command(split)
main.add_command(train_gate)


def _override(text: str) -> tuple[str, object]:
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise click.UsageError(f"An override is KEY=VALUE. Received: {text}")
    try:
        parsed = yaml.safe_load(value)
    except yaml.YAMLError:
        raise click.UsageError(f"The value of an override is a YAML value. Received: {text}") from None
    return key.strip(), _number_or(parsed)


def _number_or(value: object) -> object:
    """YAML takes 1e-3 for text; people mean the number."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _problems_here(task: str, key: str, needed: bool) -> list[str]:
    """What is wrong with a card, and with the weights beside it where they are needed on this machine."""
    state = cards.weights_state(task, key)
    wrong = [f"weights: {state}"] if needed and state != "intact" else []
    return _card_problems(cards.card_file(task, key)) + wrong


def _card_problems(file: Path) -> list[str]:
    try:
        return cards.check_card(cards.read_card_file(file))
    except cards.CardMissing:
        return ["card: missing"]
    except cards.CardInvalid:
        return ["card: cannot be read"]


def _draw(evaluation: Evaluation, json_file: Path | None, folder: Path | None) -> None:
    """Writes an evaluation's pictures where they were asked for, else beside its JSON file."""
    is_file = json_file is not None and json_file != Path("-")
    if folder is None and not is_file:
        return
    if folder is not None and not evaluation.heads:
        click.echo("This model gives a mask and no labels, so there are no curves to draw.", err=True)
    report = evaluation.report
    stem = json_file.stem if json_file is not None and is_file else f"{report['task']}-{report['model']}"
    from ml.evaluation.plots import draw_figures

    try:
        draw_figures(evaluation, folder or cast("Path", json_file).parent, stem)
    except OSError as error:
        raise click.ClickException(f"{error.filename} cannot be written: {error.strerror}.") from error
