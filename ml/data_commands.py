"""`python -m ml prepare`, `audit` and `split`: data sets, before anything is learned from them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import click
import yaml

from ml import tasks
from ml.command_output import refuse_inside, write_json
from ml.data import load
from ml.data.split import LEAKY, PROTOCOLS, Fold, folds

_folder = click.Path(file_okay=False, path_type=Path)
_file = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
_data = click.option(
    "--data",
    required=True,
    type=_folder,
    help="Data set: labels.csv, as it is downloaded, or the published Dataset layout.",
)


@click.command()
@click.argument("task_key", metavar="TASK")
@click.option("--source", required=True, type=_folder, help="Folder as it came; nothing is written into it.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="New folder for the data set.")
@click.option(
    "--rule", type=click.IntRange(1, 2), help="Published pixel rule that labels lumbar; 2 by default."
)
def prepare(task_key: str, source: Path, out: Path, rule: int | None) -> None:
    """Write a source of TASK in the published Dataset layout, and say what it holds.

    An image that cannot be read is left out and named; so is a mask. No label and no mask is invented.
    """
    spec = tasks.task(task_key)
    from ml.data.preparing import prepare_dataset

    try:
        information = prepare_dataset(spec, source, out, rule)
    except OSError as error:
        raise _not_written(error, out) from error
    for kind in ("broken_images", "broken_masks"):
        for file, why in information.pop(kind).items():
            click.echo(f"{file}: {why}", err=True)
    click.echo(yaml.safe_dump(information, sort_keys=False, allow_unicode=True, width=110), nl=False)


@click.command()
@click.argument("task_key", metavar="TASK")
@_data
@click.option("--json", "json_file", type=_file, help="Write the findings; - prints them alone.")
@click.option("--figures", type=_folder, help="Folder for bar charts and a histogram as PNG.")
@click.option(
    "--html",
    "html_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="One page with tables and charts, whole in itself.",
)
def audit(
    task_key: str, data: Path, json_file: Path | None, figures: Path | None, html_file: Path | None
) -> None:
    """Look for what makes figures of TASK wrong: imbalance, duplicates, blank and corrupt images, leakage between parts."""
    spec = tasks.task(task_key)
    refuse_inside(data, json_file)
    refuse_inside(data, figures)
    refuse_inside(data, html_file)
    from ml.data.auditing import audit as run

    report = run(spec, load(spec.key, data))
    if figures is not None:
        from ml.data.auditing.figures import write_figures

        try:
            write_figures(report, spec, figures)
        except OSError as error:
            raise _not_written(error, figures) from error
    if html_file is not None:
        from ml.reporting.audit_report import audit_report

        try:
            html_file.parent.mkdir(parents=True, exist_ok=True)
            html_file.write_text(audit_report(report, spec, data), encoding="utf-8")
        except OSError as error:
            raise _not_written(error, html_file) from error
    if json_file != Path("-"):
        from ml.data_tables import balance_table, findings_table
        from ml.tables import show

        show(balance_table(report))
        show(findings_table(report))
    write_json(json_file, report)


@click.command()
@click.argument("task_key", metavar="TASK")
@_data
@click.option(
    "--protocol",
    required=True,
    type=click.Choice(tuple(PROTOCOLS)),
    help=f"How. Leaky: {', '.join(sorted(LEAKY))}.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV: image_id, patient_id, fold, part.",
)
def split(task_key: str, data: Path, protocol: str, out: Path) -> None:
    """Divide a data set of TASK into the folds of a protocol: who trains, who stops the training, who is held out."""
    spec = tasks.task(task_key)
    refuse_inside(data, out)
    divided = folds(load(spec.key, data), protocol, spec.heads[0].key)
    try:
        _write_split(divided, out)
    except OSError as error:
        raise _not_written(error, out) from error
    from ml.data_tables import split_table
    from ml.tables import show

    show(split_table(divided, protocol))


def _write_split(divided: Sequence[Fold], out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", newline="", encoding="utf-8") as lines:
        table = csv.writer(lines)
        table.writerow(("image_id", "patient_id", "fold", "part"))
        for fold in divided:
            for part, side in (("train", fold.train), ("val", fold.val), ("held_out", fold.held_out)):
                table.writerows((each.image_id, each.patient_id, fold.name, part) for each in side)


def _not_written(error: OSError, place: Path) -> click.ClickException:
    return click.ClickException(f"{error.filename or place} cannot be written: {error.strerror}.")
