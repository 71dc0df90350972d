"""What the gate does with pictures that nothing was fitted to, task by task.

Every picture goes the way of an upload, through `conclude` of every task with a gate and all of the task's models. What is
let through and what is stopped is counted by picture, with Wilson's interval.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import binomtest

from ml.gate.check import plainly_stopped
from ml.gate.findings import conclude
from ml.gate.looks import (
    INVERTED,
    LOOKS,
    MANNERS,
    OTHER,
    TURNED,
    UPRIGHT,
    UPSIDE_DOWN,
    Look,
    look_of,
    shown,
)
from ml.gate.training.pictures import Picture
from ml.gate.training.variants import in_manner, varied
from ml.gate.view import gate_view
from ml.images.decode import DecodedImage
from ml.registry import Registry
from ml.tasks import TaskSpec, tasks

_SEED = 7
_AS_IT_IS, _VARIED = "as it is", "varied"


class _Seen:
    """One picture in one manner, as it is or varied, and what the gate saw."""

    def __init__(
        self, picture: Picture, manner: str, how: str, image: DecodedImage, registry: Registry
    ) -> None:
        self.picture, self.manner, self.how = picture, manner, how
        self._refused = plainly_stopped(image, "No task")
        self._gate = registry.gate()
        self._said = self._gate.run(gate_view(image))

    def look(self, expected: Collection[str] = ()) -> Look:
        scores, distances = self._said
        return look_of(scores, distances, self._gate.card.thresholds, expected)

    def passes(self, task: TaskSpec) -> bool:
        if self._refused:
            return False
        findings = conclude(task, self.look(task.image_kinds), [model.key for model in task.models])
        return findings.state == "passed"


def figures_of(pictures: Sequence[Picture], registry: Registry) -> dict[str, Any]:
    """Of pictures that nothing was fitted to: `by_task` (let through, stopped, and of what), `by_kind` and `by_manner`.

    `let_through`: the task's own pictures as they are; `let_through_varied`: the same with another aspect, contrast and
    equalisation, as uploads may be; `foreign_stopped`: upright pictures of all other kinds.

    Raises:
        ModelUnavailable: the gate cannot run.
    """
    seen = list(_all_seen(pictures, registry))
    upright = [s for s in seen if s.manner == UPRIGHT and s.how == _AS_IT_IS]
    return {
        **counted(pictures),
        "interval": "Wilson, by image",
        "by_task": {task.key: _of_task(task, seen, upright) for task in tasks() if task.image_kinds},
        "by_kind": {
            kind: _share(
                "recognised",
                [s for s in upright if s.picture.kind == kind],
                lambda s: s.look().kind == s.picture.kind,
            )
            for kind in dict.fromkeys(p.kind for p in pictures)
        },
        "by_manner": {
            f"{kind}, {manner}": _share("told", chosen, partial(_is_told, manner))
            for kind in dict.fromkeys(p.kind for p in pictures if p.kind != OTHER)
            for manner in (INVERTED, TURNED, UPSIDE_DOWN)
            if (kind, manner) in LOOKS
            and (chosen := [s for s in seen if s.picture.kind == kind and s.manner == manner])
        },
    }


def _of_task(task: TaskSpec, seen: Sequence[_Seen], upright: Sequence[_Seen]) -> dict[str, Any]:
    own = [s for s in seen if s.picture.kind in task.image_kinds and s.manner == UPRIGHT]
    foreign = [s for s in upright if s.picture.kind not in task.image_kinds]

    def passes(each: _Seen) -> bool:
        return each.passes(task)

    return {
        **counted([s.picture for s in upright]),
        "by_figure": {
            "let through": _share("share", [s for s in own if s.how == _AS_IT_IS], passes),
            "let through, varied": _share("share", [s for s in own if s.how == _VARIED], passes),
            "foreign stopped": _share("share", foreign, lambda s: not passes(s)),
            **{
                f"foreign stopped, {name}": _share("share", chosen, lambda s: not passes(s))
                for name in dict.fromkeys(_origin(s) for s in foreign)
                if (chosen := [s for s in foreign if _origin(s) == name])
            },
        },
    }


def _origin(seen: _Seen) -> str:
    return seen.picture.source if seen.picture.kind == OTHER else seen.picture.kind


def _is_told(manner: str, seen: _Seen) -> bool:
    return seen.look().manner == manner


def _all_seen(pictures: Sequence[Picture], registry: Registry) -> Iterable[_Seen]:
    generator = np.random.default_rng(_SEED)
    for picture in pictures:
        for manner in MANNERS:
            if shown(picture.kind, manner) != (picture.kind, manner):
                continue
            turned = np.ascontiguousarray(in_manner(picture.pixels, manner, generator))
            yield _Seen(picture, manner, _AS_IT_IS, _image(turned), registry)
            if manner == UPRIGHT and picture.kind != OTHER:
                yield _Seen(picture, manner, _VARIED, _image(varied(turned, generator)), registry)


def _image(pixels: np.ndarray) -> DecodedImage:
    return DecodedImage(pixels, "PNG")


def counted(pictures: Sequence[Picture]) -> dict[str, int]:
    """How many images, and of how many patients where it is known."""
    return {
        "n_images": len(pictures),
        "n_patients": len({(p.source, p.patient_id) for p in pictures if p.patient_id}),
    }


def _share(name: str, seen: Sequence[_Seen], fits: Callable[[_Seen], bool]) -> dict[str, Any]:
    found = sum(map(fits, seen))
    interval = binomtest(found, len(seen)).proportion_ci(method="wilson")
    return {
        **counted([s.picture for s in seen]),
        name: round(found / len(seen), 4),
        f"{name}_ci95": [round(float(interval.low), 4), round(float(interval.high), 4)],
    }
