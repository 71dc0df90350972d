"""What people say of the models' answers: the title of the report, and the history of signatures."""

from __future__ import annotations

from collections.abc import Iterable

from reportlab.platypus import Flowable

from webapp.exports.content import Content
from webapp.exports.pdf.look import BODY, CELL, CELL_BOLD, HEADING, RULED, TITLE, WIDTH
from webapp.exports.pdf.tags import tagged_table
from webapp.exports.pdf.text import paragraph
from webapp.formats import day_time
from webapp.reviews.view import Signed, judgement_names, own_answers_of
from webapp.studies.view.columns import short_name
from webapp.words import gettext as _
from webapp.words import ngettext


def verdict_title(content: Content) -> Iterable[Flowable]:
    """Who agrees with what, in one line, and on which slice of a stack; own answers below it."""
    yield paragraph(_title(content), TITLE)
    if content.place:
        yield paragraph(content.place, BODY)
    for own in own_answers_of(content.study, content.spec):
        yield paragraph(f"{own.sentence}. {own.by}, {day_time(own.at)}. {own.note}".strip(), BODY)


def verdict_history(content: Content) -> Iterable[Flowable]:
    """Every signed verdict on this reading, the earliest first; nothing is left out that was superseded."""
    yield paragraph(_("Verdicts"), HEADING)
    rows = [
        (_named(content, model), signed)
        for model, review in content.reviews.items()
        for signed in review.verdicts
    ]
    if rows:
        yield _table(sorted(rows, key=lambda row: row[1].at))
    else:
        yield paragraph(_("No verdict is signed on this reading."), BODY)
    earlier = len(content.verdicts) - len(rows)
    if earlier:
        yield paragraph(
            ngettext(
                "%(num)s verdict on an earlier reading of this study is in the CSV and JSON export.",
                "%(num)s verdicts on earlier readings of this study are in the CSV and JSON export.",
                earlier,
            ),
            BODY,
        )


def _title(content: Content) -> str:
    said: dict[str, list[str]] = {}
    for model, review in content.reviews.items():
        for signed in review.current:
            said.setdefault(signed.judgement, []).append(_named(content, model))
    if not said:
        return _("No verdict is signed.")
    parts = [
        _("%(verdict)s: %(models)s", verdict=name, models=", ".join(dict.fromkeys(said[judgement])))
        for judgement, name in judgement_names().items()
        if judgement in said
    ]
    return _("Verdict. %(said)s", said=". ".join(parts)) + "."


def _named(content: Content, model: str) -> str:
    prediction = content.prediction(model)
    names = {spec.key: short_name(spec.name) for spec in content.spec.models}
    return f"{names.get(model, model)} {prediction.version if prediction else ''}".strip()


def _table(rows: list[tuple[str, Signed]]) -> Flowable:
    head = [_("Model, version"), _("Verdict"), _("Right answer, reason, note"), _("Signed by"), _("When")]
    cells = [[paragraph(name, CELL_BOLD) for name in head]]
    for name, signed in rows:
        verdict = f"{signed.name} ({_('superseded')})" if signed.superseded else signed.name
        why = ". ".join(part for part in (signed.answer, signed.outline, signed.reason, signed.note) if part)
        cells.append([paragraph(text, CELL) for text in (name, verdict, why, signed.by, day_time(signed.at))])
    shares = (0.2, 0.16, 0.32, 0.19, 0.13)
    return tagged_table(cells, [share * WIDTH for share in shares], style=RULED, repeatRows=1)
