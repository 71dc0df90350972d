"""What went wrong, in a sentence: error pages for browsers, problem details for scripts."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from flask import Flask, Response, current_app, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from webapp.api.problems import problem
from webapp.extensions import db, utc_now
from webapp.logs import request_id
from webapp.settings import current_settings
from webapp.transactions import is_disk_full
from webapp.words import gettext as _

_SECRET_FIELDS = ("csrf_token", "password", "present", "new", "setup_token", "name")


@dataclass(frozen=True)
class ErrorPage:
    """What an error page says: a title, a sentence, a sign."""

    status: int
    title: str
    sentence: str
    icon: str = "warning"


def init_app(app: Flask) -> None:
    """Answer every error of `app` with a page."""
    app.register_error_handler(CSRFError, _form_not_trusted)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(OSError, _system_error)
    app.register_error_handler(Exception, _unexpected)


def page_for(status: int, sentence: str | None = None) -> ErrorPage:
    """The page of an HTTP status; `sentence` replaces the general one."""
    pages = _pages(current_settings().max_upload_mb)
    if status not in pages:
        general = _("The page could not be made. Your studies are safe. Please try again.")
        unknown = general if status >= 500 or not sentence else sentence
        title = _("Something went wrong on our side") if status >= 500 else _("This was not done")
        return ErrorPage(status, title, unknown)
    title, general, sign = pages[status]
    return ErrorPage(status, title, sentence or general, sign)


def _pages(limit: int) -> dict[int, tuple[str, str, str]]:
    return {
        400: (
            _("This could not be understood"),
            _("The form or the address is not complete. Nothing was stored."),
            "warning",
        ),
        401: (_("Please log in"), _("This page needs an account."), "lock"),
        403: (_("This is not allowed"), _("Your account may not do this. Nothing was stored."), "lock"),
        404: (
            _("There is no such page"),
            _(
                "The study may have been deleted, or the address has a typing error. "
                "If somebody sent you a link, it may need rights that you do not have."
            ),
            "search",
        ),
        405: (_("This does not work from here"), _("Go back and use the button on the page."), "warning"),
        413: (
            _("The file is too large"),
            _("The limit is %(limit)s MB a file. Nothing was stored. Export a single image.", limit=limit),
            "stack",
        ),
        415: (
            _("This is no image that can be read"),
            _("PNG, JPEG, TIFF, WebP and DICOM are read. Nothing was stored."),
            "stack",
        ),
        429: (_("Too many tries"), _("Please wait some minutes, then try again."), "clock"),
        503: (
            _("Too busy at the moment"),
            _("Nothing was stored and nothing is lost. Please try again in a minute."),
            "clock",
        ),
        507: (
            _("The disk is full"),
            _("Nothing was stored; your studies are safe. Your administrator has to make disk space free."),
            "warning",
        ),
    }


def passing_trouble(error: BaseException) -> tuple[int, str | None] | None:
    """The status, and a sentence where the general one does not do, of trouble that is no mistake of ours.

    A full disk, a locked or unreachable database, a database without tables; None for anything else.
    """
    if is_disk_full(error) or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
        return 507, None
    if not isinstance(error, OperationalError):
        return None
    if "no such table" in str(error.orig) or "no such column" in str(error.orig):
        return 503, _(
            "The database is not prepared. Your administrator starts Sidelight with “make run”, "
            "or prepares the database with “flask --app webapp db upgrade”."
        )
    return 503, _(
        "The database is busy or cannot be reached. Nothing was stored and nothing is lost. "
        "Please try again in a minute."
    )


def render_error(page: ErrorPage, typed: dict[str, str] | None = None) -> Response:
    """The page as an answer; problem details for a script under /api."""
    if request.path.startswith("/api/"):
        return problem(page.status, page.sentence)
    shown = {"page": page, "typed": typed or {}, "moment": utc_now(), "request_id": request_id()}
    return Response(render_template("errors/error.html", **shown), page.status)


def _http_error(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    own_words = error.description if error.description != type(error).description else None
    if request.path.startswith("/api/"):
        return problem(status, own_words)
    return render_error(page_for(status, own_words))


def _form_not_trusted(error: CSRFError) -> Response:
    sentence = _(
        "The form was open too long, or the browser sends no cookies. Nothing was stored. "
        "Go back, reload the page and send it again."
    )
    typed = {
        name: value
        for name, value in request.form.items()
        if name not in _SECRET_FIELDS and value and len(value) < 5000
    }
    page = ErrorPage(400, _("Please send the form again"), sentence, "clock")
    return render_error(page, typed)


def _database_error(error: DBAPIError) -> Response:
    db.session.rollback()
    trouble = passing_trouble(error)
    if trouble is None:
        return _unexpected(error)
    current_app.logger.warning("database: %s", error.orig)
    return render_error(page_for(*trouble))


def _system_error(error: OSError) -> Response:
    trouble = passing_trouble(error)
    if trouble is None:
        return _unexpected(error)
    current_app.logger.warning("system: %s", error.strerror)
    return render_error(page_for(*trouble))


def _unexpected(error: Exception) -> Response:
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    current_app.logger.error("%s %s failed", request.method, request.endpoint, exc_info=error)
    return render_error(page_for(500))
