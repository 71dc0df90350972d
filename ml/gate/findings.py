"""What the gate found, and what follows for each model of a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ml.gate import sentences
from ml.gate.looks import INVERTED, OTHER, TURNED, UPRIGHT, Look
from ml.tasks import TaskSpec, offered

Reason = Literal[
    "", "colour", "blank", "other", "another task", "inverted", "turned", "atypical", "not judged"
]


@dataclass(frozen=True)
class GateFindings:
    """The gate's answer on one image.

    Args:
        kind: which kind of image it looks like (`ml.gate.looks.KINDS`), empty where nothing looked.
        scores: score of each kind, adding up to 1 (empty where a plain check decided).
        state: `stopped` when no chosen model may judge the image.
        sentence: for the clinician, when stopped.
        not_applicable: model key to the sentence why it may not judge this image.
        reason: why it was stopped, in one word for programs.
        manner: `upright`, `inverted`, `turned` or `upside down`; empty where nothing looked.
        strangeness: above 1 the image is not typical of what the kind was learned from; None where nothing looked.
    """

    kind: str
    scores: dict[str, float]
    state: Literal["passed", "stopped"]
    sentence: str | None = None
    not_applicable: dict[str, str] = field(default_factory=dict)
    reason: Reason = ""
    manner: str = ""
    strangeness: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As it is stored and answered."""
        return asdict(self)


def conclude(task: TaskSpec, look: Look, models: Sequence[str]) -> GateFindings:
    """What an image of this look means for the chosen models of a task that has a gate."""
    if look.kind == OTHER:
        return stopped("other", task.wording.stopped, look)
    if look.kind not in task.image_kinds:
        return stopped(
            "another task", sentences.another_task(look.kind, task, tasks_reading(look.kind)), look
        )
    if (unfit := _unfit(look)) is not None:
        return unfit
    chosen = task.chosen(list(models))
    refused = {model.key: model.not_judged for model in chosen if look.kind not in model.judges}
    if chosen and len(refused) == len(chosen):
        return stopped("not judged", next(iter(refused.values())), look, refused)
    return GateFindings(look.kind, look.scores, "passed", None, refused, "", look.manner, look.strangeness)


def found_task(look: Look) -> TaskSpec | None:
    """The offered task that reads this kind; of several, the one that tells most labels apart. None where none does."""
    return max(
        tasks_reading(look.kind), key=lambda spec: sum(len(h.labels) for h in spec.heads), default=None
    )


def tasks_reading(kind: str) -> tuple[TaskSpec, ...]:
    """The offered tasks that read a kind of image, in the order of the pages."""
    return tuple(spec for spec in offered() if kind in spec.image_kinds)


def stopped(
    reason: Reason, sentence: str, look: Look | None = None, not_applicable: dict[str, str] | None = None
) -> GateFindings:
    """An image that no chosen model may judge."""
    refused = not_applicable or {}
    if look is None:
        return GateFindings(OTHER, {}, "stopped", sentence, refused, reason)
    return GateFindings(
        look.kind, look.scores, "stopped", sentence, refused, reason, look.manner, look.strangeness
    )


def _unfit(look: Look) -> GateFindings | None:
    """An image of a right kind that is not as such images were learned from."""
    if look.manner == INVERTED:
        return stopped("inverted", sentences.inverted(look.kind), look)
    if look.manner != UPRIGHT:
        sentence = sentences.turned(look.kind, by_a_quarter=look.manner == TURNED)
        return stopped("turned", sentence, look)
    if not look.typical:
        return stopped("atypical", sentences.atypical(look.kind), look)
    return None
