"""Passwords: hashed with argon2id, refused when too short, too common or the account's own name."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from webapp.words import gettext as _
from webapp.words import ngettext

LEAST_LENGTH = 8
MOST_LENGTH = 256
# OWASP's second choice of parameters: 19 MiB a log-in, so that sixteen at once stay small.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def hash_password(password: str) -> str:
    """The argon2id hash of `password`, with its parameters and salt."""
    return _hasher.hash(password)


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether `password` belongs to the hash. Without a hash (no such account): no, and it takes as long."""
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def wants_rehash(password_hash: str) -> bool:
    """Whether the hash was made with older parameters."""
    return _hasher.check_needs_rehash(password_hash)


def complaint(password: str, email: str) -> str | None:
    """Why `password` cannot be used for the account `email`, as a sentence; None where it can."""
    if len(password) < LEAST_LENGTH:
        missing = LEAST_LENGTH - len(password)
        return ngettext(
            "One character more, please: at least %(least)s.",
            "%(num)s characters more, please: at least %(least)s.",
            missing,
            least=LEAST_LENGTH,
        )
    if len(password) > MOST_LENGTH:
        return _("The password is longer than %(most)s characters.", most=MOST_LENGTH)
    plain = password.casefold()
    if plain in _common() or len(set(plain)) <= 2 or _runs(plain):
        return _("This password is among the first that are guessed. Several words in a row are better.")
    if plain == email.casefold() or plain == email.casefold().partition("@")[0]:
        return _("The password is the e-mail address. Several words in a row are better.")
    return None


def _runs(plain: str) -> bool:
    """1234567890, abcdefgh, 87654321: each character follows the one before."""
    steps = {ord(b) - ord(a) for a, b in pairwise(plain)}
    return steps in ({1}, {-1})


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("the password of an account that does not exist")


@cache
def _common() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split())
