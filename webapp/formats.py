"""How pages write dates and draw icons: the filters `day`, `time`, `day_time` and the function `icon`."""

from __future__ import annotations

from datetime import datetime

from flask import Flask, url_for
from flask_babel import format_datetime
from markupsafe import Markup


def init_app(app: Flask) -> None:
    """Give every template the filters and functions of this module."""
    app.jinja_env.globals["icon"] = icon
    app.jinja_env.filters.update(day=day, time=time, day_time=day_time)


def icon(name: str, small: bool = False) -> Markup:
    """One symbol of static/icons.svg; it says nothing to a screen reader, a word stands beside it."""
    size = " icon--small" if small else ""
    address = url_for("static", filename="icons.svg") + f"#i-{name}"
    return Markup('<svg class="icon{}" aria-hidden="true"><use href="{}"/></svg>').format(size, address)


def day(moment: datetime) -> str:
    """`21 Nov 2025`, in the clinic's time zone."""
    return str(format_datetime(moment, "d MMM y"))


def time(moment: datetime) -> str:
    """`14:32`, in the clinic's time zone."""
    return str(format_datetime(moment, "HH:mm"))


def day_time(moment: datetime) -> str:
    """`21 Nov 2025 14:32`, in the clinic's time zone."""
    return str(format_datetime(moment, "d MMM y HH:mm"))
