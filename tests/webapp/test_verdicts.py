"""Verdicts: signed, never changed, superseded by later ones; who may give and see them, on pages and through the interface."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ml.tasks import TaskSpec
from tests.webapp.conftest import AuthActions, csrf_token
from tests.webapp.every_task import SPECS, answers
from tests.webapp.program import Script
from tests.webapp.reading_room import REGION, STATUS, finish, finish_with, last_reading, uploaded
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.reviews.tables import SignedRowKept, Verdict

RIGHT = {"answer_as_status": "Negative", "answer_stage": "Normal"}
DISAGREE = {"verdict": "disagree", "reason": "answer", **RIGHT}


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    auth.signup()
    return client


@pytest.fixture
def uuid(app: Flask, reader: FlaskClient) -> str:
    """A study that a classifier has read as Positive and Early, and a region model has outlined."""
    uuid = uploaded(reader, models=[REGION, STATUS])
    finish(app, uuid)
    return uuid


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def sign(client: FlaskClient, uuid: str, model: str = STATUS, **fields: str) -> tuple[int, str]:
    """Send the form as the page does; gives status and the page that follows."""
    address = f"/studies/{uuid}/verdicts/{model}"
    page = client.get(address).text
    found = re.search(r'name="prediction" value="(\d+)"', page)
    form = {"prediction": found.group(1) if found else "", "csrf_token": csrf_token(client, "/account")}
    answer = client.post(address, data={**form, **fields})
    return answer.status_code, answer.text


def stored(app: Flask) -> list[tuple[str, dict[str, str], str]]:
    with app.app_context():
        rows = db.session.scalars(select(Verdict).order_by(Verdict.id))
        return [(row.judgement, row.labels, row.reason) for row in rows]


def another(app: Flask, role: str = "clinician") -> FlaskClient:
    """Somebody else, logged in."""
    client = app.test_client()
    auth = AuthActions(client)
    auth.signup("other@clinic.example")
    with app.app_context():
        user = db.session.scalars(select(User).where(User.email == "other@clinic.example")).one()
        user.state, user.role = "active", role
        db.session.commit()
    auth.login("other@clinic.example")
    return client


def test_agreeing_signs_the_models_own_labels_with_name_and_time(
    app: Flask, reader: FlaskClient, uuid: str
) -> None:
    status, _ = sign(reader, uuid, verdict="agree", note="clear")

    assert status == 303
    assert stored(app) == [("agree", {"as_status": "Positive", "stage": "Early"}, "")]
    page = words(reader.get(f"/studies/{uuid}").text)
    assert re.search(r"Agree admin@clinic.example, \d+ \w+ \d{4} \d\d:\d\d Change the verdict", page)


def test_a_later_verdict_supersedes_and_both_stay(app: Flask, reader: FlaskClient, uuid: str) -> None:
    sign(reader, uuid, verdict="agree")
    sign(reader, uuid, **DISAGREE, note="no bright area")

    assert [row[0] for row in stored(app)] == ["agree", "disagree"]
    page = words(reader.get(f"/studies/{uuid}/verdicts/{STATUS}").text)
    assert "Disagree AS status Negative, Stage Normal" in page
    assert "no bright area" in page
    assert page.count("superseded Your") == 1
    result = words(reader.get(f"/studies/{uuid}").text)
    assert "Disagree AS status Negative, Stage Normal" in result
    assert "Agree admin" not in result


def test_a_signed_row_cannot_be_changed_or_deleted(app: Flask, reader: FlaskClient, uuid: str) -> None:
    sign(reader, uuid, verdict="agree")

    with app.app_context():
        row = db.session.scalars(select(Verdict)).one()
        row.judgement = "unusable"
        with pytest.raises(SignedRowKept):
            db.session.commit()
        db.session.rollback()
        db.session.delete(db.session.scalars(select(Verdict)).one())
        with pytest.raises(SignedRowKept):
            db.session.commit()
        db.session.rollback()
    assert [row[0] for row in stored(app)] == ["agree"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Choose agree, disagree or unusable."),
        ({"verdict": "perhaps"}, "Choose agree, disagree or unusable."),
        ({"verdict": "unusable"}, "Choose a reason."),
        ({"verdict": "disagree", **RIGHT}, "Choose a reason."),
        ({"verdict": "disagree", "reason": "answer", "answer_stage": "Normal"}, "Choose an answer to each"),
        ({**DISAGREE, "answer_stage": "Worst"}, "Choose an answer to each question: Stage."),
        (
            {**DISAGREE, "answer_as_status": "Positive", "answer_stage": "Early"},
            "This is what the model says.",
        ),
        ({"verdict": "agree", "note": "x" * 1001}, "A note has at most 1000 characters."),
    ],
)
def test_what_is_not_whole_is_not_signed_and_nothing_typed_is_lost(
    app: Flask, reader: FlaskClient, uuid: str, fields: dict[str, str], sentence: str
) -> None:
    status, page = sign(reader, uuid, **{"note": "keep these words", **fields})

    assert status == 422
    assert sentence in html.unescape(page)
    assert fields.get("note", "keep these words") in page
    for name in ("answer_stage", "answer_as_status"):
        if fields.get(name) in ("Normal", "Negative"):
            assert f'name="{name}" value="{fields[name]}" checked' in page
    assert stored(app) == []


def test_nothing_is_chosen_for_the_clinician(reader: FlaskClient, uuid: str) -> None:
    page = reader.get(f"/studies/{uuid}/verdicts/{STATUS}").text

    assert 'name="verdict"' in page
    assert " checked" not in page
    assert " autofocus" not in page


def test_a_right_answer_with_an_outline_in_the_wrong_place_is_a_disagreement(
    app: Flask, reader: FlaskClient, uuid: str
) -> None:
    same = {"answer_as_status": "Positive", "answer_stage": "Early"}

    assert sign(reader, uuid, verdict="disagree", reason="outline", **same)[0] == 303
    assert stored(app) == [("disagree", {"as_status": "Positive", "stage": "Early"}, "outline")]


def test_a_region_is_judged_without_labels(app: Flask, reader: FlaskClient, uuid: str) -> None:
    page = reader.get(f"/studies/{uuid}/verdicts/{REGION}").text

    assert "answer_" not in page
    assert sign(reader, uuid, REGION, verdict="disagree", reason="outline")[0] == 303
    assert stored(app) == [("disagree", {}, "outline")]


def test_the_form_of_an_earlier_reading_signs_nothing_on_a_later_one(
    app: Flask, reader: FlaskClient, uuid: str
) -> None:
    page = reader.get(f"/studies/{uuid}/verdicts/{STATUS}").text
    old = re.search(r'name="prediction" value="(\d+)"', page)
    assert old is not None
    auth = AuthActions(reader)
    auth.post(f"/studies/{uuid}/read-again", form_page="/account")
    finish(app, uuid, "Negative", "Normal")

    address = f"/studies/{uuid}/verdicts/{STATUS}"
    answer = auth.post(address, form_page="/account", prediction=old.group(1), verdict="agree")

    assert answer.status_code == 409
    assert stored(app) == []


def test_others_find_no_verdicts_and_sign_none(app: Flask, reader: FlaskClient, uuid: str) -> None:
    other, script = another(app), Script(app)
    address = f"/studies/{uuid}/verdicts/{STATUS}"

    assert other.get(address).status_code == 404
    assert sign(other, uuid, verdict="agree")[0] == 404
    assert script.get(f"/studies/{uuid}/verdicts", "/studies/{uuid}/verdicts").status_code == 404
    wish = {"model": STATUS, "verdict": "agree"}
    answer = script.post(f"/studies/{uuid}/verdicts", "/studies/{uuid}/verdicts", data=wish)
    assert answer.status_code == 404
    assert stored(app) == []


def test_administrators_see_verdicts_and_sign_only_on_their_own_studies(app: Flask) -> None:
    chief = Script(app, "chief@clinic.example", "admin")
    owner = Script(app)
    uuid = owner.uploaded()
    finish(app, uuid)
    path, described = f"/studies/{uuid}/verdicts", "/studies/{uuid}/verdicts"
    owner.post(path, described, data={"model": STATUS, "verdict": "agree"})

    seen = chief.get(path, described).get_json()
    refused = chief.post(path, described, data={"model": STATUS, "verdict": "unusable", "reason": "quality"})

    assert [verdict["signed_by"] for verdict in seen["verdicts"]] == ["script@clinic.example"]
    assert refused.status_code == 403
    assert len(stored(app)) == 1


def test_a_program_signs_and_reads_what_was_superseded(app: Flask) -> None:
    script = Script(app)
    uuid = script.uploaded()
    path, described = f"/studies/{uuid}/verdicts", "/studies/{uuid}/verdicts"
    early = script.post(path, described, data={"model": STATUS, "verdict": "agree"})
    finish(app, uuid)

    script.post(path, described, data={"model": STATUS, "verdict": "unusable", "reason": "quality"})
    told = script.post(path, described, data={"model": STATUS, **DISAGREE}).get_json()

    assert early.status_code == 404
    assert [(v["verdict"], v["superseded"]) for v in told["verdicts"]] == [
        ("unusable", True),
        ("disagree", False),
    ]
    assert told["verdicts"][1]["answers"] == {"as_status": "Negative", "stage": "Normal"}
    assert (told["verdicts"][1]["model"], told["verdicts"][1]["version"]) == (STATUS, "1.2.0")
    assert told["own_answer"] is None
    assert script.post(path, described, data={"model": STATUS, "verdict": "?"}).status_code == 422


def test_failed_models_are_not_judged(app: Flask, reader: FlaskClient, uuid: str) -> None:
    with app.app_context():
        prediction = next(p for p in last_reading(uuid).predictions if p.model == STATUS)
        prediction.state = "failed"
        db.session.commit()

    assert sign(reader, uuid, verdict="agree")[0] == 404
    assert f"/verdicts/{STATUS}" not in reader.get(f"/studies/{uuid}").text


def test_the_history_filters_by_verdict(app: Flask, reader: FlaskClient, uuid: str) -> None:
    waiting = uploaded(reader)
    finish(app, waiting)
    sign(reader, uuid, verdict="agree")

    judged, open_ones = (reader.get(f"/studies?verdict={which}").text for which in ("with", "without"))

    assert uuid in judged
    assert waiting not in judged
    assert waiting in open_ones
    assert uuid not in open_ones


@pytest.mark.usefixtures("_all_offered")
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
def test_every_model_of_every_task_can_be_judged(app: Flask, reader: FlaskClient, spec: TaskSpec) -> None:
    uuid = uploaded(reader, task=spec.key, models=[model.key for model in spec.models])
    finish_with(app, uuid, answers(spec, 0))
    other = {f"answer_{head.key}": head.labels[-1] for head in spec.heads}

    for model in spec.models:
        page = reader.get(f"/studies/{uuid}/verdicts/{model.key}").text
        asked = {f"answer_{head.key}" for head in spec.heads} if model.kind != "region" else set()
        assert set(re.findall(r'name="(answer_\w+)"', page)) == asked
        assert sign(reader, uuid, model.key, verdict="disagree", reason="answer", **other)[0] == 303

    right = {head.key: head.labels[-1] for head in spec.heads}
    assert [labels for _, labels, _ in stored(app)] == [
        {} if model.kind == "region" else right for model in spec.models
    ]
