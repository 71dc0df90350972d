"""Waiting for another process: look again and again, until it is so or the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(look: Callable[[], T], what: str, seconds: float = 120.0) -> T:
    """What `look` gives as soon as it gives something true. Fails with `what` when it does not in time."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < until, f"waited {seconds} s in vain for: {what}"
        time.sleep(0.02)
