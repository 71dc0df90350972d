"""A model is measured on a part of the deployed split or of another protocol; every report names every figure."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ml import measuring
from ml.data import Example
from ml.evaluation import Answer
from ml.evaluation.report import EVERY_REPORT_HAS
from ml.tasks import task

TASK = task("bone_xray")
(HEAD,) = TASK.heads
CLASSIFIER = TASK.default_model


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Example]:
    """Twelve images; the two protocols test others of them. A model that is always right, or outlines everything."""
    found = [
        Example(
            str(number),
            tmp_path / str(number),
            patient_id=f"p{number}",
            part="test" if number < 3 else "train",
            parts={"part_center": "test" if number >= 5 else "train"},
            labels={HEAD.key: number % 3},
        )
        for number in range(12)
    ]
    monkeypatch.setattr(measuring, "load", lambda *_: found)
    card = SimpleNamespace(version="1.0.0", weights_sha256="0", thresholds={}, key=CLASSIFIER)
    monkeypatch.setattr(measuring, "read_card", lambda *_: card)
    monkeypatch.setattr(measuring, "patients_of_training", lambda *_: ["p3", "p6"])
    monkeypatch.setattr(measuring, "_answer", answer)
    return found


def answer(_task: str, model: str, _warn: Callable[..., None], _ask: object, example: Example) -> Answer[Any]:
    if TASK.model(model).kind == "region":
        return Answer(np.ones((8, 8), np.float32))
    place = example.labels[HEAD.key]
    return Answer({HEAD.key: {label: float(n == place) for n, label in enumerate(HEAD.labels)}})


@pytest.mark.parametrize(
    ("part", "protocol", "images", "seen"),
    [("test", None, 3, 0), ("test", "part_center", 7, 1), (None, None, 12, 2)],
)
def test_a_part_is_that_of_the_deployed_split_or_of_the_protocol_named(
    examples: list[Example], part: str | None, protocol: str | None, images: int, seen: int
) -> None:
    report = measuring.evaluated(TASK, CLASSIFIER, Path("x"), part, protocol=protocol).report

    assert report["n_images"] == report["n_patients"] == images
    assert report["n_patients_seen_in_training"] == seen
    assert report["auc"] == 1.0


def test_a_part_that_nothing_belongs_to_is_named_with_those_that_there_are(examples: list[Example]) -> None:
    said: list[str] = []

    measuring.evaluated(TASK, CLASSIFIER, Path("x"), "exam", protocol="part_center", warn=said.append)

    assert "Its parts: test, train" in said[0]


@pytest.mark.parametrize("kind", ["classification", "region"])
def test_every_report_names_every_figure_and_a_card_only_those_that_apply(
    examples: list[Example], kind: str
) -> None:
    model = next(each.key for each in TASK.models if each.kind == kind)

    report = measuring.measure(TASK, model, Path("x"))

    assert set(EVERY_REPORT_HAS) <= set(report)
    foreign = "dice" if kind == "classification" else "auc"
    assert report[foreign] is None
    assert foreign not in measuring.rounded(report)
