"""CSV and JSON of a study: the same content, every field documented, nothing that a spreadsheet would calculate."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ml.cards import read_card
from tests.webapp.conftest import AuthActions
from tests.webapp.reading_room import LESION, REGION, STATUS, finish, finish_with, last_reading, uploaded
from tests.webapp.workers import make_user
from webapp.accounts.passwords import hash_password
from webapp.extensions import db
from webapp.settings import REPOSITORY

MODELS = [REGION, STATUS, LESION]
FILES = ("report.pdf", "export.csv", "export.json", "export-dicom.zip")


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    auth.signup()
    return client


@pytest.fixture
def uuid(app: Flask, reader: FlaskClient) -> str:
    """A study that a region, a classification and a lesion model have read."""
    uuid = uploaded(reader, models=MODELS, patient_code="SIJ-0417", note="=1+1")
    finish(app, uuid, "Positive", "Advanced")
    return uuid


@pytest.fixture
def judged(app: Flask, reader: FlaskClient, uuid: str) -> str:
    """The same study with two verdicts of one person on one prediction; the later one supersedes."""
    with app.app_context():
        prediction = next(p.id for p in last_reading(uuid).predictions if p.model == STATUS)
    address = f"/studies/{uuid}/verdicts/{STATUS}"
    wrong = {
        "answer_as_status": "Negative",
        "answer_stage": "Normal",
        "reason": "artefact",
        "note": "@vessel",
    }
    for opinion in ({"verdict": "disagree", **wrong}, {"verdict": "agree"}):
        AuthActions(reader).post(address, form_page="/account", prediction=str(prediction), **opinion)
    return uuid


def exported(client: FlaskClient, uuid: str) -> dict[str, Any]:
    answer = client.get(f"/studies/{uuid}/export.json")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = json.loads(answer.data)
    return found


def lines(client: FlaskClient, uuid: str) -> list[dict[str, str]]:
    text = client.get(f"/studies/{uuid}/export.csv").data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_json_has_what_each_model_says_with_its_version_verdicts_and_figures(
    reader: FlaskClient, judged: str
) -> None:
    data = exported(reader, judged)

    assert data["notice"] == "Research use only. Not a medical device. Not for diagnosis."
    assert (data["study"]["uuid"], data["study"]["patient_code"]) == (judged, "SIJ-0417")
    said = {prediction["model"]: prediction for prediction in data["predictions"]}
    assert list(said) == MODELS
    assert said[STATUS]["scores"]["stage"]["Advanced"] == 0.7
    assert (said[STATUS]["as_status"], said[STATUS]["stage"], said[STATUS]["version"]) == (
        1,
        "Advanced",
        "1.2.0",
    )
    assert [(v["verdict"], v["superseded"]) for v in data["verdicts"]] == [
        ("disagree", True),
        ("agree", False),
    ]
    assert {v["signed_by"] for v in data["verdicts"]} == {"admin@clinic.example"}
    known = next(model for model in data["models"] if model["model"] == LESION)
    figures = read_card("sij_mri", LESION).figures["leave_one_patient_out"]
    assert known["figures"]["leave_one_patient_out"]["auc_ci95"] == figures["auc_ci95"]
    assert known["card_is_of_these_weights"] is False


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of every value inside plain data."""
    if isinstance(value, dict | list) and value:
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value, 1):
            yield from leaves(inner, f"{path}.{name}" if path else str(name))
    else:
        yield path, json.dumps(value) if isinstance(value, bool | int | float) else value or ""


def test_the_csv_has_every_value_of_the_json_and_no_other(reader: FlaskClient, judged: str) -> None:
    data, many = (
        exported(reader, judged),
        {
            "predictions": "prediction",
            "verdicts": "verdict",
            "own_answers": "own_answer",
            "models": "model",
        },
    )
    expected = {}
    for name, inner in data.items():
        if name in many:
            for number, item in enumerate(inner, 1):
                expected |= {(many[name], str(number), path): text for path, text in leaves(item)}
        elif isinstance(inner, dict):
            expected |= {(name, "", path): text for path, text in leaves(inner)}
        else:
            expected |= {("export", "", path): text for path, text in leaves(inner, name)}

    found = {
        (line["record"], line["number"], line["field"]): line["value"].removeprefix("'")
        for line in lines(reader, judged)
    }

    assert expected.keys() == found.keys()
    assert [key for key, text in expected.items() if found[key] != text] == [("export", "", "exported_at")]


def test_every_value_of_a_model_names_the_model_and_its_version(reader: FlaskClient, judged: str) -> None:
    of_models = [
        line for line in lines(reader, judged) if line["record"] in ("prediction", "verdict", "model")
    ]

    assert {line["model"] for line in of_models} == set(MODELS)
    assert {line["version"] for line in of_models} == {"1.2.0"}
    assert {line["study"] for line in lines(reader, judged)} == {judged}


def test_nothing_that_was_typed_is_a_formula_in_the_csv(reader: FlaskClient, judged: str) -> None:
    told = {line["field"]: line["value"] for line in lines(reader, judged) if line["record"] != "model"}
    values = [line["value"] for line in lines(reader, judged)]

    assert told["note"] in ("'=1+1", "'@vessel", "")
    assert {"'=1+1", "'@vessel"} <= set(values)
    assert [v for v in values if re.match(r"\s*[=+@\t\r]|\s*-(?![0-9.]+$)", v)] == []


def test_every_field_is_documented(reader: FlaskClient, judged: str) -> None:
    text = (REPOSITORY / "docs" / "exports.md").read_text(encoding="utf-8")
    data = exported(reader, judged)
    prediction = next(p for p in data["predictions"] if p["model"] == LESION)
    heads = {"as_status", "stage"}
    objects = [data, data["study"], data["image"], data["agreement"], prediction, prediction["lesion"]]
    objects += [data["verdicts"][0], data["models"][0]]

    names = {name for item in objects for name in item} - heads
    assert sorted(name for name in names if f"`{name}`" not in text) == []
    columns = lines(reader, judged)[0]
    assert sorted(name for name in columns if f"`{name}`" not in text) == []


def test_downloads_are_named_after_the_study_and_kept_by_no_cache(reader: FlaskClient, uuid: str) -> None:
    for name in FILES[:3]:
        headers = reader.get(f"/studies/{uuid}/{name}").headers

        assert uuid in headers["Content-Disposition"]
        assert headers["Content-Disposition"].startswith("attachment")
        assert "SIJ-0417" not in str(headers)
        assert headers["Cache-Control"] == "private, no-store"


def test_others_find_no_export_and_strangers_are_asked_to_log_in(
    app: Flask, reader: FlaskClient, uuid: str
) -> None:
    with app.app_context():
        other = make_user("other@clinic.example")
        other.password_hash = hash_password("correct horse battery")
        db.session.commit()
    client = app.test_client()
    stranger = {name: client.get(f"/studies/{uuid}/{name}").status_code for name in FILES}
    AuthActions(client).login("other@clinic.example")

    assert set(stranger.values()) == {302}
    assert {client.get(f"/studies/{uuid}/{name}").status_code for name in FILES} == {404}


@pytest.fixture
def second_reader(reader: FlaskClient) -> Callable[[bool], None]:
    def switch(on: bool) -> None:
        fields = {"second_reader": "y"} if on else {}
        AuthActions(reader).post("/account/second-reader", form_page="/account", **fields)

    return switch


def test_exports_are_sealed_until_the_own_answer(
    reader: FlaskClient, uuid: str, second_reader: Callable[[bool], None]
) -> None:
    second_reader(True)

    for name in FILES:
        answer = reader.get(f"/studies/{uuid}/{name}")
        assert answer.status_code == 409
        assert "Record your own answer first" in answer.text
        assert [word for word in ("Positive", "Advanced", "0.7", "LOW") if word in answer.text] == []

    own = {"answer_as_status": "Negative", "answer_stage": "cannot_tell"}
    AuthActions(reader).post(f"/studies/{uuid}/own-answer", form_page="/account", **own)

    assert [own["answers"] for own in exported(reader, uuid)["own_answers"]] == [
        {"as_status": "Negative", "stage": None}
    ]


@pytest.mark.parametrize(("state", "said"), [("stopped", "Read it anyway"), ("failed", "has not been read")])
def test_without_a_finished_reading_a_sentence_says_what_to_do(
    app: Flask, reader: FlaskClient, state: str, said: str
) -> None:
    uuid = uploaded(reader)
    finish_with(app, uuid, {}, state=state)

    for name in FILES:
        answer = reader.get(f"/studies/{uuid}/{name}")
        assert (answer.status_code, said in answer.text) == (409, True)


def test_read_anyway_is_stamped_on_every_line(app: Flask, reader: FlaskClient, uuid: str) -> None:
    with app.app_context():
        reading = last_reading(uuid)
        reading.anyway_reason, reading.anyway_by = "no other image", "admin@clinic.example"
        db.session.commit()

    assert {line["outside_validated_input"] for line in lines(reader, uuid)} == {"true"}
    data = exported(reader, uuid)
    assert data["study"]["outside_validated_input"]["reason"] == "no other image"
    assert all(prediction["outside_validated_input"] for prediction in data["predictions"])


def test_the_page_offers_what_there_is(app: Flask, reader: FlaskClient, uuid: str) -> None:
    page = reader.get(f"/studies/{uuid}").text
    stopped = uploaded(reader)
    finish_with(app, stopped, {}, state="stopped")

    assert [name for name in FILES if f'href="/studies/{uuid}/{name}"' in page] == list(FILES[:3])
    assert "report.pdf" not in reader.get(f"/studies/{stopped}").text


def test_the_web_process_starts_without_the_libraries_of_exports() -> None:
    program = (
        "import sys, webapp, webapp.exports.routes;"
        "print([name for name in ('reportlab', 'highdicom', 'pydicom') if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )

    assert ended.stdout.strip() == "[]"
