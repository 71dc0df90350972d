"""The studies of one patient: which belong together, what is told of them over time, and what is not."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests.webapp.people import log_in_as, post, user_id
from tests.webapp.reading_room import REGION, STATUS, finish, last_reading, uploaded
from webapp.extensions import db
from webapp.readings.tables import Prediction, Reading

CODE = "SIJ-0417"


@pytest.fixture
def anna(app: Flask) -> FlaskClient:
    return log_in_as(app, "anna")


@pytest.fixture
def three(app: Flask, anna: FlaskClient) -> list[str]:
    """Three studies of one patient, the earliest first: Normal, Early, and one that waits."""
    uuids = [uploaded(anna, patient_code=CODE, models=[REGION, STATUS]) for _ in range(3)]
    finish(app, uuids[0], "Negative", "Normal")
    finish(app, uuids[1], "Positive", "Early")
    return uuids


def page_of(client: FlaskClient, uuid: str) -> str:
    return html.unescape(client.get(f"/studies/{uuid}/patient").text)


def test_all_studies_of_the_code_are_there_newest_first_and_no_other(
    anna: FlaskClient, three: list[str]
) -> None:
    other = uploaded(anna, patient_code=f"{CODE}-2")

    page = page_of(anna, three[0])

    listed = page.partition('class="timeline"')[2]
    assert re.findall(r'href="/studies/([0-9a-f-]{36})"', listed) == three[::-1]
    assert other not in page
    assert "3 studies" in page
    assert "Queued" in listed


def test_findings_are_told_by_date_and_model_with_the_version(anna: FlaskClient, three: list[str]) -> None:
    page = page_of(anna, three[0])

    table = page.partition("<caption>")[2].partition("</table>")[0]
    cells = re.findall(r"<td>(.*?)</td>", table)
    assert [re.sub("<.*?>", "", cell).split() for cell in cells] == [["Early", "1.2.0"], ["Normal", "1.2.0"]]
    assert "the earliest first: Normal, Early" in page
    assert "CNN Classifier says Early." in page
    assert "Models changed" not in page


def test_a_change_of_version_between_studies_is_told(app: Flask, anna: FlaskClient, three: list[str]) -> None:
    with app.app_context():
        ids = select(Prediction.id).where(
            Prediction.reading_id == last_reading(three[1]).id, Prediction.model == STATUS
        )
        db.session.execute(update(Prediction).where(Prediction.id.in_(ids)).values(version="2.0.0"))
        db.session.commit()

    page = page_of(anna, three[0])

    assert "Models changed between these studies: CNN Classifier 1.2.0 to 2.0.0." in page
    assert "may come from the model, not from the patient" in page


def test_a_verdict_that_names_another_stage_leads_the_chart(
    app: Flask, anna: FlaskClient, three: list[str]
) -> None:
    assert page_of(anna, three[0]).count("timeline-chart__verdict") == 0
    with app.app_context():
        prediction = next(p.id for p in last_reading(three[0]).predictions if p.model == STATUS)
    post(
        anna,
        f"/studies/{three[0]}/verdicts/{STATUS}",
        prediction=str(prediction),
        verdict="disagree",
        reason="answer",
        answer_as_status="Positive",
        answer_stage="Moderate",
    )

    page = page_of(anna, three[1])

    assert "the earliest first: Moderate, Early" in page
    assert page.count("timeline-chart__verdict") == 1
    assert "Disagree: AS status Positive, Stage Moderate. anna@clinic.example" in page


def test_what_was_read_anyway_keeps_its_stamp(app: Flask, anna: FlaskClient, three: list[str]) -> None:
    with app.app_context():
        db.session.execute(update(Reading).values(anyway_reason="only one", anyway_by="anna"))
        db.session.commit()

    assert page_of(anna, three[0]).lower().count("outside validated input") >= 3


def test_the_same_code_of_somebody_else_is_another_patient(
    app: Flask, anna: FlaskClient, three: list[str]
) -> None:
    ben = log_in_as(app, "ben")
    bens = uploaded(ben, patient_code=CODE)
    post(anna, f"/studies/{three[1]}/sharing", colleague=str(user_id(app, "ben")))

    assert bens not in page_of(anna, three[0])
    shared = page_of(ben, three[1])
    assert three[1] in shared
    assert [uuid for uuid in (bens, three[0], three[2]) if uuid in shared] == []
    assert three[1] not in page_of(ben, bens)
    assert ben.get(f"/studies/{three[0]}/patient").status_code == 404
    assert bens not in page_of(log_in_as(app, "chief", "admin"), three[0])


def test_without_a_code_there_is_no_patient(anna: FlaskClient) -> None:
    assert anna.get(f"/studies/{uploaded(anna)}/patient").status_code == 404


def test_in_second_reader_mode_only_answered_studies_are_told(app: Flask, three: list[str]) -> None:
    anna = log_in_as(app, "anna", second_reader=True)
    assert [
        word for word in ("Normal", "Early", "1.2.0", "Negative") if word in page_of(anna, three[0])
    ] == []
    assert "2 studies are not on this page" in page_of(anna, three[0])

    post(anna, f"/studies/{three[0]}/own-answer", answer_as_status="Negative", answer_stage="Normal")

    page = page_of(anna, three[0])
    assert "CNN Classifier says Normal." in page
    assert "Early" not in page
    assert "1 study" in page
