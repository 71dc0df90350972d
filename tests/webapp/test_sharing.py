"""A study shared with colleagues: they see and judge it, each for themselves, and nothing more."""

from __future__ import annotations

import html

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests.webapp.people import log_in_as, post, user_id
from tests.webapp.program import Script
from tests.webapp.reading_room import REGION, STATUS, finish, last_reading, uploaded
from webapp.accounts.tables import User
from webapp.accounts.tokens import make_token
from webapp.extensions import db
from webapp.reviews.tables import OwnAnswer, Verdict
from webapp.sharing.tables import Share
from webapp.studies.tables import Study

OWN = {"answer_as_status": "Negative", "answer_stage": "Normal"}


@pytest.fixture
def anna(app: Flask) -> FlaskClient:
    """The owner."""
    return log_in_as(app, "anna")


@pytest.fixture
def ben(app: Flask) -> FlaskClient:
    """The colleague."""
    return log_in_as(app, "ben")


@pytest.fixture
def uuid(app: Flask, anna: FlaskClient, ben: FlaskClient) -> str:
    """A study of Anna's that she shares with Ben; all models say Positive and Advanced."""
    uuid = uploaded(anna, patient_code="SIJ-0417", models=[REGION, STATUS])
    finish(app, uuid, "Positive", "Advanced")
    share(app, anna, uuid, "ben")
    return uuid


def share(app: Flask, client: FlaskClient, uuid: str, name: str) -> None:
    answer = post(client, f"/studies/{uuid}/sharing", colleague=str(user_id(app, name)))
    assert answer.status_code == 303


def sign(app: Flask, client: FlaskClient, uuid: str, **opinion: str) -> int:
    with app.app_context():
        prediction = next(p.id for p in last_reading(uuid).predictions if p.model == STATUS)
    address = f"/studies/{uuid}/verdicts/{STATUS}"
    return post(client, address, prediction=str(prediction), **opinion).status_code


def table(client: FlaskClient, filters: str = "") -> str:
    page = html.unescape(client.get(f"/studies{filters}").text)
    return page.partition("<tbody>")[2].partition("</tbody>")[0]


def test_a_colleague_finds_the_study_marked_with_who_shares_it(
    app: Flask, anna: FlaskClient, ben: FlaskClient, uuid: str
) -> None:
    own = uploaded(ben)

    assert "shared by anna@clinic.example" in table(ben)
    assert "shared with 1 colleague" in table(anna)
    assert uuid in table(ben, "?owner=shared")
    assert own not in table(ben, "?owner=shared")
    assert uuid not in table(ben, "?owner=mine")
    for part in ("", "/files/preview.png", "/files/thumbnail.png", "/pixels", "/patient"):
        assert ben.get(f"/studies/{uuid}{part}").status_code == 200, part
    page = ben.get(f"/studies/{uuid}").text
    assert "Delete study" not in page
    assert "Read again" not in page
    assert "Give a verdict" in page


def test_own_and_shared_studies_stand_in_one_order_over_pages(
    app: Flask, ben: FlaskClient, anna: FlaskClient, uuid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = uploaded(ben, patient_code="B-1")
    later = uploaded(anna, patient_code="A-1")
    share(app, anna, later, "ben")
    monkeypatch.setattr("webapp.worklist.pages.PER_PAGE", 1)

    first = ben.get("/studies").text
    second = ben.get(f"/studies?after={later}").text
    third = ben.get(f"/studies?after={own}").text

    assert [one in page for one, page in ((later, first), (own, second), (uuid, third))] == [True] * 3
    assert "1 of 3 studies" in first
    by_code = ben.get(f"/studies?sort=patient&dir=asc&after={later}").text
    assert own in by_code.partition("<tbody>")[2]


@pytest.mark.parametrize(
    "action", ["cancel", "read-again", "read-anyway", "delete", "restore", "sharing", "sharing/end"]
)
def test_a_colleague_can_neither_change_nor_delete_nor_share_it(
    app: Flask, anna: FlaskClient, ben: FlaskClient, uuid: str, action: str
) -> None:
    fields = {"colleague": str(user_id(app, "ben")), "reason": "x"}

    assert post(ben, f"/studies/{uuid}/{action}", **fields).status_code == 404
    assert ben.get(f"/studies/{uuid}/sharing").status_code == 404
    post(ben, "/worklist/delete", study=uuid, confirm="yes")
    assert uuid in table(anna)
    assert uuid in table(ben)


def test_each_signs_a_verdict_of_their_own(
    app: Flask, anna: FlaskClient, ben: FlaskClient, uuid: str
) -> None:
    assert sign(app, ben, uuid, verdict="unusable", reason="quality") == 303
    assert "To judge" in table(anna)
    assert "1 colleague has judged" in table(anna)
    assert uuid in table(anna, "?verdict=without")
    assert uuid in table(ben, "?verdict=with")
    assert sign(app, anna, uuid, verdict="agree") == 303

    page = anna.get(f"/studies/{uuid}").text
    assert "ben@clinic.example" in page
    assert "and 1 colleague" in table(ben)
    with app.app_context():
        said = {v.signed_by: v.judgement for v in db.session.scalars(select(Verdict))}
        assert said == {"anna@clinic.example": "agree", "ben@clinic.example": "unusable"}
        assert db.session.scalars(select(Study.owner_verdict)).one() == "agree"


def test_a_second_readers_share_is_sealed_until_their_own_answer(
    app: Flask, anna: FlaskClient, uuid: str
) -> None:
    sign(
        app,
        anna,
        uuid,
        verdict="disagree",
        reason="answer",
        answer_as_status="Negative",
        answer_stage="Normal",
    )
    ben = log_in_as(app, "ben", second_reader=True)
    with app.app_context():
        token = make_token(db.session.get_one(User, user_id(app, "ben")), "test")
    headers = {"Authorization": f"Bearer {token}"}
    told = ("Advanced", "Positive", "Disagree", "1.2.0", "LOW", "U-Net Best")

    page = ben.get(f"/studies/{uuid}", follow_redirects=True).text
    assert "give your own answer first" in page
    assert [word for word in (*told[2:], "anna@clinic.example") if word in page] == []
    patient = html.unescape(ben.get(f"/studies/{uuid}/patient").text)
    assert [word for word in told if word in patient] == []
    assert [word for word in told if word in table(ben)] == []
    assert "and 1" not in table(ben)
    assert uuid not in table(ben, "?stage=Advanced")
    assert ben.get(f"/studies/{uuid}/files/{REGION}-region.png").status_code == 404
    assert ben.get(f"/studies/{uuid}/verdicts/{STATUS}").status_code == 404
    answer = ben.get(f"/api/v1/studies/{uuid}", headers=headers).get_json()
    assert (answer["sealed"], answer["predictions"]) == (True, [])
    verdicts = ben.get(f"/api/v1/studies/{uuid}/verdicts", headers=headers).get_json()
    assert verdicts == {"verdicts": [], "own_answer": None}
    # The owner, who does not read second, sees the study as ever.
    assert anna.get(f"/studies/{uuid}").status_code == 200

    assert post(ben, f"/studies/{uuid}/own-answer", **OWN).status_code == 303

    page = ben.get(f"/studies/{uuid}").text
    assert "anna@clinic.example" in page
    assert "Advanced" in page
    with app.app_context():
        assert [own.signed_by for own in db.session.scalars(select(OwnAnswer))] == ["ben@clinic.example"]
        assert db.session.scalars(select(Study.owner_spoke)).one() is True


def test_a_colleagues_answer_opens_nothing_for_the_owner(app: Flask, ben: FlaskClient, uuid: str) -> None:
    ben = log_in_as(app, "ben", second_reader=True)
    anna = log_in_as(app, "anna", second_reader=True)

    post(ben, f"/studies/{uuid}/own-answer", **OWN)
    sign(app, ben, uuid, verdict="agree")

    page = anna.get(f"/studies/{uuid}", follow_redirects=True).text
    assert "give your own answer first" in page
    assert "ben@clinic.example" not in page
    assert "colleague has judged" not in table(anna)


def test_after_sharing_has_ended_the_study_does_not_exist_and_the_verdict_stays(
    app: Flask, anna: FlaskClient, ben: FlaskClient, uuid: str
) -> None:
    sign(app, ben, uuid, verdict="agree")
    post(ben, "/worklist/label", study=uuid, label="teaching", do="give")
    assert "teaching" in ben.get("/studies").text

    post(anna, f"/studies/{uuid}/sharing/end", colleague=str(user_id(app, "ben")))

    assert uuid not in table(ben)
    assert "teaching" not in ben.get("/studies").text
    for part in ("", "/files/preview.png", "/patient", f"/verdicts/{STATUS}"):
        assert ben.get(f"/studies/{uuid}{part}").status_code == 404, part
    assert sign(app, ben, uuid, verdict="agree") == 404
    assert "ben@clinic.example" in anna.get(f"/studies/{uuid}").text
    share(app, anna, uuid, "ben")
    assert uuid in table(ben)
    with app.app_context():
        assert [bool(one.ended_at) for one in db.session.scalars(select(Share).order_by(Share.id))] == [
            True,
            False,
        ]


def test_sharing_offers_active_colleagues_and_takes_nobody_else(
    app: Flask, anna: FlaskClient, uuid: str
) -> None:
    log_in_as(app, "carla")
    log_in_as(app, "dora")
    with app.app_context():
        db.session.execute(update(User).where(User.email == "dora@clinic.example").values(state="disabled"))
        db.session.commit()

    page = anna.get(f"/studies/{uuid}/sharing").text
    offered = page.partition("<select")[2].partition("</select>")[0]
    assert "carla@clinic.example" in offered
    assert [name for name in ("dora@", "anna@", "ben@") if name in offered] == []
    for nobody in (str(user_id(app, "dora")), str(user_id(app, "anna")), "99999", "x", ""):
        answer = post(anna, f"/studies/{uuid}/sharing", colleague=nobody)
        assert answer.status_code == 303
    share(app, anna, uuid, "ben")
    with app.app_context():
        assert [one.user_id for one in db.session.scalars(select(Share))] == [user_id(app, "ben")]


def test_the_interface_lists_and_shows_what_is_shared_and_changes_nothing(
    app: Flask, anna: FlaskClient
) -> None:
    script = Script(app)
    uuid = uploaded(anna)
    finish(app, uuid)
    assert script.client.get(f"/api/v1/studies/{uuid}", headers=script.headers).status_code == 404
    share(app, anna, uuid, "script")

    listed = script.get("/studies", "/studies").get_json()
    assert [study["uuid"] for study in listed["studies"]] == [uuid]
    assert script.study(uuid)["uuid"] == uuid
    wish = {"model": STATUS, "verdict": "agree"}
    assert script.post(f"/studies/{uuid}/verdicts", "/studies/{uuid}/verdicts", data=wish).status_code == 201
    assert script.post(f"/studies/{uuid}/cancel", "/studies/{uuid}/cancel").status_code == 404
