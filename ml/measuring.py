"""A model of the registry, measured on the labelled images of a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml

from ml import reading
from ml.batch import read_example
from ml.cards import models_dir, read_card
from ml.data import Example, load
from ml.evaluation import (
    Answer,
    Evaluation,
    Report,
    cross_validation,
    evaluate_classification,
    evaluate_lesion,
    evaluate_region,
)
from ml.evaluation.report import EVERY_REPORT_HAS, with_every_figure
from ml.images.decode import DecodedImage
from ml.images.errors import ImageError
from ml.tasks import TaskSpec

SAMPLE = 8
_SAID_ELSEWHERE = ("task", "model", "version", "weights_sha256", "part", "every", "n_unreadable", "protocol")

Value = TypeVar("Value")
Warn = Callable[[str], None]


def measure(
    task: TaskSpec, model: str, data: Path, part: str | None = None, every: int = 1, warn: Warn = print
) -> Report:
    """The figures of one model, as `evaluated` reports them."""
    return evaluated(task, model, data, part, every, warn=warn).report


def evaluated(
    task: TaskSpec,
    model: str,
    data: Path,
    part: str | None = None,
    every: int = 1,
    protocol: str | None = None,
    warn: Warn = print,
) -> Evaluation:
    """The figures of one model, as `ml.evaluation` reports them, with what they are of, and the answers behind them.

    Args:
        task, model: of the registry.
        data: folder in a layout that `ml.data` reads; nothing is written into it.
        part: only the images of this part; all by default.
        every: only every n-th image in the order of their ids: a quick look, which the report names.
        protocol: whose parts are meant, of those that the data set suggests (`Example.parts`); by default those of `part`.
        warn: is told in a sentence what a reader of the figures should know.

    Raises:
        DataError, ModelUnavailable, CardError: each with a `sentence`.
    """
    examples = load(task.key, data)
    card = read_card(task.key, model)
    if part is not None:
        parts = sorted({found for example in examples if (found := _part(example, protocol)) is not None})
        examples = [example for example in examples if _part(example, protocol) == part]
        if not examples:
            warn(f"No image of {data} is of the part {part}. Its parts: {', '.join(parts) or 'none'}.")
    examples = sorted(examples, key=lambda example: example.image_id)[::every]
    trained_on = patients_of_training(task.key, model)
    ask = partial(_answer, task.key, model, warn)
    match task.model(model).kind:
        case "region":
            evaluation = evaluate_region(
                examples,
                partial(ask, reading.region_of),
                trained_on=trained_on,
                normal=_without_tumour(examples, task),
            )
        case "classification":
            evaluation = evaluate_classification(
                examples,
                partial(ask, reading.scores_of),
                task,
                thresholds=card.thresholds,
                trained_on=trained_on,
            )
        case "lesion":
            evaluation = evaluate_lesion(
                examples,
                partial(ask, reading.lesion_shares_of),
                task,
                lesion_from=card.thresholds[reading.LESION_THRESHOLD],
                thresholds=card.thresholds,
                trained_on=trained_on,
            )
    of_what = {
        "task": task.key,
        "model": model,
        "version": card.version,
        "weights_sha256": card.weights_sha256,
        "part": part,
        "every": every,
    }
    return replace(evaluation, report=with_every_figure({**of_what, **evaluation.report}))


def card_figures(
    task: TaskSpec, model: str, data: Path, protocols: Sequence[str], part: str = "test"
) -> Report:
    """What a card's `figures` say, each entry under the name of what it is of.

    A model that was cross-validated: all held-out patients, under each protocol's name. The weights themselves: the test part,
    where they learned from no patient of it; of a region model also a fixed sample of it (`<part>_every_<n>`), because the
    whole takes minutes.
    """
    figures: Report = {}
    if task.model(model).kind == "region" or not protocols or _never_seen(task, model, data, part):
        figures[part] = rounded(measure(task, model, data, part))
    if task.model(model).kind == "region":
        figures[f"{part}_every_{SAMPLE}"] = rounded(measure(task, model, data, part, SAMPLE))
    for protocol in protocols:
        figures[protocol] = rounded(cross_validation.cross_validated(task, model, data, protocol).report)
    return figures


def _never_seen(task: TaskSpec, model: str, data: Path, part: str) -> bool:
    patients = {example.patient_id for example in load(task.key, data) if example.part == part}
    return bool(patients) and patients.isdisjoint(patients_of_training(task.key, model) or patients)


def rounded(value: Report) -> Report:
    """A report without what the card says elsewhere and what does not apply, to four digits."""
    nothing = {name for name in EVERY_REPORT_HAS if value.get(name) is None and f"{name}_ci95" not in value}
    kept = {name: inner for name, inner in value.items() if name not in {*_SAID_ELSEWHERE, *nothing}}
    return {name: _four_digits(inner) for name, inner in kept.items()}


def _without_tumour(examples: Sequence[Example], task: TaskSpec) -> list[Example]:
    """The images of the first label that have no mask, where masks mark tumours and not anatomy."""
    if not any(example.region_kind == "tumour" for example in examples):
        return []
    head = task.status_head
    return [e for e in examples if e.region_path is None and e.labels.get(head.key) == 0]


def _part(example: Example, protocol: str | None) -> str | None:
    return example.part if protocol is None else example.parts.get(protocol)


def _four_digits(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _four_digits(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_four_digits(inner) for inner in value]
    return round(float(value), 4) if isinstance(value, float) else value


def patients_of_training(task: str, model: str) -> list[str] | None:
    """The patients that a model was trained or stopped on, by its train.yaml; None where it does not say."""
    file = models_dir() / task / model / "train.yaml"
    try:
        patients = yaml.safe_load(file.read_text(encoding="utf-8"))["patients"]
        return [str(patient) for part in ("train", "val") for patient in patients[part]]
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return None


def _answer(
    task: str,
    model: str,
    warn: Warn,
    ask: Callable[[DecodedImage, str, str], Value],
    example: Example,
) -> Answer[Value] | None:
    """What the model says of an example, with the gate's opinion beside it and not applied."""
    try:
        image = read_example(example)
    except (ImageError, OSError) as error:
        warn(f"{example.path}: {getattr(error, 'sentence', error)}")
        return None
    findings = reading.check(image, task, [model])
    gated = findings.state == "stopped" or model in findings.not_applicable
    return Answer(ask(image, task, model), gated)
