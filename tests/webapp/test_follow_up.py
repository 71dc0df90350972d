"""Studies of one patient code side by side: which may stand there, what is said of them, and what stays sealed."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.webapp.conftest import AuthActions
from tests.webapp.reading_room import LESION, REGION, STATUS, finish, last_reading, uploaded
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.studies.tables import Study

MODELS = [REGION, STATUS, LESION]
CODE = "SIJ-0417"


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    auth.signup()
    return client


def visit(app: Flask, reader: FlaskClient, days_ago: int, stage: str = "", code: str = CODE) -> str:
    """A study of that many days ago; without a stage it is not read yet."""
    uuid = uploaded(reader, models=MODELS, patient_code=code)
    with app.app_context():
        study = db.session.scalars(select(Study).where(Study.uuid == uuid)).one()
        study.created_at -= timedelta(days=days_ago)
        db.session.commit()
    if stage:
        finish(app, uuid, "Negative" if stage == "Normal" else "Positive", stage)
    return uuid


def address(*uuids: str, more: str = "") -> str:
    return "/studies/compare?" + "&".join(f"study={uuid}" for uuid in uuids) + more


def page(reader: FlaskClient, *uuids: str, more: str = "") -> str:
    answer = reader.get(address(*uuids, more=more))
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def refused(reader: FlaskClient, *uuids: str) -> str:
    answer = reader.get(address(*uuids))
    assert answer.status_code == 400
    return html.unescape(answer.text)


def test_they_stand_in_the_order_of_time_with_what_each_model_said(app: Flask, reader: FlaskClient) -> None:
    late, early = visit(app, reader, 3, "Moderate"), visit(app, reader, 400, "Normal")

    text = page(reader, late, early)

    assert re.findall(r'data-model="([^"]+)"', text) == [early, late]
    assert "Stage by the majority of the models: Normal, Moderate." in text
    assert text.index("2 of 2 models say Normal.") < text.index("2 of 2 models say Moderate.")
    assert all(f"/studies/{uuid}/pixels" in text for uuid in (early, late))
    assert "Models changed" not in text


def test_a_model_that_changed_is_named(app: Flask, reader: FlaskClient) -> None:
    first, second = visit(app, reader, 9, "Early"), visit(app, reader, 3, "Moderate")
    with app.app_context():
        before = next(p for p in last_reading(first).predictions if p.model == STATUS)
        before.version = "1.1.0"
        db.session.commit()

    text = page(reader, first, second)

    assert "Models changed between these studies: CNN Classifier 1.1.0 to 1.2.0." in text


def test_the_marks_of_another_model_can_be_chosen(app: Flask, reader: FlaskClient) -> None:
    uuids = visit(app, reader, 9, "Early"), visit(app, reader, 3, "Moderate")

    assert f"files/{LESION}-lesion.png" in page(reader, *uuids)
    chosen = page(reader, *uuids, more=f"&model={STATUS}")
    assert f"files/{STATUS}-heatmap_focused.png" in chosen
    assert f"files/{LESION}-lesion.png" not in chosen
    assert f"files/{LESION}-lesion.png" in page(reader, *uuids, more="&model=no_such_model")


def test_a_study_that_is_not_read_yet_stands_there_without_answers(app: Flask, reader: FlaskClient) -> None:
    text = page(reader, visit(app, reader, 9, "Early"), visit(app, reader, 3))

    assert "Queued" in text
    assert "by the majority of the models" not in text
    assert "2 studies of one patient code, side by side" in text


def test_only_two_to_six_are_compared(app: Flask, reader: FlaskClient) -> None:
    uuids = [visit(app, reader, days) for days in range(7)]

    assert "2 to 6 studies can be compared; 1 were chosen" in refused(reader, uuids[0])
    assert "2 to 6 studies can be compared; 1 were chosen" in refused(reader, uuids[0], uuids[0])
    assert "7 were chosen" in refused(reader, *uuids)
    assert reader.get("/studies/compare").status_code == 400
    assert reader.get(address(*uuids[:6])).status_code == 200


def test_only_studies_of_one_code_are_compared(app: Flask, reader: FlaskClient) -> None:
    other, without = visit(app, reader, 2, code="SIJ-0999"), visit(app, reader, 1, code="")
    one, nameless = visit(app, reader, 3), visit(app, reader, 1, code="")

    assert "same patient code" in refused(reader, one, other)
    assert "same patient code" in refused(reader, one, without)
    assert "no patient code" in refused(reader, without, nameless)


def test_studies_of_somebody_else_are_not_there(app: Flask, reader: FlaskClient, auth: AuthActions) -> None:
    others = visit(app, reader, 9, "Early"), visit(app, reader, 3, "Early")
    auth.logout()
    auth.signup("other@clinic.example")
    with app.app_context():
        for user in db.session.scalars(select(User)):
            user.state = "active"
        db.session.commit()
    auth.login("other@clinic.example")
    own = visit(app, reader, 1, "Early")

    assert reader.get(address(*others)).status_code == 404
    assert reader.get(address(own, others[0])).status_code == 404
    assert others[0] not in reader.get(f"/studies/{own}").text


def test_an_administrator_compares_no_two_owners(app: Flask, reader: FlaskClient, auth: AuthActions) -> None:
    own = visit(app, reader, 9, "Early")
    auth.logout()
    auth.signup("other@clinic.example")
    with app.app_context():
        for user in db.session.scalars(select(User)):
            user.state = "active"
        db.session.commit()
    auth.login("other@clinic.example")
    others = visit(app, reader, 1, "Early")
    auth.logout()
    auth.login()

    assert "same owner" in refused(reader, own, others)


def test_what_is_sealed_stays_sealed_beside_what_is_not(
    app: Flask, reader: FlaskClient, auth: AuthActions
) -> None:
    opened = visit(app, reader, 9, "Early")
    auth.post("/account/second-reader", form_page="/account", second_reader="y")
    own = {"answer_as_status": "Negative", "answer_stage": "cannot_tell"}
    auth.post(f"/studies/{opened}/own-answer", form_page="/account", **own)
    sealed = visit(app, reader, 3, "Advanced")

    text = page(reader, opened, sealed)
    column = text[text.index(f'data-model="{sealed}"') :].partition("</article>")[0]

    assert "Sealed until your own answer" in column
    assert [
        word
        for word in ("Positive", "Advanced", "1.2.0", "mm²", STATUS, "-region", "-lesion")
        if word in column
    ] == []
    assert "2 of 2 models say Early." in text
    assert "by the majority" not in text


def test_the_result_page_leads_there_and_no_address_holds_the_code(app: Flask, reader: FlaskClient) -> None:
    first, second = visit(app, reader, 9, "Early"), visit(app, reader, 3, "Moderate")
    deleted, alone = visit(app, reader, 5, "Early"), visit(app, reader, 2, "Early", code="SIJ-0999")
    auth = AuthActions(reader)
    auth.post(f"/studies/{deleted}/delete", form_page="/account")

    text = reader.get(f"/studies/{second}").text
    form = text.partition('action="/studies/compare"')[2].partition("</form>")[0]

    assert re.findall(r'name="study" value="([^"]+)"', form) == [second, first]
    assert 'action="/studies/compare"' not in reader.get(f"/studies/{alone}").text
    for shown in (text, page(reader, first, second)):
        assert [link for link in re.findall(r'(?:href|src|action)="([^"]+)"', shown) if CODE in link] == []
