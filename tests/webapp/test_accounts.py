"""Signing up, logging in and out, and who may do what, as a browser does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.webapp.conftest import PASSWORD, AuthActions
from webapp import create_app
from webapp.accounts.tables import Attempt, Session, User
from webapp.extensions import db, utc_now
from webapp.settings import Settings

ADMIN = "admin@clinic.example"
READER = "reader@clinic.example"


def state_of(app: Flask, email: str) -> tuple[str, str]:
    with app.app_context():
        user = db.session.scalars(db.select(User).where(User.email == email)).one()
        return user.role, user.state


def id_of(app: Flask, email: str) -> int:
    with app.app_context():
        return db.session.scalars(db.select(User.id).where(User.email == email)).one()


def other_browser(app: Flask) -> AuthActions:
    return AuthActions(app.test_client())


def is_in(auth: AuthActions) -> bool:
    return auth.client.get("/account").status_code == 200


def test_the_first_account_is_an_active_administrator_and_is_logged_in(app: Flask, auth: AuthActions) -> None:
    answer = auth.signup(ADMIN)

    assert answer.status_code == 302
    assert state_of(app, ADMIN) == ("admin", "active")
    assert is_in(auth)


def test_a_later_account_waits_until_an_administrator_approves_it(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)
    reader = other_browser(app)

    answer = reader.signup(READER)
    assert answer.location == "/pending"
    assert state_of(app, READER) == ("clinician", "pending")
    reader.login(READER)
    assert reader.client.get("/account").location == "/pending"
    assert "has to approve" in reader.client.get("/pending").text

    auth.post(f"/users/{id_of(app, READER)}/approve", form_page="/users")
    assert is_in(reader)


def test_open_sign_up_lets_later_accounts_in_as_clinicians(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, signup="open"))
    with app.app_context():
        db.create_all()
    other_browser(app).signup(ADMIN)
    reader = other_browser(app)

    reader.signup(READER)
    reader.login(READER)

    assert state_of(app, READER) == ("clinician", "active")
    assert is_in(reader)


def test_closed_sign_up_refuses_everybody_but_the_first(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, signup="closed"))
    with app.app_context():
        db.create_all()
    assert other_browser(app).signup(ADMIN).status_code == 302

    answer = other_browser(app).post("/signup", form_page="/login", email=READER, password=PASSWORD)

    assert answer.status_code == 403
    assert "Ask your administrator" in answer.text


def test_off_localhost_the_first_account_names_the_printed_token(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, host="0.0.0.0"))
    with app.app_context():
        db.create_all()
    auth = other_browser(app)

    refused = auth.post("/signup", email=ADMIN, password=PASSWORD, setup_token="guess")
    assert refused.status_code == 403
    assert "not the token" in refused.text

    token = (tmp_path / "setup_token").read_text()
    assert (tmp_path / "setup_token").stat().st_mode & 0o777 == 0o600
    auth.post("/signup", email=ADMIN, password=PASSWORD, setup_token=token)
    assert state_of(app, ADMIN) == ("admin", "active")


def test_a_request_for_another_host_name_needs_the_token_too(app: Flask, auth: AuthActions) -> None:
    auth.client.get("/signup")

    page = auth.client.get("/signup", base_url="http://rebound.example")

    assert "Token that was printed" in page.text


def test_log_in_says_the_same_for_a_wrong_password_and_an_unknown_address(
    app: Flask, auth: AuthActions
) -> None:
    auth.signup(ADMIN)
    stranger = other_browser(app)

    wrong = stranger.login(ADMIN, "another long password")
    unknown = stranger.login("nobody@clinic.example", "another long password")

    assert wrong.status_code == unknown.status_code == 401
    assert "E-mail address or password is not right." in wrong.text
    assert "E-mail address or password is not right." in unknown.text


def test_an_unknown_address_costs_one_password_hash_as_a_known_one_does(
    app: Flask, auth: AuthActions, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argon2 import PasswordHasher

    auth.signup(ADMIN)
    verified: list[str] = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(
        PasswordHasher, "verify", lambda self, h, p: verified.append(h[:20]) or verify(self, h, p)
    )
    stranger = other_browser(app)

    stranger.login(ADMIN, "another long password")
    stranger.login("nobody@clinic.example", "another long password")

    assert len(verified) == 2
    assert verified[0] == verified[1]


def test_sign_up_answers_a_taken_address_as_a_new_one(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)

    taken, new = other_browser(app).signup(ADMIN), other_browser(app).signup(READER)

    assert (taken.status_code, taken.location) == (new.status_code, new.location)


def test_after_log_in_no_page_changes_the_cookie_under_a_form_that_is_open(auth: AuthActions) -> None:
    auth.signup()
    with auth.client.session_transaction() as cookie:
        token = cookie["csrf_token"]
    auth.client.get("/studies")  # takes the greeting out of the cookie

    answers = [
        auth.client.get(path) for path in ("/studies", "/studies/new", "/no-such-page", "/static/icons.svg")
    ]

    with auth.client.session_transaction() as cookie:
        assert cookie["csrf_token"] == token
    assert [answer.headers.getlist("Set-Cookie") for answer in answers] == [[], [], [], []]


def test_log_out_ends_the_session_at_the_server(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)
    stolen = auth.client.get_cookie("sidelight")
    assert stolen is not None

    auth.logout()

    thief = app.test_client()
    thief.set_cookie("sidelight", stolen.value)
    assert thief.get("/account").status_code == 302
    assert not is_in(auth)


def test_log_out_by_a_link_is_not_possible(auth: AuthActions) -> None:
    auth.signup(ADMIN)

    assert auth.client.get("/logout").status_code == 405
    assert is_in(auth)


def test_a_new_password_ends_all_other_sessions(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)
    other = other_browser(app)
    other.login(ADMIN)
    assert is_in(other)

    auth.post("/account/password", form_page="/account", present=PASSWORD, new="a new long password")

    assert is_in(auth)
    assert not is_in(other)
    assert other.login(ADMIN, PASSWORD).status_code == 401
    assert other.login(ADMIN, "a new long password").status_code == 302


def test_the_present_password_is_asked_for(auth: AuthActions) -> None:
    auth.signup(ADMIN)

    answer = auth.post("/account/password", form_page="/account", present="wrong", new="a new long password")

    assert answer.status_code == 422
    assert "not your present password" in answer.text


def test_another_session_can_be_ended_from_the_account_page(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)
    other = other_browser(app)
    other.login(ADMIN)
    with app.app_context():
        newest = db.session.scalars(db.select(Session.id).order_by(Session.id.desc())).first()

    auth.post(f"/account/sessions/{newest}/end", form_page="/account")

    assert is_in(auth)
    assert not is_in(other)


def test_a_session_of_somebody_else_cannot_be_ended(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)
    reader = other_browser(app)
    reader.signup(READER)
    auth.post(f"/users/{id_of(app, READER)}/approve", form_page="/users")
    reader.login(READER)

    answer = reader.post("/account/sessions/1/end", form_page="/account")

    assert answer.status_code == 404
    assert is_in(auth)


def test_a_session_ends_after_its_hours(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)

    with app.app_context():
        db.session.execute(db.update(Session).values(expires_at=utc_now()))
        db.session.commit()

    assert not is_in(auth)


def test_disabling_a_user_ends_sessions_and_keeps_the_user_out(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)
    reader = other_browser(app)
    reader.signup(READER)
    auth.post(f"/users/{id_of(app, READER)}/approve", form_page="/users")
    reader.login(READER)
    assert is_in(reader)

    auth.post(f"/users/{id_of(app, READER)}/disable", form_page="/users")

    assert not is_in(reader)
    assert "disabled" in reader.login(READER).text


def test_an_administrator_cannot_lock_herself_out(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)

    answer = auth.post(f"/users/{id_of(app, ADMIN)}/disable", form_page="/users")

    assert answer.status_code == 400
    assert is_in(auth)


def test_the_page_of_users_does_not_exist_for_clinicians(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)
    reader = other_browser(app)
    reader.signup(READER)
    auth.post(f"/users/{id_of(app, READER)}/approve", form_page="/users")
    reader.login(READER)

    assert reader.client.get("/users").status_code == 404
    assert reader.post(f"/users/{id_of(app, READER)}/approve", form_page="/account").status_code == 404


@pytest.mark.parametrize("password", ["short", "password123", "aaaaaaaaaaaa", "12345678", "87654321"])
def test_a_password_that_is_guessed_first_is_refused_with_a_reason(auth: AuthActions, password: str) -> None:
    answer = auth.signup(ADMIN, password)

    assert answer.status_code == 422
    assert "field__error" in answer.text
    assert f'value="{ADMIN}"' in answer.text


def test_the_own_address_is_no_password(auth: AuthActions) -> None:
    assert auth.signup(ADMIN, ADMIN.upper()).status_code == 422


def test_an_account_is_paused_after_too_many_wrong_passwords(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)
    stranger = other_browser(app)
    answers = [stranger.login(ADMIN, f"wrong password {n}").status_code for n in range(11)]

    right = stranger.login(ADMIN)

    assert answers == [401] * 10 + [429]
    assert right.status_code == 429
    assert "Please wait 15 minutes" in right.text
    assert int(right.headers["Retry-After"]) > 0
    assert is_in(auth)


def test_the_pause_ends(app: Flask, auth: AuthActions) -> None:
    from datetime import timedelta

    auth.signup(ADMIN)
    stranger = other_browser(app)
    for n in range(11):
        stranger.login(ADMIN, f"wrong password {n}")

    with app.app_context():
        db.session.execute(db.update(Attempt).values(made_at=utc_now() - timedelta(minutes=16)))
        db.session.commit()

    assert stranger.login(ADMIN).status_code == 302


def test_an_address_is_paused_after_trying_many_accounts(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)
    with app.app_context():
        db.session.add_all(Attempt(action="log-in", subject="127.0.0.1") for _ in range(50))
        db.session.commit()

    assert other_browser(app).login("nobody@clinic.example").status_code == 429


def test_sign_ups_from_one_address_are_limited(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)
    with app.app_context():
        db.session.add_all(Attempt(action="sign-up", subject="127.0.0.1") for _ in range(20))
        db.session.commit()

    answer = other_browser(app).signup(READER)

    assert answer.status_code == 429
    assert "Too many tries" in answer.text


def test_the_theme_of_the_account_stands_on_every_page(auth: AuthActions) -> None:
    auth.signup(ADMIN)

    auth.post("/account/theme", form_page="/account", theme="light")

    assert 'data-theme="light"' in auth.client.get("/account").text


def test_a_token_is_shown_once_and_stored_as_a_hash(app: Flask, auth: AuthActions) -> None:
    from webapp.accounts.tables import ApiToken

    auth.signup(ADMIN)

    shown = auth.post("/account/tokens", form_page="/account", name="scripts").text
    token = shown.partition('class="code">')[2].partition("<")[0]

    assert token.startswith("sdl_")
    assert token not in auth.client.get("/account").text
    with app.app_context():
        stored = db.session.scalars(db.select(ApiToken)).one()
        assert token not in (stored.token_hash, stored.name)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:0"]
)
def test_log_in_leads_to_pages_of_this_site_only(app: Flask, auth: AuthActions, target: str) -> None:
    auth.signup(ADMIN)
    other = other_browser(app)

    answer = other.post(f"/login?next={target}", email=ADMIN, password=PASSWORD)

    assert answer.location == "/"


def test_a_page_that_needs_an_account_comes_back_after_the_log_in(app: Flask, auth: AuthActions) -> None:
    auth.signup(ADMIN)
    other = other_browser(app)

    to_login = other.client.get("/users")
    answer = other.post(to_login.location, email=ADMIN, password=PASSWORD)

    assert answer.location == "/users"


def test_log_in_gives_a_new_session_each_time(app: Flask, auth: AuthActions, client: FlaskClient) -> None:
    auth.signup(ADMIN)
    first = client.get_cookie("sidelight")
    auth.logout()
    auth.login(ADMIN)
    second = client.get_cookie("sidelight")

    assert first is not None
    assert second is not None
    assert first.value != second.value
