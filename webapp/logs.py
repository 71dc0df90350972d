"""The log, with the request's id in each line; never a patient code, a note or what stood in a form."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, g, has_request_context

_FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"


def init_app(app: Flask) -> None:
    """Give each request an id, name it in the log and in the header X-Request-ID."""
    _configure()

    @app.before_request
    def _begin() -> None:
        g.request_id = secrets.token_hex(4)

    @app.after_request
    def _name(answer: Response) -> Response:
        answer.headers["X-Request-ID"] = request_id()
        return answer


def request_id() -> str:
    """The id of the present request, `-` outside of one."""
    return str(g.get("request_id", "-")) if has_request_context() else "-"


class _RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id()
        return True


def _configure() -> None:
    """Write `webapp`'s log to standard error, once a process."""
    log = logging.getLogger("webapp")
    if any(isinstance(known, _RequestId) for handler in log.handlers for known in handler.filters):
        return
    handler = logging.StreamHandler()
    handler.addFilter(_RequestId())
    handler.setFormatter(logging.Formatter(_FORMAT))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
