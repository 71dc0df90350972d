"""Second reader: nothing of what the models say reaches the owner by any way before the own answer is on record."""

from __future__ import annotations

import html
import json
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ml.tasks import TaskSpec
from tests.webapp.conftest import AuthActions
from tests.webapp.every_task import SPECS, answers
from tests.webapp.program import API, Script
from tests.webapp.reading_room import LESION, REGION, STATUS, finish, finish_with, last_reading, uploaded
from webapp import create_app
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.reviews.tables import OwnAnswer, SignedRowKept
from webapp.settings import Settings

MODELS = [REGION, STATUS, LESION]
OWN = {"answer_as_status": "Negative", "answer_stage": "cannot_tell"}
STUDY = "/studies/{uuid}"


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    """A clinician who chose to answer first."""
    auth.signup()
    auth.post("/account/second-reader", form_page="/account", second_reader="y")
    return client


@pytest.fixture
def uuid(app: Flask, reader: FlaskClient) -> str:
    """A study on which all models say Positive and Advanced."""
    uuid = uploaded(reader, models=MODELS)
    finish(app, uuid, "Positive", "Advanced")
    return uuid


def answer_first(client: FlaskClient, uuid: str, **fields: str) -> int:
    return AuthActions(client).post(f"/studies/{uuid}/own-answer", form_page="/account", **fields).status_code


def pictures(app: Flask, uuid: str) -> list[str]:
    """The names of all pictures of the models."""
    with app.app_context():
        return [f"{p.model}-{kind}.png" for p in last_reading(uuid).predictions for kind in p.files]


def routes_of_a_study(app: Flask) -> set[str]:
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "uuid" in rule.arguments and "GET" in (rule.methods or ())
    }


def test_every_way_to_a_study_is_known_to_these_tests(app: Flask) -> None:
    pages = {"studies.show", "studies.events", "studies.state", "studies.file", "studies.pixels"}
    pages |= {"studies.agreement_map"}
    pages |= {"sharing.show", "patients.show"}
    reviews = {"reviews.verdicts", "reviews.own_answer", "reviews.outline"}
    # Exports have their own test, in test_exports_data.
    exports = {"exports.report", "exports.table", "exports.data", "exports.dicom"}
    interface = {"api.show", "api.file", "api.list_verdicts", "api.outline"}

    assert routes_of_a_study(app) == pages | reviews | exports | interface


def test_no_page_tells_an_answer_or_a_score(reader: FlaskClient, uuid: str) -> None:
    page = html.unescape(reader.get(f"/studies/{uuid}", follow_redirects=True).text)

    assert "give your own answer first" in page
    form = page.partition("data-own-answer")[2].partition("</form>")[0]
    assert "Advanced" in form  # as a choice, like every other label
    rest = page.replace(form, "")
    told = (
        "Positive",
        "Advanced",
        "0.7",
        "LOW",
        "mm²",
        "Heatmap",
        STATUS,
        LESION,
        f"{REGION}-region",
        "1.2.0",
    )
    assert [word for word in told if word in rest] == []
    assert " checked" not in form


def test_the_state_and_the_events_tell_no_answer(reader: FlaskClient, uuid: str) -> None:
    state = reader.get(f"/studies/{uuid}/state").text
    events = reader.get(f"/studies/{uuid}/events").text

    for text in (state, events):
        assert [word for word in ("Positive", "Advanced", "LOW", "0.7", ".png") if word in text] == []


def test_no_picture_of_the_models_is_sent_and_the_image_is(
    app: Flask, reader: FlaskClient, uuid: str
) -> None:
    names = pictures(app, uuid)

    assert len(names) >= len(MODELS)
    assert {reader.get(f"/studies/{uuid}/files/{name}").status_code for name in names} == {404}
    assert reader.get(f"/studies/{uuid}/files/preview.png").status_code == 200


def test_verdict_pages_wait_for_the_own_answer(app: Flask, reader: FlaskClient, uuid: str) -> None:
    address = f"/studies/{uuid}/verdicts/{STATUS}"

    assert reader.get(address).status_code == 404
    with app.app_context():
        prediction = next(p.id for p in last_reading(uuid).predictions if p.model == STATUS)
    signed = AuthActions(reader).post(
        address, form_page="/account", prediction=str(prediction), verdict="agree"
    )
    assert signed.location == f"/studies/{uuid}"
    assert "give your own answer first" in reader.get(signed.location, follow_redirects=True).text


def test_the_history_tells_no_answer_and_finds_none_by_answer(
    app: Flask, reader: FlaskClient, uuid: str
) -> None:
    def table(filters: str = "") -> str:
        return reader.get(f"/studies{filters}").text.partition("<tbody>")[2].partition("</tbody>")[0]

    assert uuid in table()
    assert "Sealed until your own answer" in table()
    assert [word for word in ("Positive", "Advanced", "LOW", "No difference") if word in table()] == []
    answers = ("status=Positive", "status=Negative", "stage=Advanced", "stage=Normal")
    for filters in (*answers, "agreement=same", "agreement=differ"):
        assert uuid not in table(f"?{filters}")

    answer_first(reader, uuid, **OWN)

    assert "Advanced" in table()
    assert uuid in table("?stage=Advanced")


def test_after_the_own_answer_everything_is_there_and_both_are_kept(
    app: Flask, reader: FlaskClient, uuid: str
) -> None:
    assert answer_first(reader, uuid, **OWN, note="left ilium") == 303

    page = html.unescape(reader.get(f"/studies/{uuid}").text)
    assert "AS status Negative, Stage: cannot tell" in page
    assert "3 of 3 models" in page or "2 of 2 models" in page
    assert {reader.get(f"/studies/{uuid}/files/{name}").status_code for name in pictures(app, uuid)} == {200}
    with app.app_context():
        own = db.session.scalars(select(OwnAnswer)).one()
        assert (own.labels, own.note, own.signed_by) == (
            {"as_status": "Negative", "stage": None},
            "left ilium",
            "admin@clinic.example",
        )


def test_an_own_answer_is_never_changed(app: Flask, reader: FlaskClient, uuid: str) -> None:
    answer_first(reader, uuid, **OWN)
    answer_first(reader, uuid, answer_as_status="Positive", answer_stage="Advanced")

    with app.app_context():
        own = db.session.scalars(select(OwnAnswer)).one()
        assert own.labels["as_status"] == "Negative"
        own.note = "better"
        with pytest.raises(SignedRowKept):
            db.session.commit()


def test_a_half_given_answer_opens_nothing_and_stays_typed(reader: FlaskClient, uuid: str) -> None:
    answer = AuthActions(reader).post(
        f"/studies/{uuid}/own-answer", form_page="/account", answer_as_status="Negative", note="left ilium"
    )

    assert answer.status_code == 422
    assert "left ilium" in answer.text
    assert 'name="answer_as_status" value="Negative" checked' in answer.text
    assert reader.get(f"/studies/{uuid}").status_code == 302


def test_no_own_answer_is_taken_from_somebody_who_has_seen_the_models(
    app: Flask, client: FlaskClient, auth: AuthActions
) -> None:
    auth.signup()
    uuid = uploaded(client)
    finish(app, uuid)

    answer_first(client, uuid, **OWN)

    with app.app_context():
        assert db.session.scalars(select(OwnAnswer)).all() == []


def test_a_verdict_signed_before_keeps_the_study_open(
    app: Flask, client: FlaskClient, auth: AuthActions
) -> None:
    auth.signup()
    uuid = uploaded(client)
    finish(app, uuid)
    with app.app_context():
        prediction = last_reading(uuid).predictions[0].id
    address = f"/studies/{uuid}/verdicts/{STATUS}"
    auth.post(address, form_page="/account", prediction=str(prediction), verdict="agree")

    auth.post("/account/second-reader", form_page="/account", second_reader="y")

    assert client.get(f"/studies/{uuid}").status_code == 200


def test_others_cannot_answer_and_an_administrator_is_not_the_reader(app: Flask) -> None:
    owner, chief, stranger = (
        Script(app, f"{name}@clinic.example", role)
        for name, role in (("owner", "clinician"), ("chief", "admin"), ("stranger", "clinician"))
    )
    uuid = owner.uploaded()
    finish(app, uuid)
    with app.app_context():
        for user in db.session.scalars(select(User)):
            user.second_reader = True
        db.session.commit()

    statuses = [
        script.post(f"/studies/{uuid}/own-answer", f"{STUDY}/own-answer", data=OWN).status_code
        for script in (stranger, chief, owner)
    ]

    assert statuses == [404, 403, 201]


def test_the_interface_is_sealed_too(app: Flask, client: FlaskClient, settings: Settings) -> None:
    everybody = create_app(replace(settings, second_reader="everybody"))
    everybody.config["TESTING"] = True
    script = Script(everybody)
    uuid = script.uploaded(models=MODELS)
    finish(everybody, uuid, "Positive", "Advanced")

    study = script.study(uuid)
    assert (study["sealed"], study["predictions"]) == (True, [])
    for path in (f"/studies/{uuid}", "/studies", f"/studies/{uuid}/verdicts"):
        text = json.dumps(script.client.get(API + path, headers=script.headers).get_json())
        assert [word for word in ("Positive", "Advanced", "LOW", "0.7", ".png") if word in text] == []
    for name in pictures(everybody, uuid):
        assert script.get(f"/studies/{uuid}/files/{name}", f"{STUDY}/files/{{name}}").status_code == 404
    wish = {"model": STATUS, "verdict": "agree"}
    assert script.post(f"/studies/{uuid}/verdicts", f"{STUDY}/verdicts", data=wish).status_code == 409
    assert script.post(f"/studies/{uuid}/cancel", f"{STUDY}/cancel").status_code == 409

    script.post(f"/studies/{uuid}/own-answer", f"{STUDY}/own-answer", data=OWN)

    study = script.study(uuid)
    assert (study["sealed"], len(study["predictions"])) == (False, len(MODELS))
    told = script.get(f"/studies/{uuid}/verdicts", f"{STUDY}/verdicts").get_json()
    assert told["own_answer"]["answers"] == {"as_status": "Negative", "stage": None}
    with everybody.app_context():
        db.engine.dispose()


def test_an_enforced_mode_cannot_be_switched_off_in_the_account(app: Flask, settings: Settings) -> None:
    everybody = create_app(replace(settings, second_reader="everybody"))
    client = everybody.test_client()
    AuthActions(client).signup()
    uuid = uploaded(client)
    finish(everybody, uuid)

    AuthActions(client).post("/account/second-reader", form_page="/account")

    assert "Everybody answers first here" in client.get("/account").text
    assert client.get(f"/studies/{uuid}").status_code == 302
    with everybody.app_context():
        db.engine.dispose()


@pytest.mark.usefixtures("_all_offered")
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
def test_every_task_can_be_answered_first(app: Flask, reader: FlaskClient, spec: TaskSpec) -> None:
    uuid = uploaded(reader, task=spec.key, models=[model.key for model in spec.models])
    finish_with(app, uuid, answers(spec, 0))
    own = {f"answer_{head.key}": head.labels[-1] for head in spec.heads}

    page = reader.get(f"/studies/{uuid}", follow_redirects=True).text
    assert [head.key for head in spec.heads if f'name="answer_{head.key}"' not in page] == []
    assert answer_first(reader, uuid, **own) == 303
    assert reader.get(f"/studies/{uuid}").status_code == 200
