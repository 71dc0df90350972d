"""Accounts from the command line, for scripts and for who has lost a password."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from tests.webapp.conftest import PASSWORD, AuthActions
from webapp.accounts.access import token_user
from webapp.accounts.tables import User
from webapp.extensions import db

EMAIL = "a.reader@clinic.example"


def make(runner: FlaskCliRunner, email: str = EMAIL, password: str = PASSWORD, *more: str) -> tuple[int, str]:
    done = runner.invoke(args=["create-user", email, *more], input=f"{password}\nsecond line\n")
    return done.exit_code, done.output


def owner_of(app: Flask, token: str) -> str | None:
    with app.test_request_context(headers={"Authorization": f"Bearer {token}"}):
        user = token_user()
        return user.email if user else None


def test_a_made_user_can_log_in_at_once(runner: FlaskCliRunner, auth: AuthActions) -> None:
    assert make(runner)[0] == 0

    assert auth.login(EMAIL).status_code == 302
    assert auth.client.get("/users").status_code == 404


def test_the_role_is_given(app: Flask, runner: FlaskCliRunner) -> None:
    make(runner, EMAIL.upper(), PASSWORD, "--role", "admin")

    with app.app_context():
        assert db.session.scalars(db.select(User.role).where(User.email == EMAIL)).one() == "admin"


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("no address", PASSWORD, "is not an e-mail address"),
        (EMAIL, "short", "characters more, please"),
        (EMAIL, "", "characters more, please"),
        (EMAIL, "password123", "among the first that are guessed"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(
    runner: FlaskCliRunner, email: str, password: str, sentence: str
) -> None:
    status, said = make(runner, email, password)

    assert status == 1
    assert sentence in said


def test_an_address_has_one_account(runner: FlaskCliRunner) -> None:
    make(runner)

    status, said = make(runner)

    assert status == 1
    assert "There is an account" in said


def test_only_the_token_is_printed_and_it_opens_the_account(app: Flask, runner: FlaskCliRunner) -> None:
    make(runner)

    token = runner.invoke(args=["create-token", EMAIL]).output

    assert token.count("\n") == 1
    assert owner_of(app, token.strip()) == EMAIL
    assert owner_of(app, token.strip() + "x") is None


def test_a_revoked_token_opens_nothing(app: Flask, runner: FlaskCliRunner, auth: AuthActions) -> None:
    make(runner)
    token = runner.invoke(args=["create-token", EMAIL]).output.strip()
    auth.login(EMAIL)

    auth.post("/account/tokens/1/revoke", form_page="/account")

    assert owner_of(app, token) is None


def test_the_token_of_a_disabled_user_opens_nothing(app: Flask, runner: FlaskCliRunner) -> None:
    make(runner)
    token = runner.invoke(args=["create-token", EMAIL]).output.strip()

    with app.app_context():
        db.session.execute(db.update(User).values(state="disabled"))
        db.session.commit()

    assert owner_of(app, token) is None
    assert runner.invoke(args=["create-token", EMAIL]).exit_code == 1


def test_nobody_without_an_account_gets_a_token(runner: FlaskCliRunner) -> None:
    done = runner.invoke(args=["create-token", "nobody@clinic.example"])

    assert done.exit_code == 1
    assert "There is no account" in done.output


def test_a_forgotten_password_is_replaced_and_ends_the_sessions(
    runner: FlaskCliRunner, auth: AuthActions
) -> None:
    make(runner)
    auth.login(EMAIL)

    runner.invoke(args=["set-password", EMAIL], input="another long password\n")

    assert auth.client.get("/account").status_code == 302
    assert auth.login(EMAIL, PASSWORD).status_code == 401
    assert auth.login(EMAIL, "another long password").status_code == 302
