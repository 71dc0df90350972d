"""Words as paragraphs: whatever people typed is text, never markup."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def paragraph(text: str, style: ParagraphStyle, bullet: str | None = None) -> Paragraph:
    """Plain text in a style; line breaks stay."""
    return Paragraph(escaped(text), style, bulletText=bullet)


def escaped(text: str) -> str:
    """Plain text as reportlab's markup."""
    return escape(_CONTROL.sub(" ", text)).replace("\n", "<br/>")
