"""A model's card as a page: what it is for, its figures with interval and n, its data, its failures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ml.cards import Card
from webapp.studies.view.numbers import score, width
from webapp.words import gettext as _

TOO_FEW = 30  # a figure of fewer images is not firm, and is said not to be


@dataclass(frozen=True)
class Figure:
    """One measure. `low`, `high` and `place` are positions on an axis from 0 to 1; empty for other measures."""

    name: str
    n: int
    value: str
    interval: str
    low: str
    high: str
    place: str

    @property
    def too_few(self) -> bool:
        return self.n < TOO_FEW


@dataclass(frozen=True)
class FigureTable:
    """The measures of one part of the data. `notes`: what their reader should know, as the card says it."""

    name: str
    caption: str
    rows: tuple[Figure, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """The page of one card. `sections` are titles and what the card says: text, a list, or facts by name."""

    version: str
    made_at: datetime | None
    sections: tuple[tuple[str, Any], ...]
    tables: tuple[FigureTable, ...]
    identity: Mapping[str, str]


def facts_of(card: Card) -> Facts:
    """Everything a clinician should know of a model, in the order in which it matters."""
    raw = card.raw
    sections = (
        (_("Intended use"), raw.get("intended_use")),
        (_("Not for"), raw.get("not_for")),
        (_("Known failures"), raw.get("known_failures")),
        (_("Data"), raw.get("data")),
        (_("Where the labels come from"), raw.get("label_source")),
        (_("Split"), raw.get("split")),
        (_("Patients and images"), raw.get("counts")),
        (_("Preparation of the image"), raw.get("preprocessing")),
        (_("Checks of the image"), raw.get("input_checks")),
        (_("From lesion to answers"), _readout(raw)),
        (_("What was published"), raw.get("published")),
        (_("Lower precision"), raw.get("precision")),
        (_("Versions"), raw.get("versions")),
        (_("Licence"), raw.get("licence")),
    )
    return Facts(
        version=card.version,
        made_at=_noon(card.date),
        sections=tuple((title, said) for title, said in sections if said),
        tables=tuple(_tables(card.figures)),
        identity={
            _("Network"): card.network,
            _("Parameters"): f"{card.parameters:,}",
            _("Weights (SHA-256)"): card.weights_sha256,
        },
    )


def _readout(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    """How a lesion model comes from shares of pixels to its outline and its answers; None for other models."""
    readout, outlined_from = raw.get("readout"), (raw.get("thresholds") or {}).get("lesion")
    if not readout or outlined_from is None:
        return None
    return {_("a pixel is outlined from a share of"): outlined_from, **readout}


def _noon(day: str) -> datetime | None:
    """Noon of an ISO day: the same day in the time zones of nearly all clinics."""
    try:
        return datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
    except ValueError:
        return None


def _tables(figures: Mapping[str, Any]) -> Iterator[FigureTable]:
    """One table a part, and one for each group inside it."""
    for part, measured in figures.items():
        yield from _table(_spoken(part), measured)


def _table(name: str, measured: Mapping[str, Any]) -> Iterator[FigureTable]:
    images, patients = int(measured.get("n_images") or 0), int(measured.get("n_patients") or 0)
    caption = _(
        "%(images)s images of %(patients)s patients. 95 %% intervals.", images=images, patients=patients
    )
    rows = tuple(_figures(measured, images))
    if measured.get("leaky"):
        name = _("%(part)s (leaky: too good)", part=name)
    if rows:
        yield FigureTable(name, caption, rows, tuple(measured.get("notes") or ()))
    for key, groups in measured.items():
        if key == "by_patient":
            yield from _by_patient(name, groups)
        elif key.startswith("by_") and isinstance(groups, dict):
            for group, inner in groups.items():
                yield from _table(f"{name}, {_spoken(str(group))}", inner)


def _by_patient(name: str, patients: Mapping[str, Any]) -> Iterator[FigureTable]:
    """One row a patient, with the figure that says most: the AUC, or the IoU of a mask."""
    rows = [
        _figure(patient, int(inner.get("n_images") or inner.get("n") or 0), number, None)
        for patient, inner in patients.items()
        if isinstance(number := inner.get("auc", inner.get("iou")), float)
    ]
    if rows:
        which = _("AUC") if any("auc" in inner for inner in patients.values()) else _("IoU")
        caption = _("%(figure)s of each patient.", figure=which)
        yield FigureTable(_("%(part)s, by patient", part=name), caption, tuple(rows))


def _figures(measured: Mapping[str, Any], n: int) -> Iterator[Figure]:
    for name, value in measured.items():
        interval = measured.get(f"{name}_ci95")
        if isinstance(value, dict) and not name.startswith("by_"):
            counted = measured.get(f"n_by_{name.removeprefix('recall_by_')}") or {}
            for label, number in value.items():
                inner = interval.get(label) if isinstance(interval, dict) else None
                if isinstance(number, float):
                    yield _figure(f"{_spoken(name)}, {label}", int(counted.get(label, n)), number, inner)
        elif isinstance(value, float):
            yield _figure(_spoken(name), n, value, interval)


def _figure(name: str, n: int, value: float, interval: Any) -> Figure:
    if not isinstance(interval, list | tuple) or len(interval) != 2 or None in interval:
        return Figure(name, n, score(value), "", "", "", "")
    low, high = (float(end) for end in interval)
    words = _("%(low)s to %(high)s", low=score(low), high=score(high))
    return Figure(name, n, score(value), words, width(low), width(high), width(value))


def _spoken(name: str) -> str:
    """`stage_quadratic_kappa` as words."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
