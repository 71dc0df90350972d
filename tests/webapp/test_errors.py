"""Trouble is answered with a page and a sentence, and the log names no patient."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.webapp.conftest import PASSWORD, AuthActions
from webapp import create_app
from webapp.extensions import db
from webapp.settings import Settings


def fail_with(app: Flask, path: str, failure: Callable[[], object]) -> FlaskClient:
    """A client of `app` with one more page, which fails as a real one might."""
    app.config["TESTING"] = False
    app.add_url_rule(path, path, failure)
    return app.test_client()


def test_an_unknown_address_says_so(client: FlaskClient) -> None:
    answer = client.get("/no-such-page")

    assert answer.status_code == 404
    assert "There is no such page" in answer.text


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415, 418, 429, 500, 502, 503, 507])
def test_every_status_has_a_page_in_the_house_style(app: Flask, status: int) -> None:
    client = fail_with(app, "/trouble", lambda: abort(status) if status != 507 else full_disk())

    answer = client.get("/trouble")

    assert answer.status_code == status
    assert f"Error {status}" in answer.text
    assert "Research use only" in answer.text


def full_disk() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_mistake_of_ours_is_named_by_an_id_and_told_to_nobody(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def mistake() -> None:
        raise RuntimeError("inner words")

    answer = fail_with(app, "/trouble", mistake).get("/trouble")

    assert answer.status_code == 500
    assert "inner words" not in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
    assert "inner words" in caplog.text


def test_a_script_gets_problem_details(client: FlaskClient) -> None:
    answer = client.get("/api/no-such-route")

    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["status"] == 404


def test_a_locked_database_is_said_in_a_sentence_and_the_page_works_again_after_it(
    app: Flask, settings: Settings, auth: AuthActions
) -> None:
    auth.signup()
    app.config["TESTING"] = False
    lock = sqlite3.connect(settings.data_dir / "sidelight.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    answer = auth.post("/account/theme", form_page="/account", theme="light")

    lock.close()
    assert answer.status_code == 503
    assert "Nothing was stored and nothing is lost" in answer.text
    assert auth.client.get("/account").status_code == 200


def test_a_database_that_was_never_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    client = create_app(Settings(data_dir=tmp_path)).test_client()

    answer = client.get("/login")

    assert answer.status_code == 503
    assert "make run" in answer.text


@pytest.mark.parametrize(("table", "status"), [("nowhere", 503), ("user", 500)])
def test_what_was_sent_to_the_database_stays_out_of_the_log(
    app: Flask, caplog: pytest.LogCaptureFixture, table: str, status: int
) -> None:
    code = "-".join(("PATIENT", "77"))  # not written out: a trace quotes the lines of the program

    def wrong_statement() -> None:
        db.session.execute(text(f"INSERT INTO {table} (email) VALUES (:code)"), {"code": code})

    answer = fail_with(app, "/trouble", wrong_statement).get("/trouble")

    assert answer.status_code == status
    assert "INSERT" in caplog.text or status == 503
    assert code not in answer.text + caplog.text


def test_a_failed_page_leaves_no_half_written_transaction(app: Flask, auth: AuthActions) -> None:
    from webapp.accounts.tables import User

    def half() -> None:
        db.session.add(User(email="half@clinic.example", password_hash=PASSWORD))
        db.session.flush()
        raise RuntimeError("in the middle")

    client = fail_with(app, "/trouble", half)
    auth.signup()
    client.get("/trouble")

    with app.app_context():
        assert db.session.scalar(db.select(db.func.count(User.id))) == 1
