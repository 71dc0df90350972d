"""What the models say: the sentence and the axis, a row a model, and all scores."""

from __future__ import annotations

from collections.abc import Iterable

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer, TableStyle

from webapp.exports.content import Content
from webapp.exports.pdf.look import (
    ANSWER,
    BODY,
    CAPTION,
    CELL,
    CELL_BOLD,
    HEADING,
    INK,
    LINE,
    NUMBER,
    NUMBER_BOLD,
    PLAIN,
    RULED,
    WIDTH,
)
from webapp.exports.pdf.tags import Diagram, tagged_table
from webapp.exports.pdf.text import drawn, paragraph
from webapp.studies.view.columns import Column
from webapp.studies.view.side_by_side import Axis
from webapp.words import gettext as _


def agreement(content: Content) -> Iterable[Flowable]:
    """The sentence, the warning, the counts, and the models on the ordinal axis where there is one."""
    result = content.result
    yield Spacer(0, 2 * mm)
    yield paragraph(result.sentence, ANSWER)
    if result.warning:
        yield paragraph(_("Warning: %(sentence)s", sentence=result.warning), CELL_BOLD)
    if result.details:
        yield paragraph(". ".join(detail.rstrip(".") for detail in result.details) + ".", BODY)
    if result.axis:
        yield Spacer(0, 2 * mm)
        yield _axis(result.axis)
        if any(mark.differs for place in result.axis.places for mark in place.marks):
            yield paragraph(_("* differs from the majority"), CAPTION)


def findings(content: Content) -> Iterable[Flowable]:
    """One row a model: its answers, how sure it is of them, what it measured, or why it says nothing."""
    heads = content.spec.heads
    titles = [_("Model, version"), *(_(head.name) for head in heads)]
    titles += [_("Uncertainty"), _("Risk of error"), _("Measured, remarks")]
    rows = [[paragraph(title, CELL_BOLD) for title in titles]]
    for column in content.result.columns:
        if column.state == "done":
            answers = [_said(column, head.key) for head in heads]
            more = [column.uncertainty or "–", column.risk or "–", _measured(column)]
            cells = [_full_name(column), *answers, *more]
        else:
            state = _("Failed") if column.state == "failed" else _("No answer")
            cells = [_full_name(column), *["–"] * len(heads), "–", "–", f"{state}. {column.sentence}"]
        rows.append([paragraph(text, CELL) for text in cells])
    yield paragraph(_("Answers"), HEADING)
    yield tagged_table(rows, _widths(len(heads)), style=RULED, repeatRows=1)
    yield paragraph(
        _(
            "In brackets: the score of the label, which is no probability. Uncertainty: entropy of the scores, 0 to 1."
        ),
        CAPTION,
    )


def scores(content: Content) -> Iterable[Flowable]:
    """Every score of every model: a row a label, a column a model; the given label is bold and marked."""
    columns = [column for column in content.result.columns if column.answers]
    if not columns:
        return
    yield paragraph(_("Scores"), HEADING)
    first = min(50 * mm, WIDTH * 0.3)
    for head in content.spec.heads:
        answered = [(column, answer) for column in columns if (answer := column.answer_to(head.key))]
        titles = [f"{column.short} {column.version}" for column, _answer in answered]
        rows = [[paragraph(_(head.name), CELL_BOLD), *(paragraph(title, NUMBER_BOLD) for title in titles)]]
        for label in head.labels:
            bars = [next((bar for bar in answer.bars if bar.key == label), None) for _c, answer in answered]
            cells = [
                paragraph(f"▸ {bar.text}" if bar.top else bar.text, NUMBER_BOLD if bar.top else NUMBER)
                if bar
                else paragraph("–", NUMBER)
                for bar in bars
            ]
            rows.append([paragraph(_(label), CELL), *cells])
        limits = [answer.decided for _c, answer in answered]
        if any(limits):
            told = [paragraph(limit, NUMBER) for limit in limits]
            rows.append([paragraph(_("Threshold"), CELL), *told])
        width = (WIDTH - first) / max(len(answered), 4)
        yield tagged_table(
            rows,
            [first, *[width] * len(answered)],
            style=RULED,
            repeatRows=1,
            hAlign="LEFT",
            spaceAfter=2 * mm,
        )
    yield paragraph(_("▸ and bold: the label that the model gives."), CAPTION)


def _full_name(column: Column) -> str:
    return f"{column.code} {column.name} {column.version}".strip()


def _said(column: Column, head: str) -> str:
    answer = column.answer_to(head)
    if answer is None:
        return "–"
    return f"{_(answer.label)} ({answer.top.text})" if answer.top else _(answer.label)


def _measured(column: Column) -> str:
    parts = [
        column.lesion.extent if column.lesion else "",
        column.lesion.near_joints if column.lesion else "",
    ]
    if column.area:
        parts.append(_("Region %(area)s, %(share)s of the image", area=column.area, share=column.share))
    parts += [column.sentence, column.differs]
    return ". ".join(part.rstrip(".") for part in parts if part) or "–"


def _widths(heads: int) -> list[float]:
    first, narrow, last = 0.26, 0.11, 0.21
    each = (1 - first - 2 * narrow - last) / heads
    return [share * WIDTH for share in (first, *[each] * heads, narrow, narrow, last)]


def _axis(axis: Axis) -> Flowable:
    """Tags of the models above the places of the axis, from least to most; the bar goes from lowest to highest."""
    marks = [
        " ".join(mark.code + ("*" if mark.differs else "") for mark in place.marks) for place in axis.places
    ]
    taken = [i for i, place in enumerate(axis.places, start=1) if place.marks]
    style = TableStyle(
        [
            ("LINEABOVE", (1, 1), (-1, 1), 0.6, LINE),
            ("LINEABOVE", (taken[0], 1), (taken[-1], 1), 2.4, INK),
        ],
        parent=PLAIN,
    )
    rows = [
        [drawn(axis.name, CELL_BOLD), *(drawn(text, CELL) for text in marks)],
        ["", *(drawn(place.name, CELL_BOLD if place.majority else CELL) for place in axis.places)],
    ]
    width = WIDTH * 0.8 / len(marks)
    words = "; ".join(
        f"{place.name}: {', '.join(mark.title for mark in place.marks)}"
        for place in axis.places
        if place.marks
    )
    return Diagram(f"{axis.name}. {words}.", rows, [WIDTH * 0.2, *[width] * len(marks)], style=style)
