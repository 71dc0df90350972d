"""The registry of tasks: what Sidelight can read. Pure data; imports no framework."""

from ml.tasks import sij_mri
from ml.tasks.spec import Definition, Head, Kind, ModelSpec, TaskSpec, UnknownModel, UnknownTask, Wording

__all__ = [
    "Definition",
    "Head",
    "Kind",
    "ModelSpec",
    "TaskSpec",
    "UnknownModel",
    "UnknownTask",
    "Wording",
    "task",
    "tasks",
]

_TASKS = {spec.key: spec for spec in (sij_mri.SPEC,)}


def tasks() -> tuple[TaskSpec, ...]:
    """Every task, in the order of the pages."""
    return tuple(_TASKS.values())


def task(key: str) -> TaskSpec:
    """The task of this key. Raises `UnknownTask`."""
    try:
        return _TASKS[key]
    except KeyError:
        raise UnknownTask(key, tuple(_TASKS)) from None
