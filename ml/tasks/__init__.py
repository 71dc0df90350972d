"""The registry of tasks: what Sidelight can read. Pure data; imports no framework."""

from ml.tasks import bone_xray, chest_xray, kidney_ct, kidney_stone, lumbar, sij_mri
from ml.tasks.find_task import SPEC as FIND_TASK
from ml.tasks.spec import Definition, Head, Kind, ModelSpec, TaskSpec, UnknownModel, UnknownTask, Wording

__all__ = [
    "FIND_TASK",
    "Definition",
    "Head",
    "Kind",
    "ModelSpec",
    "TaskSpec",
    "UnknownModel",
    "UnknownTask",
    "Wording",
    "offered",
    "offered_task",
    "task",
    "tasks",
]

_TASKS = (
    sij_mri.SPEC,
    kidney_stone.SPEC,
    kidney_ct.SPEC,
    chest_xray.SPEC,
    bone_xray.SPEC,
    lumbar.SPEC,
)


def tasks() -> tuple[TaskSpec, ...]:
    """Every task: what the command line knows."""
    return _TASKS


def offered() -> tuple[TaskSpec, ...]:
    """The tasks that clinicians can choose, in the order of the pages: all that the web application knows."""
    return tuple(spec for spec in _TASKS if spec.offered)


def task(key: str) -> TaskSpec:
    """The task of this key, also `FIND_TASK`, which no list names. Raises `UnknownTask`."""
    return FIND_TASK if key == FIND_TASK.key else _named(key, tasks())


def offered_task(key: str) -> TaskSpec:
    """The task of this key that clinicians can choose. Raises `UnknownTask`, also where it is not offered."""
    return _named(key, offered())


def _named(key: str, known: tuple[TaskSpec, ...]) -> TaskSpec:
    for spec in known:
        if spec.key == key:
            return spec
    raise UnknownTask(key, tuple(spec.key for spec in known))
