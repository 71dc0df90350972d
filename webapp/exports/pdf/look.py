"""How the report looks: fonts, paragraph styles, table styles. Black on white; nothing is said by colour alone."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import TableStyle

MARGIN = 14 * mm
WIDTH = 210 * mm - 2 * MARGIN
GAP = 4 * mm

INK, QUIET, LINE = colors.HexColor("#16191c"), colors.HexColor("#434b53"), colors.HexColor("#8b949c")

REGULAR, BOLD, MONO = "Sidelight", "Sidelight-Bold", "Sidelight-Mono"


def register_fonts() -> None:
    """DejaVu, which matplotlib brings along: embedded, so that names and notes print in most alphabets."""
    if REGULAR in pdfmetrics.getRegisteredFontNames():
        return
    found = find_spec("matplotlib")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("matplotlib, which brings the report's fonts, is not installed.")
    folder = Path(found.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"
    for name, file in ((REGULAR, "DejaVuSans"), (BOLD, "DejaVuSans-Bold"), (MONO, "DejaVuSansMono")):
        pdfmetrics.registerFont(TTFont(name, folder / f"{file}.ttf"))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def _style(name: str, size: float, **more: object) -> ParagraphStyle:
    return ParagraphStyle(
        name,
        **{
            "fontName": REGULAR,
            "fontSize": size,
            "leading": size * 1.35,
            "textColor": INK,
            "role": "P",
            **more,
        },
    )


TITLE = _style("title", 13, role="H1", fontName=BOLD, spaceAfter=1 * mm)
ANSWER = _style("answer", 11, role="H2", fontName=BOLD, spaceAfter=1 * mm)
HEADING = _style(
    "heading", 10, role="H2", fontName=BOLD, spaceBefore=3 * mm, spaceAfter=1.5 * mm, keepWithNext=1
)
SUBHEADING = _style(
    "subheading", 8.5, role="H3", fontName=BOLD, spaceBefore=2 * mm, spaceAfter=0.5 * mm, keepWithNext=1
)
BODY = _style("body", 8.5)
SMALL = _style("small", 7.5)
LISTED = _style("listed", 7.5, keepWithNext=1)
CAPTION = _style("caption", 7, textColor=QUIET)
CELL = _style("cell", 7.5)
CELL_BOLD = _style("cell bold", 7.5, fontName=BOLD)
NUMBER = _style("number", 7.5, alignment=2)
NUMBER_BOLD = _style("number bold", 7.5, fontName=BOLD, alignment=2)
CODE = _style("code", 6.5, fontName=MONO)
BULLET = _style("bullet", 7.5, leftIndent=3 * mm, bulletIndent=0.5 * mm)
STAMP = _style(
    "stamp", 9, borderColor=INK, borderWidth=1.2, borderPadding=5, spaceBefore=3 * mm, spaceAfter=4 * mm
)

PLAIN = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
)
RULED = TableStyle(
    [
        ("LINEABOVE", (0, 0), (-1, 0), 0.8, INK),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, LINE),
    ],
    parent=PLAIN,
)
