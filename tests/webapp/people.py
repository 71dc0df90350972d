"""People who are logged in, without the pages on which they would sign up."""

from __future__ import annotations

from flask import Flask, session
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.webapp.conftest import csrf_token
from tests.webapp.workers import make_user
from webapp.accounts.sessions import begin_session
from webapp.accounts.tables import User
from webapp.extensions import db


def log_in_as(app: Flask, name: str, role: str = "clinician", *, second_reader: bool = False) -> FlaskClient:
    """A browser of name@clinic.example; the account is made when it is not there."""
    client, email = app.test_client(), f"{name}@clinic.example"
    with app.test_request_context():
        user = db.session.scalar(select(User).where(User.email == email)) or make_user(email, role)
        user.second_reader = second_reader
        begin_session(user)
        db.session.commit()
        kept = dict(session)
    with client.session_transaction() as cookie:
        cookie.update(kept)
    return client


def user_id(app: Flask, name: str) -> int:
    with app.app_context():
        return db.session.scalars(select(User.id).where(User.email == f"{name}@clinic.example")).one()


def post(client: FlaskClient, address: str, **fields: object) -> TestResponse:
    """Post a form with its token."""
    return client.post(address, data={"csrf_token": csrf_token(client, "/studies/new"), **fields})
