"""The gate finds the task of an upload; what it stops is read only for a reason that every output then shows."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ml.tasks import FIND_TASK, offered
from tests.webapp.conftest import AuthActions
from tests.webapp.program import Script
from tests.webapp.reading_room import STATUS, finish, last_reading, upload, uploaded
from tests.webapp.workers import Clinic, Stage, Workers
from webapp.extensions import db, utc_now

REASON = "The only image there is, <b>cropped</b>"


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    """A browser that is logged in."""
    auth.signup()
    return client


@pytest.fixture
def script(app: Flask) -> Script:
    return Script(app)


def stop(app: Flask, uuid: str) -> None:
    """The worker was there, and the gate stopped the image."""
    sentence = "This looks inverted."
    with app.app_context():
        reading = last_reading(uuid)
        reading.state, reading.ended_at, reading.error = "stopped", utc_now(), sentence
        reading.gate = {"kind": "STIR", "scores": {"STIR": 0.9}, "state": "stopped", "sentence": sentence}
        db.session.commit()


def test_the_form_offers_to_find_the_task_and_asks_for_no_models_then(
    app: Flask, reader: FlaskClient
) -> None:
    page = reader.get("/studies/new").text

    uuid = uploaded(reader, task=FIND_TASK.key, models=[])

    assert f'value="{FIND_TASK.key}"' in page
    with app.app_context():
        reading = last_reading(uuid)
        assert (reading.study.task, reading.models) == (FIND_TASK.key, [])
    assert reader.get(f"/studies/{uuid}").status_code == 200
    assert FIND_TASK.name in reader.get("/studies").text


def test_a_chosen_task_still_needs_a_model(reader: FlaskClient) -> None:
    assert upload(reader, models=[]).status_code == 400


def test_the_worker_puts_the_task_in_and_all_its_models_read(app: Flask, crew: Workers, stage: Stage) -> None:
    clinic = Clinic(app)
    uuid = clinic.upload(task=FIND_TASK.key)

    crew.start()
    reading = clinic.wait_for(uuid, "done")

    spec = offered()[0]
    assert reading.models == [model.key for model in spec.models]
    assert set(clinic.predictions(uuid)) == set(reading.models)
    with app.app_context():
        assert last_reading(uuid).study.task == spec.key


def test_where_no_task_fits_the_reading_stops_with_the_reason_and_can_be_read_for_a_chosen_task(
    app: Flask, reader: FlaskClient, crew: Workers, stage: Stage
) -> None:
    stage.set("gate.stop")
    spec, clinic = offered()[0], Clinic(app)
    uuid = uploaded(reader, task=FIND_TASK.key, models=[])

    crew.start()
    stopped = clinic.wait_for(uuid, "stopped")
    page = reader.get(f"/studies/{uuid}")
    AuthActions(reader).post(f"/studies/{uuid}/read-anyway", f"/studies/{uuid}", reason=REASON, task=spec.key)
    reading = clinic.wait_for(uuid, "done")

    assert stopped.error == "This is no such image."
    assert "This is no such image." in page.text
    assert stopped.models == []
    assert reading.models == [model.key for model in spec.models]
    assert reading.gate is not None
    assert reading.gate["state"] == "stopped"  # what the gate said is still told
    assert {p.state for p in reading.predictions} == {"done"}


def test_read_anyway_keeps_reason_and_name_and_stamps_every_output(
    app: Flask, reader: FlaskClient, auth: AuthActions
) -> None:
    uuid = uploaded(reader)
    stop(app, uuid)

    auth.post(f"/studies/{uuid}/read-anyway", f"/studies/{uuid}", reason=f"  {REASON} ")

    with app.app_context():
        reading = last_reading(uuid)
        assert (reading.state, reading.models) == ("queued", [STATUS])
        assert (reading.anyway_reason, reading.anyway_by) == (REASON, "admin@clinic.example")
    on_its_way = reader.get(f"/studies/{uuid}").text
    finish(app, uuid)
    for page in (on_its_way, reader.get(f"/studies/{uuid}").text):
        assert "Outside validated input" in page
        assert "admin@clinic.example" in page
        assert "The only image there is, &lt;b&gt;cropped&lt;/b&gt;" in page
    assert "Outside validated input" in reader.get("/studies").text


def test_an_ordinary_reading_is_not_stamped(app: Flask, reader: FlaskClient) -> None:
    uuid = uploaded(reader)
    finish(app, uuid)

    assert "Outside validated input" not in reader.get(f"/studies/{uuid}").text
    assert "Outside validated input" not in reader.get("/studies").text


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_without_a_reason_nothing_is_read_anyway(
    app: Flask, reader: FlaskClient, auth: AuthActions, reason: str
) -> None:
    uuid = uploaded(reader)
    stop(app, uuid)

    auth.post(f"/studies/{uuid}/read-anyway", f"/studies/{uuid}", reason=reason)

    with app.app_context():
        assert last_reading(uuid).state == "stopped"


def test_only_what_the_gate_stopped_can_be_read_anyway(
    app: Flask, reader: FlaskClient, auth: AuthActions
) -> None:
    uuid = uploaded(reader)
    finish(app, uuid)

    auth.post(f"/studies/{uuid}/read-anyway", f"/studies/{uuid}", reason=REASON)

    with app.app_context():
        assert last_reading(uuid).state == "done"


def test_reading_again_asks_the_gate_again(app: Flask, reader: FlaskClient, auth: AuthActions) -> None:
    uuid = uploaded(reader)
    stop(app, uuid)
    auth.post(f"/studies/{uuid}/read-anyway", f"/studies/{uuid}", reason=REASON)
    finish(app, uuid)

    auth.post(f"/studies/{uuid}/read-again", f"/studies/{uuid}")

    with app.app_context():
        assert last_reading(uuid).outside_validated_input is False


def test_the_interface_finds_tasks_reads_anyway_and_tells_who_wanted_it(app: Flask, script: Script) -> None:
    uuid = script.uploaded(task=FIND_TASK.key, models=[])
    stop(app, uuid)
    path = "/studies/{uuid}/read-anyway"

    def post(**form: str) -> int:
        return script.post(path.format(uuid=uuid), path, data=form).status_code

    assert post() == 400
    assert post(reason=REASON) == 422  # for which task?
    assert post(reason=REASON, task="sij_mri") == 202
    assert post(reason=REASON, task="sij_mri") == 409
    finish(app, uuid)
    study = script.study(uuid)
    assert study["task"] == "sij_mri"
    assert study["outside_validated_input"]["reason"] == REASON
    assert study["outside_validated_input"]["by"]
    assert all(p["outside_validated_input"] for p in study["predictions"])
