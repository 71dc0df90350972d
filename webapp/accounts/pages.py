"""All pages of accounts: importing the three modules hangs their routes on the one blueprint."""

from __future__ import annotations

from webapp.accounts import admin, own
from webapp.accounts.routes import bp

__all__ = ["admin", "bp", "own"]
