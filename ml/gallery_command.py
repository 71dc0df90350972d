"""`python -m ml gallery`: what a model found, raised falsely and missed, in pictures and against the readers' outlines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ml import tasks
from ml.command_output import refuse_inside, write_json

if TYPE_CHECKING:
    from ml.explain.gallery import Gallery
    from ml.explain.outcomes import Case

_folder = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("task_key", metavar="TASK")
@click.argument("model_key", metavar="MODEL")
@click.option("--data", required=True, type=_folder, help="Labelled data set.")
@click.option("--part", help="Only the images of this part (train, val, test).")
@click.option("--every", type=click.IntRange(min=1), default=1, help="Only every n-th image: a quick look.")
@click.option("--most", type=click.IntRange(min=1), default=12, help="Images on a sheet; the surest answers.")
@click.option("--out", required=True, type=_folder, help="Folder for gallery.json and the sheets.")
def gallery(
    task_key: str, model_key: str, data: Path, part: str | None, every: int, most: int, out: Path
) -> None:
    """Show what MODEL of TASK finds, raises falsely and misses, label by label, with heatmaps.

    Writes gallery.json and a sheet for each label and outcome. Where readers outlined what they saw, the heatmaps are measured
    against it. The sheets show the images of the data set: its licence says who may see them.
    """
    spec = tasks.task(task_key)
    spec.model(model_key)
    refuse_inside(data, out)
    from ml.cards import read_card
    from ml.data import load
    from ml.explain.gallery import gallery as run
    from ml.tables import figures_table, show

    card = read_card(spec.key, model_key)
    examples = [each for each in load(spec.key, data) if part is None or each.part == part]
    examples = sorted(examples, key=lambda each: each.image_id)[::every]
    found = run(spec, model_key, examples, warn=lambda text: click.echo(text, err=True))
    report: dict[str, Any] = {
        "task": spec.key,
        "model": model_key,
        "version": card.version,
        "weights_sha256": card.weights_sha256,
        "part": part,
        "every": every,
        **found.report,
    }
    show(figures_table(report))
    report["sheets"] = _write_sheets(spec, model_key, found, most, out)
    write_json(out / "gallery.json", report)


def _write_sheets(
    spec: tasks.TaskSpec, model: str, found: Gallery, most: int, out: Path
) -> dict[str, dict[str, Any]]:
    """File name of each sheet to what stands on it."""
    from ml.explain.contact_sheet import SIDE, contact_sheet
    from ml.explain.overlay import png
    from ml.explain.showing import shown, side_by_side

    sheets: dict[str, dict[str, Any]] = {}
    for label, outcomes in found.cases.items():
        for outcome, cases in outcomes.items():
            chosen = cases[:most]
            if not chosen:
                continue
            tiles = [side_by_side(shown(case.example, spec, model, label), spec, SIDE) for case in chosen]
            name = f"{label.lower().replace(' ', '_')}-{outcome}.png"
            try:
                out.mkdir(parents=True, exist_ok=True)
                (out / name).write_bytes(png(contact_sheet(tiles, [_caption(case) for case in chosen])))
            except OSError as error:
                raise click.ClickException(
                    f"{error.filename} cannot be written: {error.strerror}."
                ) from error
            sheets[name] = {
                "label": label,
                "outcome": outcome,
                "n": len(cases),
                "images": [_named(case) for case in chosen],
            }
    return sheets


def _named(case: Case) -> dict[str, Any]:
    return {
        "image_id": case.example.image_id,
        "readers": case.true,
        "model": case.answered,
        "scores": {label: round(score, 4) for label, score in case.scores.items()},
    }


def _caption(case: Case) -> str:
    return f"{case.example.image_id}: {case.true}; model: {case.answered} {case.scores[case.answered]:.2f}"
