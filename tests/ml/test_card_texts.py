"""What people wrote for cards: whole for every model of a task that has such a file, and honest about leaks."""

import pytest

from ml.card_fields import FIELDS
from ml.card_texts import card_texts
from ml.tasks import ModelSpec, TaskSpec, tasks

WRITTEN = {
    "version",
    "licence",
    "intended_use",
    "not_for",
    "data",
    "label_source",
    "split",
    "preprocessing",
    "input_checks",
    "published",
    "known_failures",
}
EVERY = [(spec, model) for spec in tasks() for model in spec.models if card_texts(spec.key, model.key)]
every_model = pytest.mark.parametrize(
    ("spec", "model"), EVERY, ids=[f"{spec.key}-{model.key}" for spec, model in EVERY]
)


@every_model
def test_every_written_field_says_something(spec: TaskSpec, model: ModelSpec) -> None:
    texts = card_texts(spec.key, model.key)

    assert set(texts) == WRITTEN
    for field, value in texts.items():
        expected, fits = FIELDS[field]
        assert fits(value), f"{field}: expected {expected}"


@every_model
def test_a_published_figure_says_what_it_is_worth(spec: TaskSpec, model: ModelSpec) -> None:
    published = card_texts(spec.key, model.key)["published"]

    assert published["why"]
    assert "leaky" in published or published["figure"].startswith("None:")


def test_a_models_list_is_put_after_its_tasks_and_its_sentence_in_the_place_of_its_tasks() -> None:
    network, outline = (card_texts("bone_xray", key) for key in ("lite0_classifier", "tumour_unet"))

    assert outline["known_failures"][: len(network["known_failures"])] == network["known_failures"]
    assert len(outline["known_failures"]) > len(network["known_failures"])
    assert outline["intended_use"] != network["intended_use"]
    assert outline["licence"] == network["licence"]


def test_weights_of_bone_radiographs_are_for_non_commercial_research_only() -> None:
    for model in ("efficientnet_b0", "lite0_classifier", "tumour_unet"):
        licence = card_texts("bone_xray", model)["licence"]
        assert "non-commercial research only" in licence
        assert "CC BY-NC-ND" in licence


def test_a_task_whose_cards_hold_their_words_has_no_file() -> None:
    assert card_texts("sij_mri", "cnn_classifier") == {}
