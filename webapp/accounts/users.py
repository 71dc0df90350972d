"""What can happen to an account: made, approved, disabled, logged in to, given a new password."""

from __future__ import annotations

import hmac
import os
import secrets
from typing import Literal

from sqlalchemy import case, exists, func, select
from sqlalchemy.exc import IntegrityError

from webapp.accounts.passwords import hash_password, is_right, wants_rehash
from webapp.accounts.sessions import end_sessions
from webapp.accounts.tables import Session, User
from webapp.extensions import db
from webapp.settings import Settings


class EmailTakenError(Exception):
    """There is an account of this address already."""


def user_of(email: str) -> User | None:
    """The account of an e-mail address, whatever its state."""
    found: User | None = db.session.scalar(select(User).where(User.email == email.strip().lower()))
    return found


def all_users() -> list[User]:
    """All accounts: those who wait first, then by address."""
    return list(db.session.scalars(select(User).order_by(User.state != "pending", User.email)))


def there_is_a_user() -> bool:
    """Whether the first account has been made."""
    return bool(db.session.scalar(select(exists().where(User.id.is_not(None)))))


def sign_up(email: str, password: str, *, waits: bool) -> User | None:
    """Make an account. The very first is an active administrator; a later one waits where `waits`.

    Returns None where the address has an account; the answer to the browser must not show the difference, and
    the password is hashed in any case, so that the time does not show it either.
    """
    password_hash = hash_password(password)
    # Decided inside the INSERT: two first sign-ups at the same moment make one administrator.
    nobody = select(func.count(User.id)).scalar_subquery() == 0
    user = User(email=email.strip().lower(), password_hash=password_hash)
    user.role = case((nobody, "admin"), else_="clinician")
    user.state = case((nobody, "active"), else_="pending" if waits else "active")
    db.session.add(user)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return None
    return user


def make_user(email: str, password: str, role: str) -> User:
    """Make an active account, for the command line. Raises EmailTakenError."""
    user = User(email=email.strip().lower(), password_hash=hash_password(password), role=role, state="active")
    db.session.add(user)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise EmailTakenError from None
    return user


def authenticate(email: str, password: str) -> User | None:
    """The account that these belong to, whatever its state. Takes as long for an address without account."""
    user = user_of(email)
    if not is_right(user.password_hash if user else None, password) or user is None:
        return None
    if wants_rehash(user.password_hash):
        user.password_hash = hash_password(password)
        db.session.commit()
    return user


def set_password(user: User, password: str, keep: Session | None = None) -> None:
    """Change the password and end all sessions but `keep`. Commits."""
    user.password_hash = hash_password(password)
    end_sessions(user, except_for=keep)
    db.session.commit()


def set_state(user: User, state: Literal["active", "disabled"]) -> None:
    """Let an account in or keep it out, which ends its sessions and stops its tokens. Commits."""
    user.state = state
    if state == "disabled":
        end_sessions(user)
    db.session.commit()


def setup_token(settings: Settings) -> str:
    """What the first account has to name where others can reach the server; made once, kept in DATA_DIR."""
    path = settings.data_dir / "setup_token"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(16))
    return path.read_text().strip()


def is_setup_token(settings: Settings, token: str) -> bool:
    """Whether `token` is the one that was printed at start."""
    return hmac.compare_digest(setup_token(settings).encode(), token.strip().encode())
