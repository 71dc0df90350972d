"""The chart of the headline: every score of every model, for answers whose labels have no order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml.tasks import Head
from webapp.studies.view.agreement import Count
from webapp.studies.view.columns import Bar, Column
from webapp.words import gettext as _


@dataclass(frozen=True)
class Model:
    """One model of the chart. `title` names model, version and label."""

    code: str
    title: str
    differs: bool


@dataclass(frozen=True)
class Row:
    """One label with its score by each model, in the models' order; None where a model has no score for it."""

    label: str
    majority: bool
    bars: tuple[Bar | None, ...]


@dataclass(frozen=True)
class Chart:
    """All scores of one head. `name`: of the head."""

    name: str
    models: tuple[Model, ...]
    rows: tuple[Row, ...]


def chart_of(head: Head, count: Count, columns: Sequence[Column]) -> Chart | None:
    """The chart of a head without order, labels in their order; None for an ordinal head and where nobody voted."""
    answered = [(column, answer) for column in columns if (answer := column.answer_to(head.key)) is not None]
    if head.ordinal or not answered:
        return None
    bars = [{bar.key: bar for bar in answer.bars} for _column, answer in answered]
    return Chart(
        name=_(head.name),
        models=tuple(
            Model(column.code, f"{column.name} {column.version}: {_(answer.label)}", bool(column.differs))
            for column, answer in answered
        ),
        rows=tuple(
            Row(_(label), label == count.majority, tuple(of_model.get(label) for of_model in bars))
            for label in head.labels
        ),
    )
