"""The worklist: every study once, in the order of any column, over any number of pages; labels; several studies at once."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import event, select, update

from ml.images.store import grey_png
from tests.webapp.people import log_in_as, post
from tests.webapp.reading_room import STATUS, finish, finish_with, last_reading, uploaded
from webapp.extensions import db
from webapp.readings import claims
from webapp.readings.summary import Summary
from webapp.readings.tables import Reading
from webapp.settings import Settings
from webapp.studies.tables import Study
from webapp.worklist import pages
from webapp.worklist.filters import COLUMNS
from webapp.worklist.tables import Label

TWO = [STATUS, "classifier_best"]
ROW = re.compile(r'name="study" value="([0-9a-f-]{36})" form="selection"')


@pytest.fixture
def reader(app: Flask) -> FlaskClient:
    return log_in_as(app, "reader")


def rows(page: str) -> list[str]:
    """The studies of a page, from above."""
    return ROW.findall(page)


def next_page(page: str, name: str = "after") -> str | None:
    found = re.search(rf'href="([^"]*[?&](?:amp;)?{name}=[^"]*)"', page)
    return html.unescape(found.group(1)) if found else None


@pytest.fixture
def seven(app: Flask, reader: FlaskClient) -> dict[str, str]:
    """Seven studies: five read with all kinds of answers, one that waits, one without a code."""
    codes = {"a": "P-3", "b": "P-1", "c": "P-1", "d": "P-2", "e": "P-5", "f": "P-4", "g": ""}
    uuids = {name: uploaded(reader, patient_code=code, models=TWO) for name, code in codes.items()}
    early, none = {"as_status": "Positive", "stage": "Early"}, {"as_status": "Negative", "stage": "Normal"}
    advanced = {"as_status": "Positive", "stage": "Advanced"}
    said = {
        "a": (early, early),
        "b": (none, none),
        "c": (advanced, early),
        "d": (advanced, advanced),
        "g": (none, early),
    }
    for name, (one, other) in said.items():
        finish_with(app, uuids[name], dict(zip(TWO, (one, other), strict=True)), "STIR")
    return uuids


@pytest.fixture
def _two_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PER_PAGE", 2)


@pytest.mark.usefixtures("_two_a_page")
def test_pages_show_every_study_once_there_and_back_in_any_order(
    reader: FlaskClient, seven: dict[str, str]
) -> None:
    for column in COLUMNS:
        for direction in ("asc", "desc"):
            address: str | None = f"/studies?sort={column}&dir={direction}"
            there = []
            while address and len(there) < 9:
                page = reader.get(address).text
                there.append(rows(page))
                address = next_page(page)
            assert [len(page) for page in there] == [2, 2, 2, 1], (column, direction)
            assert sorted(uuid for page in there for uuid in page) == sorted(seven.values())

            back = [there[-1]]
            address = next_page(page, "before")
            while address and len(back) < 9:
                page = reader.get(address).text
                back.insert(0, rows(page))
                address = next_page(page, "before")
            assert back == there, (column, direction)


def test_each_column_has_its_own_order_and_equals_stand_newest_first(
    reader: FlaskClient, seven: dict[str, str]
) -> None:
    found = {uuid: name for name, uuid in seven.items()}

    def shown(order: str) -> str:
        return "".join(found[uuid] for uuid in rows(reader.get(f"/studies?{order}").text))

    assert shown("") == "gfedcba"
    assert shown("sort=date&dir=asc") == "abcdefg"
    assert shown("sort=patient&dir=asc") == "gcbdafe"
    assert shown("sort=patient&dir=desc") == "efadcbg"
    # Without a majority there is no stage: those stand with the ones that were never read.
    assert shown("sort=stage&dir=desc") == "dabgfec"
    assert shown("sort=agreement&dir=asc") == "fegcdba"
    assert shown("sort=status&dir=asc")[:3] == "gfe"
    assert shown("sort=risk&dir=asc")[:2] == "fe"


def test_order_and_filters_stand_in_the_address_and_the_code_never(
    reader: FlaskClient, seven: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PER_PAGE", 1)

    page = post(reader, "/studies/search?state=done&sort=patient&dir=asc", code="P-1").text

    assert rows(page) == [seven["c"]]
    addresses = re.findall(r'(?:href|action|formaction)="([^"]*)"', page)
    assert not [address for address in addresses if "P-1" in address]
    assert any("sort=patient&amp;dir=desc" in address and "state=done" in address for address in addresses)
    assert f'name="after" value="{seven["c"]}"' in page
    second = post(
        reader, "/studies/search?state=done&sort=patient&dir=asc", code="P-1", after=seven["c"]
    ).text
    assert rows(second) == [seven["b"]]


def test_a_page_goes_on_where_it_was_although_its_last_study_was_deleted(
    reader: FlaskClient, seven: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PER_PAGE", 2)
    following = next_page(reader.get("/studies").text)

    post(reader, f"/studies/{seven['f']}/delete")

    assert following
    assert rows(reader.get(following).text) == [seven["e"], seven["d"]]


def test_more_than_a_thousand_are_not_counted(
    reader: FlaskClient, seven: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "7 studies" in reader.get("/studies").text
    monkeypatch.setattr(pages, "COUNTED", 3)

    assert "of more than" in reader.get("/studies").text
    assert "2 studies" in reader.get("/studies?agreement=differ").text


def test_a_study_stands_where_its_last_reading_puts_it_whoever_changed_it(
    app: Flask, reader: FlaskClient
) -> None:
    uuid = uploaded(reader)
    assert rows(reader.get("/studies?state=queued").text) == [uuid]
    with app.app_context():
        reading = last_reading(uuid)
        assert claims.claim(reading.id, "w", timedelta(minutes=1))
    assert rows(reader.get("/studies?state=running").text) == [uuid]
    with app.app_context():
        claims.end(last_reading(uuid).id, "w", "done", Summary("Positive", "Early", "LOW", 1.0))
    assert rows(reader.get("/studies?status=Positive&stage=Early&agreement=same").text) == [uuid]
    post(reader, f"/studies/{uuid}/read-again")
    assert rows(reader.get("/studies?status=Positive").text) == []
    post(reader, f"/studies/{uuid}/cancel")
    assert rows(reader.get("/studies?state=cancelled").text) == [uuid]
    with app.app_context():
        study = db.session.scalars(select(Study)).one()
        assert (study.last_state, study.last_label, study.last_agreement) == ("cancelled", "", -1.0)


def test_labels_are_given_filtered_by_and_taken_off(
    app: Flask, reader: FlaskClient, seven: dict[str, str]
) -> None:
    both = [seven["a"], seven["b"]]

    post(reader, "/worklist/label?state=done", study=both, label="  Second   look ", do="give")
    post(reader, "/worklist/label", study=seven["a"], label="second look", do="give")
    post(reader, "/worklist/label", study=seven["a"], label="teaching", do="give")

    with app.app_context():
        labels = {label.name: label.id for label in db.session.scalars(select(Label))}
    assert set(labels) == {"Second look", "teaching"}
    address = f"/studies?label={labels['Second look']}"
    assert sorted(rows(reader.get(address).text)) == sorted(both)
    assert reader.get("/studies").text.count('class="worklist__label"') == 3
    back = post(reader, "/worklist/label?state=done", study=both, label="SECOND LOOK", do="take")
    assert back.location == "/studies?state=done"
    assert rows(reader.get(address).text) == []
    with app.app_context():
        assert [label.name for label in db.session.scalars(select(Label))] == ["teaching"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\x00b"])
def test_what_cannot_be_a_label_changes_nothing_and_says_so(
    app: Flask, reader: FlaskClient, seven: dict[str, str], name: str
) -> None:
    answer = post(reader, "/worklist/label", study=seven["a"], label=name, do="give")

    assert "1 to 40 characters" in reader.get(answer.location).text
    with app.app_context():
        assert db.session.scalars(select(Label)).all() == []


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """Another clinician."""
    return log_in_as(app, "stranger")


def test_a_selection_reaches_no_study_and_no_label_of_somebody_else(
    app: Flask, reader: FlaskClient, seven: dict[str, str], stranger: FlaskClient
) -> None:
    post(reader, "/worklist/label", study=seven["a"], label="mine", do="give")
    with app.app_context():
        label = db.session.scalars(select(Label.id)).one()

    chosen = [seven["a"], seven["b"]]
    for path, fields in (
        ("label", {"label": "theirs", "do": "give"}),
        ("label", {"label": "mine", "do": "take"}),
        ("delete", {"confirm": "yes"}),
        ("findings.csv", {}),
        ("restore", {}),
    ):
        answer = post(stranger, f"/worklist/{path}", study=chosen, **fields)
        assert answer.status_code == 303, path
        assert not any(uuid in answer.location for uuid in chosen)

    assert rows(stranger.get(f"/studies?label={label}").text) == []
    assert rows(reader.get(f"/studies?label={label}").text) == [seven["a"]]
    assert len(rows(reader.get("/studies").text)) == 7


@pytest.mark.parametrize("path", ["label", "delete", "findings.csv", "restore"])
def test_nothing_is_done_to_a_selection_without_the_token(reader: FlaskClient, path: str) -> None:
    assert reader.post(f"/worklist/{path}").status_code == 400


def test_several_studies_are_deleted_after_asking_and_brought_back(
    reader: FlaskClient, seven: dict[str, str]
) -> None:
    chosen = [seven["a"], seven["c"]]

    asked = post(reader, "/worklist/delete?sort=patient&dir=asc", study=chosen)
    assert asked.status_code == 200
    assert "Delete 2 studies?" in asked.text
    assert len(rows(reader.get("/studies").text)) == 7

    gone = post(reader, "/worklist/delete?sort=patient&dir=asc", study=chosen, confirm="yes")
    page = reader.get(gone.location).text
    assert not set(chosen) & set(rows(page))
    assert "2 studies are deleted" in page
    assert gone.location.startswith("/studies?sort=patient&dir=asc&")

    undo = page.partition('action="/worklist/restore')[2].partition("</form>")[0]
    assert [uuid for uuid in chosen if uuid in undo] == chosen
    post(reader, "/worklist/restore", study=chosen)
    assert len(rows(reader.get("/studies").text)) == 7


def test_the_findings_of_several_studies_are_one_table(
    app: Flask, reader: FlaskClient, seven: dict[str, str]
) -> None:
    with app.app_context():
        db.session.execute(update(Study).where(Study.uuid == seven["d"]).values(patient_code="-2+3"))
        db.session.execute(
            update(Reading).where(Reading.study_id == 4).values(anyway_reason="only one", anyway_by="x")
        )
        db.session.commit()

    answer = post(reader, "/worklist/findings.csv", study=[seven["d"], seven["f"]])

    assert answer.mimetype == "text/csv"
    assert "no-store" in answer.headers["Cache-Control"]
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    said = [line for line in lines if line["study"] == seven["d"]]
    assert {(line["model"], line["question"], line["answer"], line["score"]) for line in said} == {
        (model, question, label, "0.7000")
        for model in TWO
        for question, label in (("as_status", "Positive"), ("stage", "Advanced"))
    }
    assert {
        (line["patient_code"], line["model_version"], line["outside_validated_input"]) for line in said
    } == {("'-2+3", "1.2.0", "yes")}
    assert [(line["state"], line["model"]) for line in lines if line["study"] == seven["f"]] == [
        ("queued", "")
    ]


def test_in_second_reader_mode_neither_table_nor_order_tells_an_answer(
    app: Flask, seven: dict[str, str]
) -> None:
    reader = log_in_as(app, "reader", second_reader=True)
    for column in ("status", "stage", "agreement", "risk"):
        for direction in ("asc", "desc"):
            shown = rows(reader.get(f"/studies?sort={column}&dir={direction}").text)
            assert shown == [seven[name] for name in "gfedcba"], column

    table = post(reader, "/worklist/findings.csv", study=list(seven.values())).text
    assert [word for word in ("Positive", "Advanced", "LOW", STATUS, "1.2.0") if word in table] == []
    assert table.count("sealed until your own answer") == 5


def test_a_thumbnail_is_small_and_made_once(reader: FlaskClient, settings: Settings) -> None:
    uuid = uploaded(reader)
    folder = settings.data_dir / "studies" / uuid
    (folder / "preview.png").write_bytes(grey_png(np.zeros((400, 300), np.uint8)))

    first = reader.get(f"/studies/{uuid}/files/thumbnail.png")
    (folder / "preview.png").unlink()
    second = reader.get(f"/studies/{uuid}/files/thumbnail.png")

    assert Image.open(io.BytesIO(first.data)).size == (72, 96)
    assert first.data == second.data
    assert first.headers["Cache-Control"] == "private, no-store"
    assert sorted(path.name for path in folder.iterdir()) == ["image.png", "thumbnail.png"]


def test_a_list_shows_its_pictures_although_they_cannot_be_kept(
    reader: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = uploaded(reader)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("webapp.studies.files._write", full)

    assert reader.get(f"/studies/{uuid}/files/thumbnail.png").status_code == 200


def test_an_unfinished_study_has_a_place_under_every_order(app: Flask, reader: FlaskClient) -> None:
    waiting, done = uploaded(reader), uploaded(reader)
    finish(app, done)

    for column in COLUMNS:
        assert set(rows(reader.get(f"/studies?sort={column}").text)) == {waiting, done}


def test_no_study_is_fetched_that_the_page_does_not_show(app: Flask, reader: FlaskClient) -> None:
    uuid = uploaded(reader)
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        if "FROM study" in statement and "LIMIT" in statement:
            asked.append((statement, values))

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        for filters in (
            "",
            f"after={uuid}",
            "state=done",
            "sort=stage&task=sij_mri",
            "verdict=with",
            "label=1",
        ):
            assert reader.get(f"/studies?{filters}").status_code == 200
        post(reader, "/studies/search", code="P-1")
        event.remove(db.engine, "before_cursor_execute", note)
        plans = [
            step.detail
            for statement, values in asked
            for step in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)  # type: ignore[arg-type]
        ]

    read = [plan for plan in plans if plan.startswith(("SCAN study", "SEARCH study"))]
    assert len(read) >= 14
    # A label names its studies: those few are looked up.
    few = ("COVERING INDEX ix_study_worklist", "INTEGER PRIMARY KEY")
    assert [plan for plan in read if not any(words in plan for words in few)] == []
