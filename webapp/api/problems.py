"""Errors for programs: RFC 9457 problem details."""

from __future__ import annotations

import json
from http import HTTPStatus

from flask import Response

from webapp.settings import current_settings
from webapp.words import gettext as _

CONTENT_TYPE = "application/problem+json"
_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "60"}, 503: {"Retry-After": "60"}}


def problem(status: int, sentence: str | None = None) -> Response:
    """An error as an answer: `detail` is a sentence for people, the general one of this status by default."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence or _sentence(status),
    }
    return Response(json.dumps(body), status, headers=_HEADERS.get(status, {}), content_type=CONTENT_TYPE)


def _sentence(status: int) -> str:
    limit = current_settings().max_upload_mb
    sentences = {
        400: _("The request is not complete or cannot be understood."),
        401: _("Send a token that is valid: Authorization: Bearer …"),
        404: _("There is nothing at this address, or not for the owner of this token."),
        405: _("This address does not take this method."),
        413: _("The file is too large: at most %(limit)s MB are taken.", limit=limit),
        415: _("Send the image and the fields as multipart/form-data."),
    }
    return sentences.get(status, _("The request could not be answered."))
