"""Whatever the shape of a task, its pages and the interface show all of it and no word of another."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient

from ml.tasks import FIND_TASK, ModelSpec, TaskSpec, offered
from tests.webapp.conftest import AuthActions
from tests.webapp.every_task import SPECS, answers
from tests.webapp.program import Script
from tests.webapp.reading_room import finish_with, uploaded
from webapp.readings.summary import label_head, stage_head
from webapp.settings import Settings

EACH = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
MODELS = pytest.mark.parametrize(
    ("spec", "model"),
    [pytest.param(spec, model, id=f"{spec.key}-{model.key}") for spec in SPECS for model in spec.models],
)
FIGURES = {
    "n_images": 40,
    "n_patients": 4,
    "auc": 0.91,
    "auc_ci95": [0.85, 0.95],
    "sensitivity": None,
    "recall_by_label": {"Some": 0.5},
    "recall_by_label_ci95": {"Some": [0.3, 0.7]},
    "sensitivity_at_specificity": {"0.957": 0.61},
}


pytestmark = pytest.mark.usefixtures("_all_offered")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", models_dir=tmp_path / "models", min_free_mb=0)


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    auth.signup()
    return client


def main_of(client: FlaskClient, address: str) -> str:
    """What stands in the middle of a page, as text with its tags."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return html.unescape(answer.text.partition("<main")[2].partition("</main>")[0])


def words_of(page: str) -> str:
    """What a reader of a page reads, in one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def read(app: Flask, client: FlaskClient, spec: TaskSpec, answered: Mapping[str, Mapping[str, str]]) -> str:
    """A study of the task that all its models have read; gives its uuid."""
    uuid = uploaded(client, task=spec.key, models=[model.key for model in spec.models])
    finish_with(app, uuid, answered)
    return uuid


@EACH
def test_it_can_be_chosen_with_each_of_its_models(reader: FlaskClient, spec: TaskSpec) -> None:
    page = main_of(reader, f"/studies/new?task={spec.key}")

    models = page.partition(f'<fieldset class="field" data-task="{spec.key}">')[2].partition("</fieldset>")[0]
    assert f'<option value="{spec.key}" selected>{spec.name}</option>' in page
    assert [f'value="{model.key}" checked' in models for model in spec.models] == [True] * len(spec.models)
    assert spec.wording.upload_hint in page


def test_only_the_models_of_the_chosen_task_can_be_sent(reader: FlaskClient) -> None:
    page = main_of(reader, "/studies/new")

    groups = re.findall(r'<fieldset[^>]*data-task="(\w+)"([^>]*)>', page)
    assert [key for key, state in groups if "disabled" not in state] == [offered()[0].key]
    assert len(groups) == len(SPECS)


@EACH
def test_while_it_waits_its_models_are_named(reader: FlaskClient, spec: TaskSpec) -> None:
    uuid = uploaded(reader, task=spec.key, models=[model.key for model in spec.models])

    page = main_of(reader, f"/studies/{uuid}")

    assert all(model.name in page for model in spec.models)


@EACH
def test_the_result_shows_every_label_with_its_score_and_how_sure_each_model_is(
    app: Flask, reader: FlaskClient, spec: TaskSpec
) -> None:
    said = answers(spec, -1)
    page = main_of(reader, f"/studies/{read(app, reader, spec, said)}")
    text = words_of(page)

    voters = len(said)
    chief = next((head for head in spec.heads if head.ordinal), spec.heads[0])
    assert f"{voters} of {voters} models say {chief.labels[-1]}." in text
    for head in spec.heads:
        assert all(label in text for label in head.labels)
        assert all(f"{head.name} {label}: score 0.70" in page for label in head.labels[-1:])
        rest = f"{0.3 / (len(head.labels) - 1):.2f}"
        assert all(f"{head.name} {label}: score {rest}" in page for label in head.labels[:-1])
    assert text.count("Risk of error LOW") == voters
    assert text.count("Uncertainty 0.25") == voters
    assert all(model.name in page for model in spec.models)


@EACH
def test_the_result_has_no_word_of_another_task(app: Flask, reader: FlaskClient, spec: TaskSpec) -> None:
    page = words_of(main_of(reader, f"/studies/{read(app, reader, spec, answers(spec, 0))}")).lower()

    own = {head.name for head in spec.heads}
    others = {head.name for other in SPECS for head in other.heads} - own
    foreign = others | ({"STIR", "sacroiliac"} if spec.modality != "MR" else set())
    assert [word for word in foreign if re.search(rf"\b{word.lower()}\b", page)] == []


@EACH
def test_models_that_differ_are_named(app: Flask, reader: FlaskClient, spec: TaskSpec) -> None:
    said = answers(spec, 0, -1)
    text = words_of(main_of(reader, f"/studies/{read(app, reader, spec, said)}"))

    assert "Judge the image before the answers." in text
    history = main_of(reader, "/studies")
    assert "Models differ" in history


@EACH
def test_a_region_can_be_switched_where_there_is_one_and_no_heatmap_is_focused_on_nothing(
    app: Flask, reader: FlaskClient, spec: TaskSpec
) -> None:
    page = main_of(reader, f"/studies/{read(app, reader, spec, answers(spec, 0))}")

    assert ("data-region-toggle" in page) == (spec.region_model is not None)
    assert ('data-heatmap="focused"' in page) == (spec.region_model is not None)
    assert ("Focused" in page) == (spec.region_model is not None)
    assert "data-unfocused=" in page


@EACH
def test_a_stopped_study_says_what_can_be_read(app: Flask, reader: FlaskClient, spec: TaskSpec) -> None:
    uuid = uploaded(reader, task=spec.key, models=[spec.default_model])
    finish_with(app, uuid, {}, state="stopped")

    assert spec.wording.upload_hint in main_of(reader, f"/studies/{uuid}")


@EACH
def test_history_finds_it_by_each_of_its_labels(app: Flask, reader: FlaskClient, spec: TaskSpec) -> None:
    head = label_head(spec)
    assert head is not None
    studies = {
        label: read(app, reader, spec, answers(spec, place)) for place, label in enumerate(head.labels)
    }

    for label, uuid in studies.items():
        page = main_of(reader, f"/studies?task={spec.key}&status={label}")
        assert [other for other in studies.values() if other in page] == [uuid]
        assert f'<option value="{label}" selected>' in page


@EACH
def test_history_asks_for_the_words_of_the_chosen_task(
    app: Flask, reader: FlaskClient, spec: TaskSpec
) -> None:
    read(app, reader, spec, answers(spec, 0))

    page = main_of(reader, f"/studies?task={spec.key}")

    stage, label = stage_head(spec), label_head(spec)
    assert label is not None
    choices = re.findall(r'<select class="input" name="status">(.*?)</select>', page, re.DOTALL)[0]
    assert re.findall(r'value="([^"]+)"', choices) == list(label.labels)
    assert label.name in words_of(page.partition("<thead>")[2].partition("</thead>")[0])
    assert ('name="stage"' in page) == (stage is not None)
    assert spec.name in words_of(page.partition("<tbody>")[2])


def test_history_of_all_tasks_asks_for_any_label(app: Flask, reader: FlaskClient) -> None:
    studies = {spec.key: read(app, reader, spec, answers(spec, -1)) for spec in SPECS}

    page = main_of(reader, "/studies")

    assert all(uuid in page for uuid in studies.values())
    labels = {label for spec in SPECS if (head := label_head(spec)) for label in head.labels}
    choices = re.findall(r'<select class="input" name="status">(.*?)</select>', page, re.DOTALL)[0]
    assert set(re.findall(r'value="([^"]+)"', choices)) == labels
    assert page.count("<td") == len(SPECS) * page.count("<th ")


@EACH
def test_the_sign_of_an_answer_stands_only_where_there_is_one_other(
    app: Flask, reader: FlaskClient, spec: TaskSpec
) -> None:
    read(app, reader, spec, answers(spec, -1))

    row = main_of(reader, "/studies").partition("<tbody>")[2]

    head = label_head(spec)
    assert head is not None
    assert ("#i-positive" in row) == head.binary
    assert "#i-negative" not in row


@EACH
def test_its_words_and_limits_are_explained(reader: FlaskClient, spec: TaskSpec) -> None:
    page = main_of(reader, f"/tasks/{spec.key}/definitions")

    assert all(d.term in page and d.text in page for d in spec.wording.definitions)
    assert all(limit in page for limit in spec.wording.limits)
    assert spec.name in main_of(reader, "/help")
    assert spec.name in main_of(reader, "/models")


def test_a_study_whose_task_was_not_found_can_be_looked_at(app: Flask, reader: FlaskClient) -> None:
    uuid = uploaded(reader, task=FIND_TASK.key, models=[])
    finish_with(app, uuid, {}, "other", state="stopped")

    page = main_of(reader, f"/studies/{uuid}")

    assert "No task was found" in page
    assert f'href="/tasks/{FIND_TASK.key}/definitions"' in page
    assert FIND_TASK.name in main_of(reader, f"/tasks/{FIND_TASK.key}/definitions")
    assert FIND_TASK.name in main_of(reader, "/studies").partition("<tbody>")[2]


@MODELS
def test_the_facts_of_its_models_are_shown(
    reader: FlaskClient, settings: Settings, spec: TaskSpec, model: ModelSpec
) -> None:
    folder = settings.models_dir / spec.key / model.key
    folder.mkdir(parents=True)
    card = {
        "task": spec.key,
        "key": model.key,
        "version": "3.1.4",
        "weights_sha256": "a" * 64,
        "thresholds": {},
        "temperature": {},
        "figures": {"test": FIGURES},
    }
    (folder / "card.yaml").write_text(yaml.safe_dump(card))

    text = words_of(main_of(reader, f"/tasks/{spec.key}/models/{model.key}"))

    assert f"{model.name} 3.1.4 {spec.name}" in text
    assert "Recall by label, Some 40 0.50 0.30 to 0.70" in text
    assert "Sensitivity at specificity, 0.957 40 0.61" in text
    if model.kind == "region":
        assert spec.wording.region in text
    else:
        assert all(head.name.lower() in text.lower() for head in spec.heads)


@EACH
def test_the_interface_tells_each_answer_and_all_scores(app: Flask, spec: TaskSpec) -> None:
    script = Script(app)
    uuid = script.uploaded(task=spec.key, models=[])
    said = answers(spec, -1)
    finish_with(app, uuid, said)

    study = script.study(uuid)

    assert study["task"] == spec.key
    for told in study["predictions"]:
        labels = said.get(told["model"], {})
        for head in spec.heads:
            label = labels.get(head.key)
            assert told[head.key] == (int(label == head.positive) if label and head.binary else label)
            assert list(told["scores"].get(head.key, ())) in ([], list(head.labels))
        assert told["risk"] == ("LOW" if labels else None)
        assert told["uncertainty"] == (0.25 if labels else None)


def test_a_label_of_three_is_told_by_its_name(app: Flask) -> None:
    script = Script(app)
    spec = next(spec for spec in SPECS for head in spec.heads if head.positive and len(head.labels) > 2)
    head = next(head for head in spec.heads if head.positive)
    uuid = script.uploaded(task=spec.key, models=[spec.default_model])
    finish_with(app, uuid, answers(spec, 1))

    assert script.study(uuid)["predictions"][0][head.key] == head.labels[1]


def test_no_head_takes_the_name_of_something_else_that_is_told(app: Flask) -> None:
    told = Script(app).document["components"]["schemas"]["Prediction"]

    assert set(told["required"]).isdisjoint(head.key for spec in SPECS for head in spec.heads)
    assert {head.key for spec in SPECS for head in spec.heads} <= set(told["properties"])
