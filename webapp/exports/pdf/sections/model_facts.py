"""What is known of each model that read: its identity, what it was measured on, what it is not for and where it fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reportlab.platypus import Flowable, Table

from webapp.exports.content import Content, ModelFacts
from webapp.exports.pdf.look import BULLET, CELL, CODE, HEADING, LISTED, PLAIN, SMALL, SUBHEADING, WIDTH
from webapp.exports.pdf.text import paragraph
from webapp.pages.facts import Figure, FigureTable
from webapp.words import gettext as _


def model_facts(content: Content) -> Iterable[Flowable]:
    """One part a model."""
    yield paragraph(_("Model facts"), HEADING)
    for known in content.models:
        yield from _one(known)


def _one(known: ModelFacts) -> Iterator[Flowable]:
    yield paragraph(f"{known.model.name} {known.version}", SUBHEADING)
    yield paragraph(_("Weights (SHA-256): %(hash)s", hash=known.weights_sha256 or _("unknown")), CODE)
    if known.facts is None or known.card is None:
        yield paragraph(
            _("There is no card of this model on the server, so nothing is known of its figures."), SMALL
        )
        return
    if not known.same_weights:
        yield paragraph(
            _(
                "The card on the server is that of version %(version)s with other weights: its figures are not about "
                "the weights that read.",
                version=known.facts.version,
            ),
            SMALL,
        )
    raw = known.card.raw
    for title, said in ((_("For"), raw.get("intended_use")), (_("Measured on"), raw.get("split"))):
        yield from _said(title, said)
    for table in known.facts.tables:
        yield from _figures(table)
    for title, said in ((_("Not for"), raw.get("not_for")), (_("Known failures"), raw.get("known_failures"))):
        yield from _said(title, said)


def _said(title: str, said: Any) -> Iterator[Flowable]:
    """Text in one paragraph, a list as bullets."""
    if isinstance(said, list):
        yield paragraph(f"{title}:", LISTED)
        yield from (paragraph(str(item), BULLET, bullet="•") for item in said)
    elif said:
        yield paragraph(f"{title}: {said}", SMALL)


def _figures(table: FigureTable) -> Iterator[Flowable]:
    yield paragraph(f"{table.name}: {table.caption}", SMALL)
    rows = [_figure(row) for row in table.rows]
    half = (len(rows) + 1) // 2
    beside = rows[half:] + [""] * (2 * half - len(rows))
    cells = [
        [paragraph(left, CELL), paragraph(right, CELL)]
        for left, right in zip(rows[:half], beside, strict=True)
    ]
    yield Table(cells, [WIDTH / 2] * 2, style=PLAIN)


def _figure(row: Figure) -> str:
    """“Sensitivity 0.89 (0.82 to 0.95, n = 166)”."""
    within = f"{row.interval}, n = {row.n}" if row.interval else f"n = {row.n}"
    few = ", " + _("n below 30") if row.too_few else ""
    return f"{row.name} {row.value} ({within}{few})"
