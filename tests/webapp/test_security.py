"""What every answer carries, and what a browser is never sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.webapp.conftest import PASSWORD, AuthActions
from webapp import create_app
from webapp.extensions import db
from webapp.settings import REPOSITORY, Settings

TEMPLATES = sorted((REPOSITORY / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", ["/login", "/static/css/tokens.css", "/no-such-page", "/healthz"])
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers

    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_pages_are_kept_by_no_cache_but_stylesheets_may_be(client: FlaskClient) -> None:
    assert client.get("/login").headers["Cache-Control"] == "private, no-store"
    assert "no-store" not in client.get("/static/css/tokens.css").headers["Cache-Control"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(auth: AuthActions) -> None:
    cookie = auth.signup().headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_behind_https_the_cookie_is_secure_and_the_browser_stays_with_https(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, public_url="https://reading.example.org"))
    with app.app_context():
        db.create_all()

    answer = app.test_client().get("/signup", base_url="https://reading.example.org")

    assert answer.headers["Set-Cookie"].startswith("__Host-sidelight=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    assert "can be read on the way" not in answer.text


def test_plain_http_off_localhost_is_warned_about(client: FlaskClient) -> None:
    client.get("/signup")

    assert "can be read on the way" in client.get("/signup", base_url="http://10.0.0.7:8000").text
    assert "can be read on the way" not in client.get("/signup").text


@pytest.mark.parametrize("path", ["/login", "/signup", "/logout", "/account/password", "/account/theme"])
def test_a_form_without_its_token_is_refused_in_a_sentence(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data={"email": "a.reader@clinic.example", "password": PASSWORD})

    assert answer.status_code == 400
    assert "reload the page and send it again" in answer.text


def test_what_was_typed_is_shown_again_but_no_password(client: FlaskClient) -> None:
    answer = client.post("/signup", data={"email": "a.reader@clinic.example", "password": PASSWORD})

    assert "a.reader@clinic.example" in answer.text
    assert PASSWORD not in answer.text


def test_every_route_that_changes_something_checks_the_token_of_the_form(app: Flask) -> None:
    csrf = app.extensions["csrf"]

    assert csrf._exempt_views == set()
    assert {blueprint.name for blueprint in csrf._exempt_blueprints} == {"api"}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_inline_script_or_style(template: Path) -> None:
    text = template.read_text(encoding="utf-8")

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)|javascript:", text)
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert "https://" not in text


@pytest.mark.parametrize("path", ["/login", "/signup", "/pending", "/no-such-page", "/account", "/users"])
def test_every_page_says_what_it_is_not(auth: AuthActions, path: str) -> None:
    auth.signup()
    for client in (auth.client, auth.client.application.test_client()):
        page = client.get(path, follow_redirects=True)

        assert "Research use only. Not a medical device." in page.text
