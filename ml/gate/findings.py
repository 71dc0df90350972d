"""What the gate found, and what follows for each model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ml.tasks import TaskSpec

COLOUR = (
    "This is a colour image. {task} is read from grey MRI slices only, so no model reads it. "
    "Check that the right file was chosen; a screenshot with coloured marks must be exported again without them."
)


@dataclass(frozen=True)
class GateFindings:
    """The gate's answer on one image.

    Args:
        kind: which of the task's image kinds it looks like.
        scores: score of each kind, adding up to 1 (empty where a plain check decided).
        state: `stopped` when no chosen model may judge the image.
        sentence: for the clinician, when stopped.
        not_applicable: model key to the sentence why it may not judge this image.
    """

    kind: str
    scores: dict[str, float]
    state: Literal["passed", "stopped"]
    sentence: str | None = None
    not_applicable: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As it is stored and answered."""
        return asdict(self)


def conclude(task: TaskSpec, kind: str, scores: dict[str, float], models: Sequence[str]) -> GateFindings:
    """What an image of this kind means for the chosen models."""
    other = task.image_kinds[-1]
    if kind == other:
        return stopped(task, scores, task.wording.stopped)
    chosen = task.chosen(list(models))
    refused = {model.key: model.not_judged for model in chosen if kind not in model.judges}
    if chosen and len(refused) == len(chosen):
        sentence = next(iter(refused.values()))
        return GateFindings(kind, scores, "stopped", sentence, refused)
    return GateFindings(kind, scores, "passed", None, refused)


def stopped(task: TaskSpec, scores: dict[str, float], sentence: str) -> GateFindings:
    """An image that no model of the task may judge."""
    kind = task.image_kinds[-1]
    return GateFindings(kind, scores, "stopped", sentence, {})
