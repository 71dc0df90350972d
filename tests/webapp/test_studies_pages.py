"""Pages of studies: who sees what, what is told while models run, what is found again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from sqlalchemy import select, update

from ml.images.store import read_mask
from ml.tasks import task
from tests.webapp.conftest import AuthActions, csrf_token
from tests.webapp.patience import wait_until
from tests.webapp.reading_room import LESION, REGION, STATUS, begin, finish, last_reading, upload, uploaded
from tests.webapp.workers import make_user
from webapp.accounts.sessions import begin_session
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.readings.tables import Reading
from webapp.settings import Settings
from webapp.studies import events
from webapp.studies.tables import Study

LogIn = Callable[..., FlaskClient]


@pytest.fixture
def log_in(app: Flask) -> LogIn:
    """Gives a client in which this user is logged in; the account is made when it is not there."""

    def open_for(email: str, role: str = "clinician") -> FlaskClient:
        client = app.test_client()
        with app.test_request_context():
            user = db.session.scalar(select(User).where(User.email == email)) or make_user(email, role)
            begin_session(user)
            kept = dict(session)
        with client.session_transaction() as cookie:
            cookie.update(kept)
        return client

    return open_for


@pytest.fixture
def anna(log_in: LogIn) -> FlaskClient:
    return log_in("anna@clinic.example")


def post(client: FlaskClient, address: str, **fields: str) -> tuple[int, str]:
    answer = client.post(address, data={"csrf_token": csrf_token(client, "/studies/new"), **fields})
    return answer.status_code, answer.text


def test_a_waiting_study_shows_its_models(anna: FlaskClient) -> None:
    uuid = uploaded(anna, models=[REGION, STATUS])

    page = anna.get(f"/studies/{uuid}")

    assert page.status_code == 200
    assert "U-Net Best" in page.text
    assert "CNN Classifier" in page.text
    assert "Research use only" in page.text


def test_while_models_run_their_state_is_told_and_never_what_they_say(app: Flask, anna: FlaskClient) -> None:
    uuid = uploaded(anna, models=[STATUS, "classifier_best"])
    begin(app, uuid)

    state = anna.get(f"/studies/{uuid}/state")
    page = anna.get(f"/studies/{uuid}")

    told = state.get_json()
    assert (told["state"], told["of"], told["ended"]) == ("running", 2, 1)
    assert [model["state"] for model in told["models"]] == ["done", "queued"]
    for text in (state.text, page.text):
        assert "Moderate" not in text
        assert "Positive" not in text
    assert anna.get(f"/studies/{uuid}/files/{STATUS}-heatmap.png").status_code == 404


def test_events_tell_the_progress_and_end_with_the_reading(app: Flask, anna: FlaskClient) -> None:
    uuid = uploaded(anna)
    finish(app, uuid)

    answer = anna.get(f"/studies/{uuid}/events")

    assert answer.mimetype == "text/event-stream"
    events = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    assert [json.loads(event)["state"] for event in events] == ["done"]


def test_events_follow_a_reading_until_it_ends(app: Flask, anna: FlaskClient) -> None:
    uuid = uploaded(anna)
    stream = anna.get(f"/studies/{uuid}/events", buffered=False).response
    parts = iter(stream)

    def next_state() -> str:
        lines = (part.decode() for part in parts)
        data = next(line for line in lines if line.startswith("data: "))
        return str(json.loads(data.removeprefix("data: "))["state"])

    assert next_state() == "queued"
    finish(app, uuid)
    assert next_state() == "done"
    assert list(parts) == []


def test_events_end_in_time_and_hold_no_database_connection(
    app: Flask, anna: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "FOLLOW_SECONDS", 0.0)
    uuid = uploaded(anna)

    answer = anna.get(f"/studies/{uuid}/events")

    assert '"state": "queued"' in answer.text
    with app.app_context():
        wait_until(lambda: db.engine.pool.checkedout() == 0, "connections to come back")  # type: ignore[attr-defined]


def test_a_finished_study_shows_what_the_models_say(app: Flask, anna: FlaskClient) -> None:
    uuid = uploaded(anna, models=[REGION, STATUS])
    finish(app, uuid, stage="Moderate")

    page = anna.get(f"/studies/{uuid}")

    assert page.status_code == 200
    assert "Moderate" in page.text


def test_a_lesion_is_a_layer_of_its_own_with_words_and_the_rule_behind_them(
    app: Flask, anna: FlaskClient
) -> None:
    uuid = uploaded(anna, models=[REGION, LESION])
    finish(app, uuid, stage="Moderate")

    page = anna.get(f"/studies/{uuid}").text.replace("\N{NO-BREAK SPACE}", " ")

    assert f'data-lesion="/studies/{uuid}/files/{LESION}-lesion.png"' in page
    assert "Lesion 182 mm², 3.1 % of the bone in view; 74 % of it near the sacroiliac joints" in page
    assert 'href="/tasks/sij_mri/definitions#near-joints">rough rule</a>' in page
    assert 'id="near-joints"' in anna.get("/tasks/sij_mri/definitions").text
    assert "data-lesion-toggle" in page
    assert "Lesion map says Moderate." in page


def test_without_a_lesion_model_there_is_no_lesion_to_switch(app: Flask, anna: FlaskClient) -> None:
    uuid = uploaded(anna, models=[REGION, STATUS])
    finish(app, uuid)

    page = anna.get(f"/studies/{uuid}").text

    assert "data-lesion" not in page
    assert "rough rule" not in page


@pytest.mark.parametrize("part", ["lesion", "region"])
def test_nobody_elses_lesion_is_given(app: Flask, anna: FlaskClient, log_in: LogIn, part: str) -> None:
    uuid = uploaded(anna, models=[REGION, LESION])
    finish(app, uuid)
    address = f"/studies/{uuid}/files/{LESION if part == 'lesion' else REGION}-{part}.png"

    assert anna.get(address).status_code == 200
    assert log_in("ben@clinic.example").get(address).status_code == 404
    post(anna, f"/studies/{uuid}/delete")
    assert anna.get(address).status_code == 404


def test_each_kind_of_model_can_be_chosen_and_says_what_it_gives(anna: FlaskClient) -> None:
    page = anna.get("/studies/new").text

    assert all(f'value="{model.key}"' in page for model in task("sij_mri").models)
    assert [page.count(f'id="sij_mri-{kind}"') for kind in ("region", "lesion", "classification")] == [1] * 3
    assert "status and stage follow from them" in page


def test_a_failed_reading_says_why_and_can_be_read_again(app: Flask, anna: FlaskClient) -> None:
    uuid = uploaded(anna)
    with app.app_context():
        failed = {"state": "failed", "error": "The disk was full."}
        db.session.execute(update(Reading).values(**failed))
        db.session.commit()

    assert "The disk was full." in anna.get(f"/studies/{uuid}").text
    status, _ = post(anna, f"/studies/{uuid}/read-again")

    assert status == 303
    with app.app_context():
        assert last_reading(uuid).state == "queued"
        assert db.session.query(Reading).count() == 2


def test_other_models_can_be_asked_afterwards(app: Flask, anna: FlaskClient) -> None:
    uuid = uploaded(anna)
    finish(app, uuid)

    post(anna, f"/studies/{uuid}/read-again", models=REGION)

    with app.app_context():
        assert last_reading(uuid).models == [REGION]


def test_a_study_that_is_being_read_is_not_queued_twice(app: Flask, anna: FlaskClient) -> None:
    uuid = uploaded(anna)

    post(anna, f"/studies/{uuid}/read-again")

    with app.app_context():
        assert db.session.query(Reading).count() == 1


def test_a_reading_can_be_cancelled_once(app: Flask, anna: FlaskClient) -> None:
    uuid = uploaded(anna)

    post(anna, f"/studies/{uuid}/cancel")

    with app.app_context():
        reading = last_reading(uuid)
        assert reading.state == "cancelled"
        ended_at = reading.ended_at
    post(anna, f"/studies/{uuid}/cancel")
    with app.app_context():
        assert last_reading(uuid).ended_at == ended_at


def test_pictures_come_with_their_type_and_are_kept_by_nobody(
    app: Flask, anna: FlaskClient, settings: Settings
) -> None:
    uuid = uploaded(anna, models=[REGION, STATUS, LESION])
    finish(app, uuid)
    stored = (
        f"{REGION}-region",
        f"{STATUS}-heatmap",
        f"{STATUS}-heatmap_focused",
        f"{LESION}-lesion",
    )

    for name in ("preview", *stored):
        answer = anna.get(f"/studies/{uuid}/files/{name}.png")
        assert answer.status_code == 200, name
        assert answer.mimetype == "image/png"
        assert answer.headers["Cache-Control"] == "private, no-store"
    region = anna.get(f"/studies/{uuid}/files/{REGION}-region.png").data
    assert read_mask(region).shape == (64, 64)


@pytest.mark.parametrize(
    "name", ["image.png", "..%2f..%2fsidelight.db", "cnn_classifier-region.png", "nobody-heatmap.png", "x"]
)
def test_no_other_file_of_the_server_is_given(app: Flask, anna: FlaskClient, name: str) -> None:
    uuid = uploaded(anna)
    finish(app, uuid)

    assert anna.get(f"/studies/{uuid}/files/{name}").status_code == 404


PAGES = [
    "",
    "/events",
    "/state",
    "/files/preview.png",
    "/files/thumbnail.png",
    "/pixels",
    "/sharing",
    "/patient",
]
ACTIONS = ["/cancel", "/read-again", "/delete", "/restore", "/sharing", "/sharing/end"]


@pytest.mark.parametrize("part", PAGES)
def test_another_users_study_does_not_exist(anna: FlaskClient, log_in: LogIn, part: str) -> None:
    uuid = uploaded(anna)

    assert log_in("ben@clinic.example").get(f"/studies/{uuid}{part}").status_code == 404


@pytest.mark.parametrize("action", ACTIONS)
def test_another_users_study_cannot_be_touched(
    app: Flask, anna: FlaskClient, log_in: LogIn, action: str
) -> None:
    uuid = uploaded(anna)

    status, _ = post(log_in("ben@clinic.example"), f"/studies/{uuid}{action}")

    assert status == 404
    assert anna.get(f"/studies/{uuid}").status_code == 200
    with app.app_context():
        assert last_reading(uuid).state == "queued"


@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_happens_without_the_forms_token(anna: FlaskClient, action: str) -> None:
    uuid = uploaded(anna)

    assert anna.post(f"/studies/{uuid}{action}").status_code == 400


@pytest.mark.parametrize("address", ["/studies", "/studies/new", *[f"/studies/x{part}" for part in PAGES]])
def test_without_a_login_there_is_only_the_login(client: FlaskClient, address: str) -> None:
    assert "/login" in client.get(address).location


def test_an_administrator_sees_all_studies_and_a_clinician_the_own(anna: FlaskClient, log_in: LogIn) -> None:
    uploaded(anna, patient_code="ANNA-1")
    ben = log_in("ben@clinic.example")
    uuid = uploaded(ben, patient_code="BEN-1")
    chief = log_in("chief@clinic.example", "admin")

    assert "ANNA-1" in anna.get("/studies").text
    assert "BEN-1" not in anna.get("/studies").text
    assert "ANNA-1" in chief.get("/").text
    assert "BEN-1" in chief.get("/").text
    assert chief.get(f"/studies/{uuid}").status_code == 200


def test_a_deleted_study_is_gone_until_it_is_brought_back(app: Flask, anna: FlaskClient) -> None:
    uuid = uploaded(anna, patient_code="GONE-1")

    status, _ = post(anna, f"/studies/{uuid}/delete")

    assert status == 303
    assert anna.get(f"/studies/{uuid}").status_code == 404
    assert anna.get(f"/studies/{uuid}/files/preview.png").status_code == 404
    assert "GONE-1" not in anna.get("/studies").text
    with app.app_context():
        assert last_reading(uuid).state == "cancelled"
    post(anna, f"/studies/{uuid}/restore")
    assert "GONE-1" in anna.get("/studies").text


def test_a_study_deleted_long_ago_is_not_brought_back(app: Flask, anna: FlaskClient) -> None:
    uuid = uploaded(anna)
    post(anna, f"/studies/{uuid}/delete")
    with app.app_context():
        db.session.execute(update(Study).values(deleted_at=datetime.now(UTC) - timedelta(days=31)))
        db.session.commit()

    status, _ = post(anna, f"/studies/{uuid}/restore")

    assert status == 404


@pytest.mark.parametrize("typed", [" SIJ-0424 ", "0424", "sij-042"])
def test_a_patient_code_is_found_by_a_part_and_stands_in_no_address(anna: FlaskClient, typed: str) -> None:
    wanted = uploaded(anna, patient_code="SIJ-0424")
    other = uploaded(anna, patient_code="SIJ-04")

    answer = anna.post(
        "/studies/search", data={"csrf_token": csrf_token(anna, "/studies/new"), "code": typed}
    )

    assert answer.status_code == 200
    assert wanted in answer.text
    assert other not in answer.text
    addresses = [part.split('"')[0] for part in answer.text.replace('action="', 'href="').split('href="')[1:]]
    assert not any(typed.strip().lower() in address.lower() for address in addresses)


def test_a_search_finds_no_study_of_another_user(anna: FlaskClient, log_in: LogIn) -> None:
    uuid = uploaded(anna, patient_code="SIJ-0424")

    _, page = post(log_in("ben@clinic.example"), "/studies/search", code="SIJ-0424")

    assert uuid not in page


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("", "abc"),
        ("?task=sij_mri", "abc"),
        ("?status=Positive", "a"),
        ("?stage=Normal", "b"),
        ("?status=Positive&stage=Normal", ""),
        ("?state=queued", "c"),
        ("?state=done", "ab"),
        ("?from=2026-02-01", "bc"),
        ("?from=2026-02-01&to=2026-02-28", "b"),
        ("?to=2026-01-15", "a"),
        ("?to=2026-01-14", ""),
        ("?task=no_such_task&from=yesterday&stage=x", "abc"),
        ("?from=0001-01-01&to=9999-12-31&after=-3", "abc"),
        ("?before=99&sort=nothing&dir=up", "abc"),
        ("?agreement=same", "ab"),
        ("?agreement=differ", ""),
        ("?owner=shared", ""),
        ("?label=1", ""),
    ],
)
def test_history_is_narrowed_by_what_stands_in_the_address(
    app: Flask, anna: FlaskClient, filters: str, found: str
) -> None:
    studies = {letter: uploaded(anna) for letter in "abc"}
    finish(app, studies["a"], "Positive", "Early")
    finish(app, studies["b"], "Negative", "Normal")
    with app.app_context():
        for letter, month in zip("abc", (1, 2, 3), strict=True):
            day = update(Study).where(Study.uuid == studies[letter])
            db.session.execute(day.values(created_at=datetime(2026, month, 15, 12, tzinfo=UTC)))
        db.session.commit()

    page = anna.get("/studies" + filters).text

    assert {letter for letter, uuid in studies.items() if uuid in page} == set(found)


def test_a_form_that_is_refused_keeps_what_was_typed(anna: FlaskClient) -> None:
    page = upload(anna, b"no image", patient_code="KEPT-1", note="kept words", models=[REGION]).text

    assert "KEPT-1" in page
    assert "kept words" in page
    assert models_of_sij(page).count(" checked") == 1


def test_the_first_upload_page_has_all_models_chosen(anna: FlaskClient) -> None:
    page = anna.get("/studies/new").text

    assert models_of_sij(page).count(" checked") == len(task("sij_mri").models)


def models_of_sij(page: str) -> str:
    """The part of the upload page in which the models of the sacroiliac task are chosen."""
    return page.partition('<fieldset class="field" data-task="sij_mri">')[2].partition("</fieldset>")[0]


def test_signing_up_leads_to_an_empty_history(client: FlaskClient, auth: AuthActions) -> None:
    auth.signup()

    assert "No studies yet" in client.get("/").text
