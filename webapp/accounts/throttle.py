"""How often somebody may try: attempts counted in the database, by account and by address."""

from __future__ import annotations

import hashlib
import ipaddress
import math
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select

from webapp.accounts.tables import Attempt
from webapp.extensions import db, utc_now


@dataclass(frozen=True)
class Limit:
    """So many attempts within `window`."""

    most: int
    window: timedelta


LIMITS = {
    ("log-in", "account"): Limit(10, timedelta(minutes=15)),
    ("log-in", "address"): Limit(50, timedelta(minutes=15)),
    ("sign-up", "account"): Limit(5, timedelta(hours=1)),
    ("sign-up", "address"): Limit(20, timedelta(hours=1)),
}


class TooManyAttemptsError(Exception):
    """The limit is reached; it is free again in `minutes`."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"too many attempts, free again in {minutes} minutes")
        self.minutes = minutes


def count_attempt(action: str, email: str, address: str) -> None:
    """Count one attempt, before it is tried. Raises TooManyAttemptsError; commits.

    Written first and counted then, so that many at the same moment cannot pass together.
    """
    now = utc_now()
    db.session.execute(delete(Attempt).where(Attempt.made_at < now - timedelta(days=1)))
    subjects = {"account": _account(email), "address": _address(address)}
    rows = [Attempt(action=action, subject=subject, made_at=now) for subject in subjects.values()]
    db.session.add_all(rows)
    db.session.flush()
    for kind, subject in subjects.items():
        limit = LIMITS[action, kind]
        among = (
            Attempt.action == action,
            Attempt.subject == subject,
            Attempt.made_at > now - limit.window,
        )
        count, first = db.session.execute(select(func.count(), func.min(Attempt.made_at)).where(*among)).one()
        if count > limit.most:
            db.session.rollback()
            wait = limit.window - (now - first)
            raise TooManyAttemptsError(max(1, math.ceil(wait.total_seconds() / 60)))
    db.session.commit()


def forget_attempts(action: str, email: str) -> None:
    """After a success the account starts from nought; the address does not. Commits."""
    db.session.execute(delete(Attempt).where(Attempt.action == action, Attempt.subject == _account(email)))
    db.session.commit()


def _account(email: str) -> str:
    """A hash: what somebody types into the e-mail field may be a password."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


def _address(address: str) -> str:
    """An IPv6 network of 64 bits counts as one address, because it belongs to one subscriber."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
