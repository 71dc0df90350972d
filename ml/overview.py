"""`python -m ml overview`: every model's figures from its card, as the table of models/README.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ml.cards import Card, CardError, read_card
from ml.tasks import ModelSpec, TaskSpec

_HEAD = """# Models

Written by `python -m ml overview > models/README.md` from the cards, whose figures `python -m ml describe` computes. Each
folder holds `weights.safetensors` (kernels at half precision), `card.yaml` (what the model is for, its figures, its failures),
`train.yaml` (what made it) and, where a model was cross-validated, `out_of_fold.csv` (what each fold said of patients whom it
never saw). Square brackets: 95 % interval, bootstrap by patient; n is images / patients.

Published figures stand in the cards under `published`. They come from splits by image and from other data: no floor to be
compared with directly.
"""

_LABELS = {
    "auc": "status AUC",
    "auc_within_patients": "status AUC within patients",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "accuracy": "status accuracy",
    "stage_accuracy": "stage accuracy",
    "stage_quadratic_kappa": "stage quadratic kappa",
    "lesion_dice": "lesion Dice",
}
_MASKS = {"iou": "IoU", "dice": "Dice", "hausdorff95_mm": "Hausdorff 95 % (mm)"}


def overview(specs: tuple[TaskSpec, ...]) -> str:
    """The table of all models that have a card, a section a task, in Markdown."""
    sections = [_HEAD]
    for spec in specs:
        lines = [line for model in spec.models for line in _lines(spec, model)]
        if lines:
            note = "" if spec.offered else " For comparison only: offered to nobody."
            sections.append(
                f"## {spec.name} (`{spec.key}`)\n\n{spec.wording.summary}{note}\n\n"
                "| model | measured on | figure | value | n |\n|---|---|---|---|---|\n"
                + "\n".join(lines)
                + "\n"
            )
    return "\n".join(sections)


def _lines(spec: TaskSpec, model: ModelSpec) -> Iterator[str]:
    try:
        card = read_card(spec.key, model.key)
    except CardError:
        return
    for protocol, figures in card.figures.items():
        if "_every_" in protocol:
            continue
        yield from _block(card, protocol, figures, model.kind)


def _block(card: Card, protocol: str, figures: Mapping[str, Any], kind: str) -> Iterator[str]:
    where = protocol.replace("_", " ") + (" (leaky: split by image)" if figures.get("leaky") else "")
    for key, name in (_MASKS if kind == "region" else _LABELS).items():
        if figures.get(key) is not None:
            yield _line(card, where, name, figures[key], figures.get(f"{key}_ci95"), figures)
    for label, value in (figures.get("recall_by_stage") or {}).items():
        interval = (figures.get("recall_by_stage_ci95") or {}).get(label)
        if value is not None:
            counted = (figures.get("n_by_stage") or {}).get(label)
            yield _line(card, where, f"recall of {label}", value, interval, figures, counted)
    for group in ("by_region_kind", "by_sequence"):
        for name, inner in (figures.get(group) or {}).items():
            if inner.get("iou") is not None:
                yield _line(card, f"{where}, {name}", "IoU", inner["iou"], inner.get("iou_ci95"), inner)


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
