"""Words as paragraphs: whatever people typed is text, never markup."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph

from webapp.exports.pdf.tags import TaggedParagraph

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def paragraph(text: str, style: ParagraphStyle, bullet: str | None = None) -> TaggedParagraph:
    """Plain text in a style; line breaks stay."""
    return TaggedParagraph(escaped(text), style, bulletText=bullet)


def drawn(text: str, style: ParagraphStyle) -> Paragraph:
    """Plain text that is part of a picture, whose words say it too."""
    return Paragraph(escaped(text), style)


def escaped(text: str) -> str:
    """Plain text as reportlab's markup."""
    return escape(_CONTROL.sub(" ", text)).replace("\n", "<br/>")
