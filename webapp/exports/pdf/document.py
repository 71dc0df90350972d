"""The PDF itself: pages of A4 with head, foot and numbers, filled with the sections of the report."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import flask_babel
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from webapp.exports.content import Content
from webapp.exports.data import notice
from webapp.exports.pdf.look import BOLD, INK, LINE, MARGIN, QUIET, REGULAR, WIDTH, register_fonts
from webapp.exports.pdf.sections import sections
from webapp.exports.pdf.tags import TaggedCanvas
from webapp.formats import day_time
from webapp.settings import current_settings
from webapp.version import __version__
from webapp.words import gettext as _

_HEAD, _FOOT = 16 * mm, 10 * mm
_COLUMN = 62 * mm


def report_pdf(content: Content) -> bytes:
    """The report of a study. Raises NotExported where a stored picture is missing."""
    register_fonts()
    file = io.BytesIO()
    document = BaseDocTemplate(
        file,
        pagesize=A4,
        title=_("Reading report, %(task)s", task=content.result.task_name),
        author="Sidelight",
        subject=notice(),
        creator=f"Sidelight {__version__}",
        lang=str(flask_babel.get_locale()),
    )
    height = A4[1] - 2 * MARGIN - _HEAD - _FOOT
    frame = Frame(
        MARGIN, MARGIN + _FOOT, WIDTH, height, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0
    )
    document.addPageTemplates(PageTemplate(frames=[frame]))
    document.build(sections(content), canvasmaker=_pages_of(content))
    return file.getvalue()


def _pages_of(content: Content) -> Callable[..., Canvas]:
    """The canvas of this report: the title in the window, head and foot on every page."""

    class Pages(TaggedCanvas):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.setViewerPreference("DisplayDocTitle", "true")

        def furnish(self, number: int, pages: int) -> None:
            _head(self, content)
            _foot(self, content, number, pages)

    return Pages


def _head(canvas: Canvas, content: Content) -> None:
    result, top = content.result, A4[1] - MARGIN
    uploaded = _("Study %(when)s", when=day_time(result.uploaded_at))
    printed = _("Made %(when)s", when=day_time(content.made_at))
    code = result.patient_code
    columns = (
        (("Sidelight · " + _("reading report"), BOLD), (notice(), REGULAR)),
        (
            (_("Patient code %(code)s", code=code) if code else _("No patient code"), BOLD),
            (result.task_name, REGULAR),
            (result.image, REGULAR),
        ),
        ((uploaded, REGULAR), (printed, REGULAR), (current_settings().timezone, REGULAR)),
    )
    for lines, x in zip(columns, (MARGIN, MARGIN + 82 * mm, A4[0] - MARGIN), strict=True):
        draw = canvas.drawRightString if x == A4[0] - MARGIN else canvas.drawString
        for row, (text, font) in enumerate(lines):
            canvas.setFont(font, 7)
            canvas.setFillColor(INK if font == BOLD else QUIET)
            draw(x, top - 7 - row * 9.5, _fitted(text, font))
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(1.2)
    canvas.line(MARGIN, top - _HEAD + 4 * mm, A4[0] - MARGIN, top - _HEAD + 4 * mm)


def _fitted(text: str, font: str) -> str:
    """The text, cut where it would run into the next column; what is cut stands whole below."""
    if stringWidth(text, font, 7) <= _COLUMN:
        return text
    while stringWidth(text + "…", font, 7) > _COLUMN:
        text = text[:-1]
    return text + "…"


def _foot(canvas: Canvas, content: Content, number: int, pages: int) -> None:
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, MARGIN + 5 * mm, A4[0] - MARGIN, MARGIN + 5 * mm)
    canvas.setFillColor(QUIET)
    canvas.setFont(REGULAR, 7)
    stamp = content.reading.outside_validated_input
    said = notice() + (" " + _("Outside validated input.") if stamp else "")
    canvas.drawString(MARGIN, MARGIN + 1.5 * mm, said)
    page = _("page %(number)s of %(pages)s", number=number, pages=pages)
    canvas.drawRightString(A4[0] - MARGIN, MARGIN + 1.5 * mm, f"Sidelight {__version__} · {page}")
