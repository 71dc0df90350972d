"""What an operator reads when the web server has started."""

from __future__ import annotations

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from webapp.accounts.users import setup_token, there_is_a_user
from webapp.settings import Settings


def announcement(app: Flask) -> str:
    """The address of the pages, and the token of the first account where one is needed."""
    settings: Settings = app.extensions["settings"]
    lines = [f"Sidelight is ready: {address(settings)}", "Research use only. Not a medical device."]
    with app.app_context():
        try:
            waits_for_the_first = not there_is_a_user()
        except SQLAlchemyError:
            return "The database is not prepared. Please run: flask --app webapp db upgrade"
        if waits_for_the_first and not settings.is_local:
            lines.append(f"The first account needs this token: {setup_token(settings)}")
    return "\n".join(lines)


def address(settings: Settings) -> str:
    """Where a browser on this machine, or through PUBLIC_URL, finds the pages."""
    if settings.public_url:
        return settings.public_url
    host = "localhost" if settings.host in ("0.0.0.0", "::", "127.0.0.1") else settings.host  # noqa: S104
    return f"http://{host}:{settings.port}/"
