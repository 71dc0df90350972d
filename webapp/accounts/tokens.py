"""API tokens: made, listed, revoked. The token itself is shown once; only its hash is stored."""

from __future__ import annotations

import secrets

from sqlalchemy import select

from webapp.accounts.sessions import token_hash
from webapp.accounts.tables import ApiToken, User
from webapp.extensions import db, utc_now

PREFIX = "sdl_"


def make_token(user: User, name: str) -> str:
    """Make a token for `user` and return it: the only time that it can be read. Commits."""
    token = PREFIX + secrets.token_urlsafe(32)
    db.session.add(ApiToken(user_id=user.id, name=name[:80], token_hash=token_hash(token)))
    db.session.commit()
    return token


def tokens_of(user: User) -> list[ApiToken]:
    """The working tokens of `user`, the newest first."""
    query = (
        select(ApiToken)
        .where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.id.desc())
    )
    return list(db.session.scalars(query))


def revoke_token(user: User, token_id: int) -> bool:
    """End a token of `user`; False where there is no such one. Commits."""
    token: ApiToken | None = db.session.get(ApiToken, token_id)
    if token is None or token.user_id != user.id:
        return False
    token.revoked_at = token.revoked_at or utc_now()
    db.session.commit()
    return True
