"""Log-in sessions in the database: begun, looked up by cookie, listed and ended at the server."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from flask import Request, current_app, request, session
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError

from webapp.accounts.tables import Session, User
from webapp.extensions import db, utc_now
from webapp.settings import current_settings

_TOKEN = "token"  # noqa: S105 - the name of a field of the cookie
_SEEN_EVERY = timedelta(minutes=5)


def token_hash(token: str) -> str:
    """What the database keeps of a random token: its SHA-256 (a password is hashed slowly instead)."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin_session(user: User) -> None:
    """Log `user` in with a new token and a new cookie, and commit."""
    session.clear()
    session.permanent = True
    session[_TOKEN] = token = secrets.token_urlsafe(32)
    # Made here and not by the first page with a form: of two pages that are asked for side by side, the later answer
    # would put another token into the cookie, and the form of the earlier one would be refused.
    session[current_app.config["WTF_CSRF_FIELD_NAME"]] = secrets.token_hex(20)
    now = utc_now()
    db.session.add(
        Session(
            token_hash=token_hash(token),
            user_id=user.id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(hours=current_settings().session_hours),
            address=request.remote_addr or "",
            agent=(request.user_agent.string or "")[:200],
        )
    )
    db.session.execute(delete(Session).where(Session.expires_at < now))
    db.session.commit()


def present_session() -> Session | None:
    """The session of this request's cookie, if it is still good."""
    token = session.get(_TOKEN)
    if not token:
        return None
    query = select(Session).where(Session.token_hash == token_hash(token), Session.expires_at > utc_now())
    found: Session | None = db.session.scalar(query)
    return found


def end_present_session() -> None:
    """Log out: the row goes, so that a copy of the cookie is worth nothing."""
    token = session.get(_TOKEN)
    if token:
        db.session.execute(delete(Session).where(Session.token_hash == token_hash(token)))
        db.session.commit()
    session.clear()


def end_sessions(user: User, except_for: Session | None = None) -> None:
    """End the sessions of `user`, all or all but one. The caller commits."""
    query = delete(Session).where(Session.user_id == user.id)
    if except_for is not None:
        query = query.where(Session.id != except_for.id)
    db.session.execute(query)


def end_session(user: User, session_id: int) -> bool:
    """End one session of `user`; False where there is no such one. Commits."""
    found = db.session.get(Session, session_id)
    if found is None or found.user_id != user.id:
        return False
    db.session.delete(found)
    db.session.commit()
    return True


def sessions_of(user: User) -> list[Session]:
    """The running sessions of `user`, the last used first."""
    query = (
        select(Session)
        .where(Session.user_id == user.id, Session.expires_at > utc_now())
        .order_by(Session.last_seen_at.desc())
    )
    return list(db.session.scalars(query))


def user_of_request(_: Request) -> User | None:
    """Who the cookie of this request belongs to, for Flask-Login; nobody where the account is disabled."""
    found = present_session()
    if found is None or found.user.state == "disabled":
        return None
    user = found.user
    if utc_now() - found.last_seen_at > _SEEN_EVERY:
        _note_seen(found.id)
    return user


def _note_seen(session_id: int) -> None:
    """A page is not refused because the clock of its session cannot be written now."""
    try:
        db.session.execute(update(Session).where(Session.id == session_id).values(last_seen_at=utc_now()))
        db.session.commit()
    except OperationalError:
        db.session.rollback()
