"""Who may pass: guards for pages, and the user behind an API token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import abort, redirect, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from webapp.accounts.sessions import token_hash
from webapp.accounts.tables import ApiToken, User
from webapp.extensions import db, utc_now

P = ParamSpec("P")
R = TypeVar("R")
_USED_EVERY = timedelta(minutes=5)


def login_required_active(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Let approved users pass; send others to the log-in, or to the page that says that they wait."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if not current_user.is_authenticated:
            target = request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("accounts.login", next=target))
        if not current_user.is_active:
            return redirect(url_for("accounts.pending"))
        return view(*args, **kwargs)

    return guarded


def admin_required(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Let administrators pass; to others the page does not exist (404)."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if not current_user.is_admin:
            abort(404)
        return view(*args, **kwargs)

    return login_required_active(guarded)


def signed_in_user() -> User:
    """The user of this request. Only behind `login_required_active`."""
    return cast(User, current_user._get_current_object())


def token_user() -> User | None:
    """The active user behind this request's `Authorization: Bearer` token, or None (answer 401)."""
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer" or not authorization.token:
        return None
    query = select(ApiToken).where(
        ApiToken.token_hash == token_hash(authorization.token), ApiToken.revoked_at.is_(None)
    )
    token: ApiToken | None = db.session.scalar(query)
    if token is None or not token.user.is_active:
        return None
    if token.last_used_at is None or utc_now() - token.last_used_at > _USED_EVERY:
        token.last_used_at = utc_now()
        db.session.commit()
    return token.user


def safe_target(target: str | None) -> str:
    """Where to go after the log-in: a path of this site, else the start page."""
    if target and target.startswith("/") and not target.startswith("//") and "\\" not in target:
        return target
    return "/"
