"""Downloads of a study: report, CSV, JSON and DICOM."""

from __future__ import annotations

import json

from flask import Blueprint, Response, request

from webapp.accounts.access import login_required_active, signed_in_user
from webapp.errors import page_for, render_error
from webapp.exports.content import Content, NotExported, content_of
from webapp.exports.data import as_data
from webapp.exports.table import csv_of
from webapp.reviews.reveals import reveal
from webapp.studies.history import visible_study
from webapp.studies.slices import slice_asked_for

bp = Blueprint("exports", __name__, url_prefix="/studies/<uuid>")


@bp.get("/report.pdf")
@login_required_active
def report(uuid: str) -> Response:
    """The report: image, overlays, answers, verdicts and model facts, for paper and screen."""
    from webapp.exports.pdf import report_pdf  # costs memory that most processes never need

    return _download(report_pdf(_content(uuid)), "application/pdf", uuid, "report.pdf")


@bp.get("/export.csv")
@login_required_active
def table(uuid: str) -> Response:
    """The content of the report, one line a value."""
    return _download(csv_of(_content(uuid)), "text/csv; charset=utf-8", uuid, "export.csv")


@bp.get("/export.json")
@login_required_active
def data(uuid: str) -> Response:
    """The content of the report as one JSON object."""
    text = json.dumps(as_data(_content(uuid)), ensure_ascii=False, indent=2)
    return _download(text.encode(), "application/json", uuid, "export.json")


@bp.get("/export-dicom.zip")
@login_required_active
def dicom(uuid: str) -> Response:
    """DICOM SEG and SR with the rewritten images that they refer to."""
    from webapp.exports.dicom import dicom_zip  # as above

    return _download(dicom_zip(_content(uuid)), "application/zip", uuid, "dicom.zip")


@bp.errorhandler(NotExported)
def _not_exported(refused: NotExported) -> Response:
    return render_error(page_for(refused.status, refused.sentence))


def _content(uuid: str) -> Content:
    user = signed_in_user()
    study = visible_study(user, uuid)
    asked = slice_asked_for(study) if "slice" in request.args else None
    content = content_of(user, study, asked)
    reveal(user, [study])
    return content


def _download(body: bytes, kind: str, uuid: str, name: str) -> Response:
    """A file to keep, named after the study and never after its patient code."""
    answer = Response(body, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="study-{uuid}-{name}"'
    return answer
