"""The image alone, then with what each model marks on it; each picture has its words below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer, Table

from webapp.exports.content import Content
from webapp.exports.masks import heatmap_of, mask_of, preview_of
from webapp.exports.pdf.look import CAPTION, CELL_BOLD, GAP, HEADING, WIDTH
from webapp.exports.pdf.picture import Marks, Picture, is_made_smaller
from webapp.exports.pdf.text import paragraph
from webapp.studies.view.columns import Column
from webapp.words import gettext as _

_A_ROW = 3
_BOX = (WIDTH - (_A_ROW - 1) * GAP) / _A_ROW


def illustrations(content: Content) -> Iterable[Flowable]:
    """The pictures, three a row."""
    grey = preview_of(content)
    cells = [_plain(content, grey)]
    cells += [_marked(content, grey, column) for column in content.result.columns if column.state == "done"]
    yield paragraph(_("Pictures"), HEADING)
    for start in range(0, len(cells), _A_ROW):
        row = cells[start : start + _A_ROW]
        row += [[Spacer(0, 0)]] * (_A_ROW - len(row))
        widths = [_BOX + GAP] * (_A_ROW - 1) + [_BOX]
        yield KeepTogether(Table([row], widths, style=[("VALIGN", (0, 0), (-1, -1), "TOP"), *_NO_PADDING]))
    yield paragraph(_legend(content), CAPTION)


_NO_PADDING = [
    (side, (0, 0), (-1, -1), 0) for side in ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")
]


def _plain(content: Content, grey: np.ndarray) -> list[Flowable]:
    words = content.result.image
    return [
        _picture(content, grey, Marks(), _("The image: %(image)s", image=words)),
        Spacer(0, 1 * mm),
        paragraph(_("The image"), CELL_BOLD),
        paragraph(words, CAPTION),
    ]


def _marked(content: Content, grey: np.ndarray, column: Column) -> list[Flowable]:
    heatmap = column.heatmaps[0] if column.heatmaps else None
    kind = "heatmap_focused" if heatmap and heatmap.key == "focused" else "heatmap"
    marks = Marks(
        region=mask_of(content, column.region.removesuffix("-region.png"), "region")
        if column.region
        else None,
        lesion=mask_of(content, column.key, "lesion"),
        heat=heatmap_of(content, column.key, kind) if heatmap else None,
    )
    name = f"{column.code} {column.short} {column.version}"
    words = " ".join(_in_words(column, marks))
    return [
        _picture(content, grey, marks, f"{name}. {words}"),
        Spacer(0, 1 * mm),
        paragraph(name, CELL_BOLD),
        paragraph(words, CAPTION),
        Spacer(0, 3 * mm),
    ]


def _in_words(column: Column, marks: Marks) -> Iterator[str]:
    """What is drawn, and what the model says: the picture for whoever cannot see it."""
    if column.answers:
        yield column.answer + "."
    if marks.heat is not None:
        heatmap = column.heatmaps[0]
        yield _("%(heatmap)s heatmap. %(where)s.", heatmap=heatmap.name, where=heatmap.text)
    if marks.region is not None:
        yield _("Region of %(name)s.", name=column.region_of)
    if column.lesion:
        yield column.lesion.extent + "."


def _picture(content: Content, grey: np.ndarray, marks: Marks, words: str) -> Picture:
    grid = content.result.picture
    return Picture(
        grey,
        marks,
        width=_BOX,
        height=1.3 * _BOX,
        shape_mm=(grid.mm_row / grid.mm_column) if grid.mm_row and grid.mm_column else 1.0,
        sides=grid.sides,
        ends=grid.ends,
        words=words,
    )


def _legend(content: Content) -> str:
    result = content.result
    parts = [_("Window: 0.5th to 99.5th percentile of the image; pixels are not smoothed.")]
    if is_made_smaller(content.image.rows, content.image.columns):
        parts.append(_("Printed with fewer pixels than the image has."))
    if result.has_regions:
        parts.append(_("Whole line: region."))
    if result.has_lesions:
        parts.append(_("Dashed line: lesion."))
    if result.has_heatmaps:
        parts.append(_("Dotted line: half of the heatmap’s maximum."))
        parts.append(_("The colour bar is the same for all models: share of that map’s maximum."))
    return " ".join(parts)
