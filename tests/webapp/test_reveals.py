"""Whoever has seen the models' answers gives no independent answer any more, whatever the second-reader mode says later."""

from __future__ import annotations

import html
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ml.tasks import task
from tests.webapp.conftest import AuthActions, csrf_token
from tests.webapp.program import API, Script
from tests.webapp.reading_room import REGION, STATUS, finish, uploaded
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.reviews.performance import changes_of, seen_first
from webapp.reviews.tables import Reveal, SignedRowKept

OWN = {"answer_as_status": "Negative", "answer_stage": "Normal"}
PAGES = {
    "worklist": "/studies",
    "result": "/studies/{uuid}",
    "verdicts": "/studies/{uuid}/verdicts/" + STATUS,
    "picture": "/studies/{uuid}/files/" + f"{REGION}-region.png",
    "report": "/studies/{uuid}/report.pdf",
    "table": "/studies/{uuid}/export.csv",
    "data": "/studies/{uuid}/export.json",
    "patient": "/studies/{uuid}/patient",
}
HARMLESS = {
    "image": "/studies/{uuid}/files/preview.png",
    "thumbnail": "/studies/{uuid}/files/thumbnail.png",
    "grey values": "/studies/{uuid}/pixels",
    "progress": "/studies/{uuid}/state",
    "no such picture": "/studies/{uuid}/files/nothing-region.png",
    "upload page": "/studies/new",
}


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    auth.signup()
    return client


@pytest.fixture
def uuid(app: Flask, reader: FlaskClient) -> str:
    """A study that was read as Positive and Early, on which nobody has looked yet."""
    uuid = uploaded(reader, models=[REGION, STATUS], patient_code="P-1")
    finish(app, uuid)
    return uuid


@pytest.fixture
def mode(reader: FlaskClient) -> Callable[[bool], None]:
    """Switches the second-reader mode of the account."""

    def switch(on: bool) -> None:
        fields = {"second_reader": "y"} if on else {}
        AuthActions(reader).post("/account/second-reader", form_page="/account", **fields)

    return switch


def reveals(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Reveal)).all())


def answer_first(client: FlaskClient, uuid: str) -> None:
    AuthActions(client).post(f"/studies/{uuid}/own-answer", form_page="/account", **OWN)


def judge(client: FlaskClient, uuid: str) -> None:
    page = client.get(f"/studies/{uuid}/verdicts/{STATUS}").text
    prediction = page.partition('name="prediction" value="')[2].partition('"')[0]
    fields = {"prediction": prediction, "verdict": "agree"}
    AuthActions(client).post(f"/studies/{uuid}/verdicts/{STATUS}", form_page="/account", **fields)


def counted(app: Flask) -> tuple[int, int]:
    """How many own answers count as independent, and how many came after the models' had been seen."""
    with app.app_context():
        user = db.session.scalars(select(User)).one()
        status, _stage = changes_of(user, task("sij_mri"))
        return status.changed.n, seen_first(user, task("sij_mri"))


@pytest.mark.parametrize("page", PAGES)
def test_each_page_that_tells_an_answer_is_remembered_once(
    app: Flask, reader: FlaskClient, uuid: str, page: str
) -> None:
    address = PAGES[page].format(uuid=uuid)

    assert reveals(app) == 0
    for _ in range(2):
        assert reader.get(address).status_code == 200
    assert reveals(app) == 1


def test_studies_side_by_side_and_their_findings_are_remembered(
    app: Flask, reader: FlaskClient, uuid: str
) -> None:
    other = uploaded(reader, models=[REGION, STATUS], patient_code="P-1")
    finish(app, other)

    token = csrf_token(reader, "/account")
    chosen = {"study": uuid, "csrf_token": token}
    assert reader.post("/worklist/findings.csv", data=chosen).mimetype == "text/csv"
    assert reveals(app) == 1
    assert reader.get(f"/studies/compare?study={uuid}&study={other}").status_code == 200
    assert reveals(app) == 2


@pytest.mark.parametrize("page", HARMLESS)
def test_what_tells_no_answer_reveals_nothing(app: Flask, reader: FlaskClient, uuid: str, page: str) -> None:
    reader.get(HARMLESS[page].format(uuid=uuid))

    assert reveals(app) == 0


@pytest.mark.parametrize("page", PAGES)
def test_a_sealed_study_is_not_revealed(
    app: Flask, reader: FlaskClient, uuid: str, mode: Callable[[bool], None], page: str
) -> None:
    mode(True)

    reader.get(PAGES[page].format(uuid=uuid), follow_redirects=True)

    assert reveals(app) == 0


@pytest.mark.parametrize("path", ["/studies/{uuid}", "/studies/{uuid}/files/" + f"{REGION}-region.png"])
def test_a_program_is_remembered_too(app: Flask, path: str) -> None:
    script = Script(app)
    uuid = script.uploaded(models=[REGION])
    finish(app, uuid)

    script.client.get(f"{API}/studies", headers=script.headers)
    assert reveals(app) == 0
    script.client.get(API + path.format(uuid=uuid), headers=script.headers)
    assert reveals(app) == 1


def test_an_own_answer_before_the_models_counts(
    app: Flask, reader: FlaskClient, uuid: str, mode: Callable[[bool], None]
) -> None:
    mode(True)
    answer_first(reader, uuid)
    judge(reader, uuid)

    assert counted(app) == (1, 0)
    assert "Own answer before the models’" in reader.get(f"/studies/{uuid}").text


def test_to_switch_the_mode_off_and_look_makes_the_own_answer_dependent(
    app: Flask, reader: FlaskClient, uuid: str, mode: Callable[[bool], None]
) -> None:
    mode(True)
    mode(False)
    reader.get("/studies")  # the worklist tells what the models say
    mode(True)
    form = html.unescape(reader.get(f"/studies/{uuid}/own-answer").text)
    answer_first(reader, uuid)
    judge(reader, uuid)

    assert "it is not counted as independent" in form
    assert counted(app) == (0, 1)
    assert "so not independent" in reader.get(f"/studies/{uuid}").text
    performance = html.unescape(reader.get("/performance?task=sij_mri").text)
    assert "1 own answer came after the models’ had been seen" in performance


def test_when_it_was_seen_is_kept(app: Flask, reader: FlaskClient, uuid: str) -> None:
    reader.get(f"/studies/{uuid}")

    with app.app_context():
        db.session.delete(db.session.scalars(select(Reveal)).one())
        with pytest.raises(SignedRowKept):
            db.session.commit()
        db.session.rollback()
