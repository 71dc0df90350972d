"""`python -m ml overview`: every model's figures from its card, as the table of models/README.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ml.cards import GATE, Card, CardError, read_card
from ml.evaluation.cross_validation import why_leaky
from ml.tasks import ModelSpec, TaskSpec

_HEAD = """# Models

Written by `python -m ml overview > models/README.md` from the cards, whose figures `python -m ml describe` computes. Each
folder holds `weights.safetensors` (kernels at half precision), `card.yaml` (what the model is for, its figures, its failures),
`train.yaml` (what made it) and, where a model was cross-validated, `out_of_fold.csv` and `out_of_fold.<protocol>.csv` (what each
fold said of patients whom it never saw). Square brackets: 95 % interval, bootstrap by patient; n is images / patients.

Published figures stand in the cards under `published`. Most come from splits by image, from other data or from other splits: no
floor to be compared with directly. What a card says under a leaky protocol repeats such a split, and is too good.
"""

_STATUS = {
    "auc": "status AUC",
    "auc_within_patients": "status AUC within patients",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "accuracy": "status accuracy",
    "stage_accuracy": "stage accuracy",
    "stage_quadratic_kappa": "stage quadratic kappa",
    "lesion_dice": "lesion Dice",
}
_LABELS = {
    "auc": "AUC",
    "auc_by_block": "AUC by block of slices",
    "auc_gap": "AUC above that of the task's own protocol",
    "balanced_accuracy": "balanced accuracy",
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "f2": "F2",
    "expected_calibration_error": "expected calibration error",
}
_MASKS = {"iou": "IoU", "dice": "Dice", "hausdorff95_mm": "Hausdorff 95 % (mm)"}


def overview(specs: tuple[TaskSpec, ...]) -> str:
    """The figures of all models that have a card, a section a task, in Markdown."""
    return "\n".join([_HEAD, *map(_section, specs), *_gate(specs)])


def _gate(specs: tuple[TaskSpec, ...]) -> Iterator[str]:
    """What the gate lets through and stops, task by task."""
    try:
        by_task = read_card(GATE, GATE).figures["test"]["by_task"]
    except (CardError, KeyError):
        return
    lines = [
        f"| {spec.name} | {name} | {found['share']:.3f} [{found['share_ci95'][0]:.3f} to {found['share_ci95'][1]:.3f}] "
        f"| {found['n_images']} / {found['n_patients']} |"
        for spec in specs
        for name, found in by_task.get(spec.key, {}).get("by_figure", {}).items()
    ]
    yield (
        "## The gate (`gate`)\n\nOne network over all tasks, on images that nothing was fitted to. Intervals here are "
        "Wilson’s, by image. “Varied”: another aspect, contrast and equalisation, as uploads may have.\n\n"
        "| task | images | share | n |\n|---|---|---|---|\n" + "\n".join(lines) + "\n"
    )


def _section(spec: TaskSpec) -> str:
    cards = [(model, card) for model in spec.models if (card := _card(spec, model)) is not None]
    note = "" if spec.offered else " Offered to nobody."
    head = f"## {spec.name} (`{spec.key}`)\n\n{spec.wording.summary}{note}\n\n"
    if not cards:
        return head + "No model of this task has a card yet.\n"
    lines = [line for model, card in cards for line in _lines(spec, model, card)]
    leaks = sorted({why for _, card in cards for protocol in card.figures if (why := why_leaky(protocol))})
    return (
        head
        + "| model | measured on | figure | value | n |\n|---|---|---|---|---|\n"
        + "\n".join(lines)
        + "".join(f"\n\nLeaky: {why}" for why in leaks)
        + "\n"
    )


def _card(spec: TaskSpec, model: ModelSpec) -> Card | None:
    try:
        return read_card(spec.key, model.key)
    except CardError:
        return None


def _lines(spec: TaskSpec, model: ModelSpec, card: Card) -> Iterator[str]:
    for protocol, figures in card.figures.items():
        if "_every_" not in protocol:
            yield from _block(spec, card, protocol, figures, model.kind)


def _block(spec: TaskSpec, card: Card, protocol: str, figures: Mapping[str, Any], kind: str) -> Iterator[str]:
    where = protocol.replace("_", " ") + (" (leaky)" if figures.get("leaky") else "")
    staged = any(head.ordinal for head in spec.heads)
    for key, name in (_MASKS if kind == "region" else _STATUS if staged else _LABELS).items():
        if figures.get(key) is not None:
            yield _line(card, where, name, figures[key], figures.get(f"{key}_ci95"), figures)
    positive = next((head.positive for head in spec.heads if head.positive), "")
    yield from _by(
        card, where, figures, "sensitivity_at_specificity", f"sensitivity for {positive} at specificity"
    )
    yield from _by(card, where, figures, "recall_by_stage" if staged else "recall_by_label", "recall of")
    for group in ("by_region_kind", "by_sequence"):
        for name, inner in (figures.get(group) or {}).items():
            if inner.get("iou") is not None:
                yield _line(card, f"{where}, {name}", "IoU", inner["iou"], inner.get("iou_ci95"), inner)


def _by(card: Card, where: str, figures: Mapping[str, Any], key: str, words: str) -> Iterator[str]:
    """A line for each of the figures that are told under one key."""
    intervals = figures.get(f"{key}_ci95") or {}
    counts = figures.get(key.replace("recall_by_", "n_by_")) if key.startswith("recall_by_") else None
    for group, value in (figures.get(key) or {}).items():
        if value is not None:
            counted = (counts or {}).get(group)
            yield _line(card, where, f"{words} {group}", value, intervals.get(group), figures, counted)


def _line(
    card: Card,
    where: str,
    name: str,
    value: float,
    interval: list[float] | None,
    figures: Mapping[str, Any],
    counted: int | None = None,
) -> str:
    between = f" [{interval[0]:.3f} to {interval[1]:.3f}]" if interval else ""
    images = figures["n_images"] if counted is None else counted
    return f"| `{card.key}` | {where} | {name} | {value:.3f}{between} | {images} / {figures['n_patients']} |"
