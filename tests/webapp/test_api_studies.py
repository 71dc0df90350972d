"""The HTTP interface for programs, held against its own description."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from ml.images.store import read_heatmap, read_mask
from ml.tasks import task
from tests.ml.bad_files import bad_file, refused_uploads
from tests.webapp import reading_room
from tests.webapp.conftest import AuthActions
from tests.webapp.program import API, Script
from tests.webapp.reading_room import LESION, OUTLINED, REGION, STATUS, begin, finish
from webapp import create_app
from webapp.extensions import db
from webapp.settings import Settings
from webapp.studies import history


@pytest.fixture
def script(app: Flask) -> Script:
    return Script(app)


def problem_of(answer: TestResponse, status: int) -> str:
    """The sentence of a problem of this status."""
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json(force=True)
    assert body["status"] == status
    return str(body["detail"])


def test_the_document_is_valid_openapi_and_describes_every_route(app: Flask, script: Script) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]

    validate(script.document)

    served = {
        (
            rule.rule.removeprefix(API).replace("<int:", "<").replace("<", "{").replace(">", "}"),
            method.lower(),
        )
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {
        (path, method)
        for path, item in script.document["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert described == served


def test_an_upload_is_accepted_and_its_address_works(script: Script) -> None:
    answer = script.upload(patient_code="SIJ-7", note="from a script")

    told = answer.get_json()
    assert answer.status_code == 202
    assert set(told) == {"uuid", "status", "url"}
    assert told["status"] == "queued"
    study = script.client.get(told["url"], headers=script.headers).get_json()
    assert (study["uuid"], study["patient_code"], study["note"]) == (told["uuid"], "SIJ-7", "from a script")
    assert study["predictions"] == []


def test_without_models_all_of_the_task_read(script: Script) -> None:
    models = script.study(script.uploaded(models=[]))["models"]

    assert models == [model.key for model in task("sij_mri").models]


def test_a_running_reading_tells_no_predictions(app: Flask, script: Script) -> None:
    uuid = script.uploaded(models=[STATUS, REGION])
    begin(app, uuid)

    study = script.study(uuid)

    assert study["status"] == "running"
    assert study["predictions"] == []


def test_a_done_reading_tells_what_each_model_says(app: Flask, script: Script) -> None:
    uuid = script.uploaded(models=[STATUS, REGION])
    finish(app, uuid, "Positive", "Early")

    study = script.study(uuid)

    region, status = study["predictions"]
    assert study["status"] == "done"
    assert study["gate"]["kind"] == "STIR"
    assert (status["model"], status["version"], status["state"]) == (STATUS, "1.2.0", "done")
    assert (status["as_status"], status["stage"]) == (1, "Early")
    assert status["scores"]["as_status"]["Positive"] == 0.7
    assert (status["uncertainty"], status["risk"]) == (0.25, "LOW")
    assert (region["as_status"], region["stage"], region["heatmap"]) == (None, None, None)
    assert status["region"] is None
    heatmap = script.client.get(status["heatmap_focused"], headers=script.headers)
    assert read_heatmap(heatmap.data).shape == (64, 64)
    mask = script.client.get(region["region"], headers=script.headers)
    assert read_mask(mask.data).sum() == 64
    assert script.client.get(region["region"]).status_code == 401


def test_a_lesion_is_told_with_its_numbers_and_its_mask(app: Flask, script: Script) -> None:
    uuid = script.uploaded(models=[STATUS, LESION])
    finish(app, uuid, "Positive", "Early")

    status, lesion = script.study(uuid)["predictions"]

    assert (lesion["as_status"], lesion["stage"], lesion["risk"]) == (1, "Early", "LOW")
    assert {name: lesion["lesion"][name] for name in OUTLINED} == OUTLINED
    mask = lesion["lesion"]["mask"]
    assert read_mask(script.client.get(mask, headers=script.headers).data).sum() == OUTLINED["pixels"]
    assert script.client.get(mask).status_code == 401
    assert (lesion["region"], lesion["heatmap"], status["lesion"]) == (None, None, None)


def test_a_lesion_may_have_no_known_area_and_nothing_near_the_joints(
    app: Flask, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = {"pixels": 0, "share_of_region": 0.0, "area_mm2": None, "near_joint_share": None, "burden": 0.0}
    monkeypatch.setattr(reading_room, "OUTLINED", none)
    uuid = script.uploaded(models=[LESION])
    finish(app, uuid, "Negative", "Normal")

    (said,) = script.study(uuid)["predictions"]

    assert {name: said["lesion"][name] for name in none} == none


def test_a_negative_status_is_zero(app: Flask, script: Script) -> None:
    uuid = script.uploaded()
    finish(app, uuid, "Negative", "Normal")

    assert script.study(uuid)["predictions"][0]["as_status"] == 0


def test_studies_are_listed_newest_first_and_paged(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PER_PAGE", 2)
    uuids = [script.uploaded() for _ in range(3)]

    first = script.get("/studies", "/studies").get_json()
    second = script.get("/studies?page=2", "/studies").get_json()

    assert [study["uuid"] for study in first["studies"]] == [uuids[2], uuids[1]]
    assert [study["uuid"] for study in second["studies"]] == [uuids[0]]
    assert (first["pages"], first["total"]) == (2, 3)


def test_a_reading_is_cancelled_once(script: Script) -> None:
    uuid = script.uploaded()

    first = script.post(f"/studies/{uuid}/cancel", "/studies/{uuid}/cancel")
    second = script.post(f"/studies/{uuid}/cancel", "/studies/{uuid}/cancel")

    assert first.get_json()["status"] == "cancelled"
    assert "ended" in problem_of(second, 409)


@pytest.mark.parametrize("token", [None, "", "sdl_wrong", "Bearer"])
@pytest.mark.parametrize("path", ["/studies", "/studies/x", "/studies/x/files/preview.png"])
def test_without_a_good_token_there_is_nothing(app: Flask, token: str | None, path: str) -> None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    answer = app.test_client().get(API + path, headers=headers)

    assert "token" in problem_of(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_cookie_of_a_browser_is_no_token(client: FlaskClient, auth: AuthActions) -> None:
    auth.signup()

    problem_of(client.get(f"{API}/studies"), 401)
    problem_of(client.post(f"{API}/studies"), 401)


def test_another_users_study_does_not_exist(app: Flask, script: Script) -> None:
    uuid = script.uploaded()
    other = Script(app, "other@clinic.example")

    problem_of(other.get(f"/studies/{uuid}", "/studies/{uuid}"), 404)
    problem_of(other.post(f"/studies/{uuid}/cancel", "/studies/{uuid}/cancel"), 404)
    problem_of(other.get(f"/studies/{uuid}/files/preview.png", "/studies/{uuid}/files/{name}"), 404)
    assert other.get("/studies", "/studies").get_json()["total"] == 0
    assert script.study(uuid)["status"] == "queued"


def test_an_administrators_token_sees_all(app: Flask, script: Script) -> None:
    uuid = script.uploaded()

    assert Script(app, "chief@clinic.example", "admin").study(uuid)["uuid"] == uuid


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"task": "no_such_task"}, 422, "no_such_task"),
        ({"models": ["no_such_model"]}, 422, "no_such_model"),
        ({"task": ""}, 400, "task"),
        ({"patient_code": "Anna Müller"}, 400, "pseudonym"),
    ],
)
def test_a_wish_that_cannot_be_met_is_a_problem(
    script: Script, fields: dict[str, Any], status: int, words: str
) -> None:
    assert words in problem_of(script.upload(**fields), status)


def test_a_request_without_an_image_is_a_problem(script: Script) -> None:
    form = {"task": "sij_mri", "image": ""}
    multipart = "multipart/form-data"

    problem_of(script.post("/studies", "/studies", data=form, content_type=multipart), 400)
    problem_of(script.post("/studies", "/studies", json=form), 415)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    """One application for many files that leave nothing behind."""
    folder = tmp_path_factory.mktemp("shared")
    app = create_app(Settings(data_dir=folder, min_free_mb=0, uploads_per_minute=1000))
    with app.app_context():
        db.create_all()
    yield Script(app)
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(("name", "status"), refused_uploads().items())
def test_a_file_that_cannot_be_read_is_a_problem_with_a_sentence(
    shared: Script, name: str, status: int
) -> None:
    sentence = problem_of(shared.upload(bad_file(name)), status)

    assert sentence.endswith(".")
    assert shared.get("/studies", "/studies").get_json()["total"] == 0


def test_a_colour_photograph_is_taken_and_left_to_the_gate(script: Script) -> None:
    assert script.upload(bad_file("colour photograph")).status_code == 202


@pytest.mark.parametrize("megabytes", [21, 30])
def test_a_file_above_the_limit_is_a_problem(script: Script, megabytes: int) -> None:
    assert "20 MB" in problem_of(script.upload(bytes(megabytes * 2**20)), 413)


@pytest.mark.parametrize(
    ("limits", "before", "status"),
    [({"max_queue": 1}, 1, 503), ({"min_free_mb": 10**9}, 0, 507), ({"uploads_per_minute": 2}, 2, 429)],
)
def test_what_the_server_cannot_take_is_a_problem(
    settings: Settings, limits: dict[str, int], before: int, status: int
) -> None:
    app = create_app(replace(settings, **limits))  # type: ignore[arg-type]
    with app.app_context():
        db.create_all()
    script = Script(app)
    for _ in range(before):
        script.uploaded()

    answer = script.upload()

    problem_of(answer, status)
    assert script.get("/studies", "/studies").get_json()["total"] == before
    assert ("Retry-After" in answer.headers) == (status in (429, 503))


@pytest.mark.parametrize(
    ("method", "path"), [("get", "/nothing"), ("delete", "/studies"), ("put", "/studies/x")]
)
def test_an_address_that_is_not_there_is_a_problem(script: Script, method: str, path: str) -> None:
    answer = script.client.open(API + path, method=method, headers=script.headers)

    assert answer.status_code in (404, 405)
    assert answer.mimetype == "application/problem+json"
