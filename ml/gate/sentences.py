"""What the gate tells the clinician, a sentence or two a reason: what it saw, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from ml.tasks import TaskSpec

_NAMES = {
    "STIR": "a STIR slice of the sacroiliac joints",
    "T1W": "a T1 slice of the sacroiliac joints",
    "CT": "a kidney CT",
    "chest radiograph": "a chest radiograph",
    "bone radiograph": "a bone radiograph",
}

COLOUR = (
    "This is a colour image. {task} reads grey images only, so no model reads it. "
    "Check that the right file was chosen; a screenshot with coloured marks must be exported again without them."
)
BLANK = (
    "This image shows nothing: nearly all of it has the same grey value, so no model reads it. "
    "Check that the right file was chosen, and that it opens in a viewer."
)
NO_TASK = (
    "This looks like no image that a task here reads, so no task was found for it. "
    "Check that the right image was chosen, or choose the task yourself."
)


def another_task(kind: str, task: TaskSpec, readers: Sequence[TaskSpec]) -> str:
    """An image that another task reads, or that none of those offered reads."""
    seen = f"This looks like {_NAMES[kind]}; the task {task.name} does not read it."
    if not readers:
        return f"{seen} Check that the right image was chosen."
    return f"{seen} Upload it under {' or '.join(spec.name for spec in readers)}."


def no_reader(kind: str) -> str:
    """Find the task: the kind is known, but no offered task reads it."""
    return f"This looks like {_NAMES[kind]}, and no task that is offered here reads it."


def inverted(kind: str) -> str:
    """Black and white have changed places."""
    return (
        f"This looks inverted: {_NAMES[kind]} with black and white exchanged, so no model reads it. "
        "Invert it back in your viewer, export it and upload it again."
    )


def turned(kind: str, *, by_a_quarter: bool) -> str:
    """The image lies on its side or on its head."""
    how = "turned by 90 degrees" if by_a_quarter else "turned by 180 degrees (upside down)"
    return (
        f"This looks {how}: {_NAMES[kind]} that does not stand upright, so no model reads it. "
        "Turn it upright and upload it again."
    )


def atypical(kind: str) -> str:
    """The right kind, but unlike what was learned from."""
    return (
        f"This looks like {_NAMES[kind]}, but it is not typical of those that the models of this task learned from, so none "
        "reads it. Check view, crop and quality; if it is the right image, read it anyway and trust the answer less."
    )
