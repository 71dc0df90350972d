"""The content of an export as plain data: what export.json is and export.csv lists. docs/exports.md names every field."""

from __future__ import annotations

from typing import Any

from webapp.api import answers, verdicts
from webapp.exports.content import Content, ModelFacts
from webapp.studies.tables import Image
from webapp.version import __version__
from webapp.words import gettext as _

FORMAT = "sidelight-study-1"
CARD_FIELDS = ("intended_use", "not_for", "known_failures", "data", "label_source", "split", "counts")


def as_data(content: Content) -> dict[str, Any]:
    """Numbers, strings, lists and mappings only; study, predictions and verdicts are shaped as in the HTTP interface."""
    told = verdicts.told(list(content.verdicts), None)["verdicts"]
    study = answers.whole(content.study, content.reading, sealed=False)
    predictions = study.pop("predictions")
    study.pop("sealed")
    return {
        "format": FORMAT,
        "notice": notice(),
        "exported_at": content.made_at.isoformat(),
        "sidelight_version": __version__,
        "study": study,
        "image": _image(content.image),
        "agreement": {
            "sentence": content.result.sentence,
            "warning": content.result.warning,
            "details": list(content.result.details),
        },
        "predictions": predictions,
        "verdicts": told,
        "own_answers": [verdicts.own_answer(own) for own in content.own_answers],
        "models": [_model(facts) for facts in content.models],
        "limits": [_(limit) for limit in content.spec.wording.limits],
    }


def notice() -> str:
    """What stands on every page and in every export."""
    return _("Research use only. Not a medical device. Not for diagnosis.")


def _image(image: Image) -> dict[str, Any]:
    return {
        "slice": image.position + 1,
        "rows": image.rows,
        "columns": image.columns,
        "pixel_mm_row": image.pixel_mm_row,
        "pixel_mm_column": image.pixel_mm_column,
        "sequence": image.sequence,
        "orientation": image.orientation,
        "format": image.format,
        "sha256": image.sha256,
        "warnings": list(image.warnings or ()),
    }


def _model(known: ModelFacts) -> dict[str, Any]:
    card = known.card
    return {
        "model": known.model.key,
        "name": known.model.name,
        "kind": known.model.kind,
        "version": known.version,
        "weights_sha256": known.weights_sha256,
        "card_version": card.version if card else None,
        "card_is_of_these_weights": known.same_weights,
        **{field: card.raw.get(field) if card else None for field in CARD_FIELDS},
        "figures": card.figures if card else {},
    }
