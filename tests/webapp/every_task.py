"""Tasks as clinicians get them when all of them are offered, whether their weights are there yet or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from ml import tasks as registry
from ml.tasks import TaskSpec

# Offered to nobody, for good: it repeats a publication's protocol.
COMPARISON = "lumbar"
SPECS = tuple(spec for spec in registry.tasks() if spec.key != COMPARISON)


@contextmanager
def all_offered() -> Iterator[None]:
    """Inside, every task that is meant for clinicians can be chosen."""
    with pytest.MonkeyPatch.context() as patch:
        offered = tuple(replace(spec, offered=spec.key != COMPARISON) for spec in registry.tasks())
        patch.setattr(registry, "_TASKS", offered)
        yield


def answers(spec: TaskSpec, *places: int) -> dict[str, dict[str, str]]:
    """What each voting model says: the label at its place of `places`, in turn, of every head."""
    voters = [model for model in spec.models if model.kind != "region"]
    return {
        model.key: {head.key: head.labels[places[i % len(places)] % len(head.labels)] for head in spec.heads}
        for i, model in enumerate(voters)
    }
