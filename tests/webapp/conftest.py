"""A real application on a real SQLite file, and a helper that signs people in: tests read as stories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from werkzeug.test import TestResponse

from tests.webapp.every_task import all_offered
from tests.webapp.workers import Stage, Workers, workers
from webapp import create_app
from webapp.extensions import db
from webapp.settings import Settings

PASSWORD = "correct horse battery"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", min_free_mb=0)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.config["TESTING"] = True
    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture
def _all_offered() -> Iterator[None]:
    """Every task that is meant for clinicians can be chosen."""
    with all_offered():
        yield


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """What the worker's models shall do, and what they did."""
    return Stage(tmp_path / "stage")


@pytest.fixture
def crew(settings: Settings, stage: Stage, tmp_path: Path) -> Iterator[Workers]:
    """Worker processes on the test's database."""
    with workers(settings, stage, tmp_path / "worker.log") as made:
        yield made


def csrf_token(client: FlaskClient, page: str) -> str:
    """The token of the form on `page`: tests send it as a browser does."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page, follow_redirects=True).text)
    return found.group(1) if found else ""


class AuthActions:
    """Sign up, log in and log out through the pages. The first who signs up is the administrator."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def post(self, page: str, form_page: str | None = None, **fields: str) -> TestResponse:
        """Post a form to `page` with the CSRF token that `form_page` (default: the same page) carries."""
        token = csrf_token(self.client, form_page or page)
        return self.client.post(page, data={"csrf_token": token, **fields})

    def signup(self, email: str = "admin@clinic.example", password: str = PASSWORD) -> TestResponse:
        return self.post("/signup", email=email, password=password)

    def login(self, email: str = "admin@clinic.example", password: str = PASSWORD) -> TestResponse:
        return self.post("/login", email=email, password=password)

    def logout(self) -> TestResponse:
        return self.post("/logout", form_page="/account")


@pytest.fixture
def auth(client: FlaskClient) -> AuthActions:
    return AuthActions(client)
