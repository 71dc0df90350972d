"""Help, definitions and model facts: one click away, complete, and honest about few images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from flask.testing import FlaskClient

from ml.cards import Card
from ml.tasks import TaskSpec, offered, tasks
from tests.webapp.conftest import AuthActions
from webapp.pages.facts import facts_of
from webapp.settings import REPOSITORY, Settings

MEASURED = {
    "n_images": 40,
    "n_patients": 4,
    "accuracy": 0.8125,
    "accuracy_ci95": [0.7, 0.9],
    "recall_by_stage": {"Early": 0.25},
    "recall_by_stage_ci95": {"Early": [0.1, 0.5]},
    "by_sequence": {"T1W": {"n_images": 12, "n_patients": 2, "iou": 0.999, "iou_ci95": [0.99, 1.0]}},
}
CARD = Card(
    task="sij_mri",
    key="cnn_classifier",
    name="CNN Classifier",
    kind="classification",
    version="1.2.0",
    date="2025-11-21",
    network="Two convolutions.",
    parameters=1234,
    weights_sha256="a" * 64,
    thresholds={"as_status": 0.5},
    temperature={},
    precision={},
    figures={"test": MEASURED},
    raw={"intended_use": "Drawn ellipses", "not_for": ["Anything else"], "licence": ""},
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", models_dir=tmp_path / "models", min_free_mb=0)


@pytest.mark.parametrize("spec", offered(), ids=lambda spec: spec.key)
def test_every_word_of_a_task_is_explained(client: FlaskClient, auth: AuthActions, spec: TaskSpec) -> None:
    auth.signup()

    page = client.get(f"/tasks/{spec.key}/definitions")

    assert page.status_code == 200
    assert all(definition.term in page.text for definition in spec.wording.definitions)
    assert page.text.count("<li>") >= len(spec.wording.limits)
    assert "Research use only" in page.text


@pytest.mark.parametrize(
    "path", ["/help", "/models", "/tasks/sij_mri/definitions", "/tasks/sij_mri/models/unet_best"]
)
def test_nobody_reads_them_without_logging_in(client: FlaskClient, path: str) -> None:
    assert "/login" in client.get(path).headers["Location"]


@pytest.mark.parametrize(
    "path", ["/tasks/knee/definitions", "/tasks/sij_mri/models/oracle", "/tasks/knee/models/oracle"]
)
def test_an_unknown_task_or_model_is_not_found(client: FlaskClient, auth: AuthActions, path: str) -> None:
    auth.signup()

    assert client.get(path).status_code == 404


def test_a_model_without_a_card_says_so(client: FlaskClient, auth: AuthActions) -> None:
    auth.signup()

    page = client.get("/tasks/sij_mri/models/unet_best")

    assert page.status_code == 200
    assert "There is no card for sij_mri/unet_best." in page.text
    assert "Missing" in client.get("/models").text


def test_the_card_is_shown_with_its_figures(
    client: FlaskClient, auth: AuthActions, settings: Settings
) -> None:
    folder = settings.models_dir / "sij_mri" / "unet_best"
    folder.mkdir(parents=True)
    card = {
        "task": "sij_mri",
        "key": "unet_best",
        "version": "3.1.4",
        "weights_sha256": "a" * 64,
        "thresholds": {},
        "temperature": {},
        "intended_use": "Drawn <ellipses>",
        "figures": {"test": MEASURED},
    }
    (folder / "card.yaml").write_text(yaml.safe_dump(card))
    auth.signup()

    page = client.get("/tasks/sij_mri/models/unet_best").text

    assert "3.1.4" in page
    assert "Drawn &lt;ellipses&gt;" in page
    assert "0.70 to 0.90" in page
    assert "n below 30" in page


def test_figures_have_an_interval_and_an_n() -> None:
    whole, part = facts_of(CARD).tables

    assert [(row.name, row.value, row.interval, row.n) for row in whole.rows] == [
        ("Accuracy", "0.81", "0.70 to 0.90", 40),
        ("Recall by stage, Early", "0.25", "0.10 to 0.50", 40),
    ]
    assert "4 patients" in whole.caption
    assert (part.name, part.rows[0].value, part.rows[0].interval) == ("Test, T1W", "> 0.99", "0.99 to 1.00")


def test_a_figure_of_few_images_is_not_shown_as_firm() -> None:
    whole, part = facts_of(CARD).tables

    assert not any(row.too_few for row in whole.rows)
    assert all(row.too_few for row in part.rows)


def test_a_leaky_figure_is_named_so_beside_it_with_the_reason() -> None:
    leaky = {**MEASURED, "leaky": True, "notes": ["Slices of one patient stand on both sides."]}
    card = replace(CARD, figures={"grouped": MEASURED, "published": leaky})

    tables = facts_of(card).tables

    honest, too_good = (
        next(t for t in tables if t.name.startswith(part)) for part in ("Grouped", "Published")
    )
    assert "leaky" not in honest.name
    assert "(leaky: too good)" in too_good.name
    assert too_good.notes == ("Slices of one patient stand on both sides.",)
    assert not honest.notes


def test_a_lesion_models_card_says_how_status_and_stage_follow() -> None:
    readout = {
        "slope": 2.1,
        "cut": -3.0,
        "extent": {"burden_slope": 0.5, "bright_slope": 2.5, "cuts": [-8.0, -5.0]},
    }
    card = replace(CARD, raw={"thresholds": {"lesion": 0.4}, "readout": readout})

    ((title, said),) = facts_of(card).sections

    assert title == "From lesion to answers"
    assert said == {"a pixel is outlined from a share of": 0.4, **readout}


@pytest.mark.parametrize("spec", tasks(), ids=lambda spec: spec.key)
def test_what_a_lesion_model_gives_is_explained_where_there_is_one(spec: TaskSpec) -> None:
    explained = {definition.key for definition in spec.wording.definitions}

    assert ("lesion" in explained) == any(model.kind == "lesion" for model in spec.models)
    assert ("near-joints" in explained) == bool(spec.wording.lesion_near)


def test_what_a_card_leaves_empty_has_no_heading() -> None:
    assert [title for title, _ in facts_of(CARD).sections] == ["Intended use", "Not for"]


def test_every_string_of_the_templates_can_be_extracted_for_translation() -> None:
    with (REPOSITORY / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = {message for _, _, message, *_ in extract_from_dir(REPOSITORY, methods, options)}

    assert "Upload and read" in found
    assert "%(n)s of %(total)s models say %(label)s." in found
