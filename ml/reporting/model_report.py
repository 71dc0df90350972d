"""The report of a model: what it is, what it is worth on a folder, and what it gets wrong there."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ml.cards import Card, read_card
from ml.data import Example, load
from ml.data.split import LEAKY
from ml.evaluation import Evaluation, cross_validation, metrics
from ml.evaluation.label_figures import HeadAnswers
from ml.evaluation.plots import draw_figures
from ml.measuring import evaluated
from ml.reporting.f2_curve import f2_png
from ml.reporting.page import data_uri, page
from ml.reporting.pictures import Picture, pictures_of_labels, pictures_of_masks
from ml.scoring import DEFAULT_THRESHOLD
from ml.tables import figure_rows
from ml.tasks import TaskSpec

Warn = Callable[[str], None]

_FACTS = (
    *("intended_use", "not_for", "licence", "data", "label_source", "split", "preprocessing", "input_checks"),
    *("known_failures", "published", "versions", "command"),
)


def model_report(
    task: TaskSpec,
    model: str,
    data: Path,
    part: str | None = None,
    protocol: str | None = None,
    every: int = 1,
    warn: Warn = print,
) -> str:
    """One HTML page.

    Args:
        task, model: of the registry.
        data: folder in a layout that `ml.data` reads; nothing is written into it.
        part: only the images of this part.
        protocol: without `part`, the figures are those of the out-of-fold scores of this protocol; with it, the part is one
            that the data set suggests for this protocol.
        every: only every n-th image.
        warn: is told in a sentence what is missing on the page.

    Raises:
        DataError, ModelUnavailable, CardError: each with a `sentence`.
    """
    card = read_card(task.key, model)
    examples = load(task.key, data)
    of_folds = protocol is not None and part is None
    if of_folds:
        evaluation = cross_validation.cross_validated(task, model, data, protocol)
    else:
        evaluation = evaluated(task, model, data, part, every, protocol, warn)
    report = evaluation.report
    images, not_shown = _images(task, model, evaluation, _measured(examples, part, protocol, every), warn)
    return page(
        "model_report.html",
        task=task,
        model=task.model(model),
        card=card,
        facts={name: card.raw[name] for name in _FACTS if card.raw.get(name)},
        counts=card.raw.get("counts") or {},
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        folder=data.resolve().name,
        part=part,
        protocol=protocol,
        of_folds=of_folds,
        every=every,
        leaky=_leaky(report, protocol),
        seen=report.get("n_patients_seen_in_training"),
        notes=report.get("notes", []),
        report=report,
        figures=list(figure_rows(report)),
        curves=list(_curves(task, card, evaluation)),
        confusions=[_confusion(answers) for answers in evaluation.heads if answers.true.size],
        claimed=list(_claimed(card)),
        images=images,
        called_from=_called_from(task, card),
        not_shown=not_shown,
    )


def _measured(
    examples: Sequence[Example], part: str | None, protocol: str | None, every: int
) -> list[Example]:
    chosen = [
        each
        for each in examples
        if part is None or part == (each.part if protocol is None else each.parts.get(protocol))
    ]
    return sorted(chosen, key=lambda each: each.image_id)[::every]


def _leaky(report: Mapping[str, Any], protocol: str | None) -> str | None:
    """Why the figures are too good, where they are."""
    if protocol in LEAKY or report.get("leaky"):
        return cross_validation.why_leaky(str(protocol or report.get("protocol")))
    return None


def _called_from(task: TaskSpec, card: Card) -> tuple[str, float] | None:
    """The positive label and its threshold, where the model may answer another label although that is reached."""
    head = task.heads[0]
    if head.positive is None or len(head.labels) == 2:
        return None
    return head.positive, card.thresholds.get(head.key, DEFAULT_THRESHOLD)


def _curves(task: TaskSpec, card: Card, evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """Name and picture of each curve; what a table says better is left to the tables."""
    with tempfile.TemporaryDirectory() as folder:
        for file in draw_figures(evaluation, Path(folder), "curve"):
            name = file.stem.removeprefix("curve-")
            if not name.startswith("confusion"):
                yield name.replace("_", " "), data_uri(file.read_bytes())
    for answers in evaluation.heads:
        head = answers.head
        if task.threshold_rule == "f2" and head.positive is not None and answers.positive.any():
            threshold = card.thresholds.get(head.key, DEFAULT_THRESHOLD)
            yield "F2 by threshold", data_uri(f2_png(answers, threshold))


def _confusion(answers: HeadAnswers) -> dict[str, Any]:
    labels = answers.head.labels
    counts = metrics.confusion(answers.true, answers.decided, len(labels))
    shares = [[n / sum(row) if sum(row) else None for n in row] for row in counts.tolist()]
    return {"head": answers.head.name, "labels": labels, "counts": counts.tolist(), "shares": shares}


def _claimed(card: Card) -> Iterator[tuple[str, bool, list[tuple[str, Any, Any]], Mapping[str, Any]]]:
    """What the card says the model is worth, entry by entry, without its groups."""
    for name, figures in card.figures.items():
        rows = [row for row in figure_rows(figures) if ":" not in row[0] and not row[0].startswith("n_")]
        yield name, bool(figures.get("leaky")) or name in LEAKY, rows, figures


def _images(
    task: TaskSpec, model: str, evaluation: Evaluation, examples: Sequence[Example], warn: Warn
) -> tuple[list[tuple[str, str, list[Picture]]], str | None]:
    from ml.registry import ModelUnavailable

    try:
        if evaluation.heads:
            return pictures_of_labels(task, model, evaluation.heads[0], examples, warn), None
        return pictures_of_masks(task, model, examples, warn), None
    except ModelUnavailable as error:
        warn(error.sentence)
        return [], error.sentence
