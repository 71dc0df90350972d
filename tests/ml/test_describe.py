"""`python -m ml describe` of a model with one question: the card holds its words, its calibration and every figure."""

from pathlib import Path

import pytest
import yaml
from drawn_world import World, drawn_world

from ml.card_texts import card_texts
from ml.cards import card_file, check_card, read_card
from ml.describe import describe
from ml.tasks import ModelSpec, TaskSpec, tasks

NOMINAL = [spec for spec in tasks() if not any(head.ordinal for head in spec.heads)]


@pytest.fixture(scope="module", params=NOMINAL, ids=lambda spec: spec.key)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    with drawn_world(request.param, tmp_path_factory.mktemp(request.param.key)) as drawn:
        yield drawn


def described(world: World, kind: str) -> tuple[ModelSpec, Path]:
    """The card of the task's first model of this kind, written anew, but for what people wrote."""
    model = next(each for each in world.spec.models if each.kind == kind)
    home = world.models / world.spec.key / model.key
    record = {
        "configuration": {"precision": "float32", "validation_parts": ["test"]},
        "patients": {"train": ["q1", "q2"], "val": []},
        "images": {"train": 8, "val": 0},
        "backend": "tensorflow",
        "keras": "3",
    }
    (home / "train.yaml").write_text(yaml.safe_dump(record))
    card_file(world.spec.key, model.key).unlink(missing_ok=True)
    return model, describe(world.spec.key, model.key, world.data)


def figures_of(spec: TaskSpec, model: ModelSpec) -> dict[str, object]:
    figures: dict[str, object] = read_card(spec.key, model.key).figures["test"]
    return figures


def test_a_card_is_complete_from_the_tasks_words_and_what_was_measured(world: World) -> None:
    model, file = described(world, "classification")

    card = yaml.safe_load(file.read_text())
    assert check_card(card) == []
    words = card_texts(world.spec.key, model.key)
    assert {field: card[field] for field in words} == words
    (head,) = world.spec.heads
    assert set(card["temperature"]) == {head.key}
    assert set(card["thresholds"]) == ({head.key} if head.positive else set())


def test_the_figures_are_about_the_images_of_the_test_part(world: World) -> None:
    model, _ = described(world, "classification")

    figures = figures_of(world.spec, model)

    (head,) = world.spec.heads
    assert figures["n_images"] == 4 * len(head.labels)
    assert figures["n_patients_seen_in_training"] == 0
    assert figures["n_by_label"] == dict.fromkeys(head.labels, 4)
    if not head.binary:
        assert figures["recall_by_label"] == dict.fromkeys(head.labels, 0.75)
    assert (figures["sensitivity"] is None) == (head.positive is None)
    at = figures["sensitivity_at_specificity"]
    assert list(at or {}) == [f"{specificity:g}" for specificity in world.spec.specificities]


def test_a_region_models_card_is_complete_too(world: World) -> None:
    if not any(model.kind == "region" for model in world.spec.models):
        pytest.skip("the task outlines nothing")

    model, file = described(world, "region")

    card = yaml.safe_load(file.read_text())
    assert check_card(card) == []
    assert (card["temperature"], card["thresholds"]) == ({}, {})
    assert figures_of(world.spec, model)["dice"] > 0.9
