"""Verdicts and own answers in the interface: rows made into plain data, and how the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any

from flask import url_for

from ml.tasks import Head, offered
from webapp.reviews.opinions import ANSWER
from webapp.reviews.outlines import MAX_BYTES
from webapp.reviews.reveals import is_independent
from webapp.reviews.signing import CANNOT_TELL, NOTE_LENGTH
from webapp.reviews.tables import JUDGEMENTS, REASONS, OwnAnswer, Verdict
from webapp.reviews.view import superseded


def told(verdicts: list[Verdict], own: OwnAnswer | None) -> dict[str, Any]:
    """All verdicts on a study, the earliest first, and the own answer of the reader who asks."""
    old = superseded(verdicts)
    return {
        "verdicts": [_verdict(verdict, verdict.id in old) for verdict in verdicts],
        "own_answer": own_answer(own) if own else None,
    }


def own_answer(own: OwnAnswer) -> dict[str, Any]:
    """What a second reader said before the models' answers."""
    return {
        "answers": own.labels,
        "independent": is_independent(own),
        "note": own.note,
        "signed_by": own.signed_by,
        "signed_at": own.signed_at.isoformat(),
    }


def _verdict(verdict: Verdict, old: bool) -> dict[str, Any]:
    prediction = verdict.prediction
    return {
        "slice": prediction.image.position + 1,
        "model": prediction.model,
        "version": prediction.version,
        "reading": prediction.reading_id,
        "verdict": verdict.judgement,
        "answers": verdict.labels,
        "reason": verdict.reason,
        "note": verdict.note,
        "signed_by": verdict.signed_by,
        "signed_at": verdict.signed_at.isoformat(),
        "outline": _outline(verdict),
        "superseded": old,
        "outside_validated_input": prediction.reading.outside_validated_input,
    }


def _outline(verdict: Verdict) -> dict[str, Any] | None:
    if verdict.outline_file is None:
        return None
    return {
        "kind": verdict.outline_kind,
        "pixels": verdict.outline_px,
        "sha256": verdict.outline_sha256,
        "mask": url_for("api.outline", uuid=verdict.study.uuid, verdict=verdict.id, _external=True),
    }


def schemas() -> dict[str, Any]:
    """The schemas `Verdicts` and `OwnAnswer`."""
    signed = {
        "note": {"type": "string"},
        "signed_by": {"type": "string"},
        "signed_at": {"type": "string", "format": "date-time"},
    }
    answers = {"type": "object", "additionalProperties": {"type": "string"}}
    verdict = _object(
        {
            "slice": {"type": "integer", "minimum": 1, "description": "Counts through the study."},
            "model": {"type": "string"},
            "version": {"type": "string"},
            "reading": {"type": "integer"},
            "verdict": {"type": "string", "enum": list(JUDGEMENTS)},
            "answers": {**answers, "description": "Head to right label."},
            "reason": {"type": "string", "enum": ["", *REASONS]},
            **signed,
            "outline": {
                "anyOf": [{"$ref": "#/components/schemas/Outline"}, {"type": "null"}],
                "description": "What the clinician drew where the model's outline is wrong.",
            },
            "superseded": {"type": "boolean", "description": "The same person signed a later one."},
            "outside_validated_input": {"type": "boolean"},
        }
    )
    independent = {
        "type": "boolean",
        "description": "It was on record before the models' answers were shown to whoever gave it.",
    }
    unknown = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
    own = _object(
        {
            "answers": {**unknown, "description": "Head to label; null: cannot tell."},
            "independent": independent,
            **signed,
        }
    )
    outline = _object(
        {
            "kind": {"type": "string", "enum": ["region", "lesion"]},
            "pixels": {"type": "integer", "minimum": 0, "description": "0: there is nothing to outline."},
            "sha256": {"type": "string"},
            "mask": {"type": "string", "format": "uri", "description": "1-bit PNG on the image's own grid."},
        }
    )
    either = {"anyOf": [{"$ref": "#/components/schemas/OwnAnswer"}, {"type": "null"}]}
    return {
        "OwnAnswer": own,
        "Outline": outline,
        "Verdicts": _object({"verdicts": {"type": "array", "items": verdict}, "own_answer": either}),
    }


def verdict_fields() -> dict[str, Any]:
    """The body of a request that signs a verdict."""
    return {
        "type": "object",
        "required": ["model", "verdict"],
        "properties": {
            "model": {"type": "string"},
            "verdict": {"type": "string", "enum": list(JUDGEMENTS)},
            "reason": {
                "type": "string",
                "enum": ["", *REASONS],
                "description": "Needed with disagree and unusable.",
            },
            "note": {"type": "string", "maxLength": NOTE_LENGTH},
            "outline": {
                "type": "string",
                "contentMediaType": "image/png",
                "description": "The right outline, with disagree and a model that outlines something: a PNG as large as the "
                f"image, black outside and white inside, at most {MAX_BYTES // 2**20} MB. Send multipart/form-data.",
            },
            **_answers("Right answer, needed with disagree for each head of the task."),
        },
    }


def own_answer_fields() -> dict[str, Any]:
    """The body of a request that records an own answer."""
    return {
        "type": "object",
        "properties": {
            "note": {"type": "string", "maxLength": NOTE_LENGTH},
            **_answers("Needed for each head of the task.", CANNOT_TELL),
        },
    }


def _answers(description: str, *more: str) -> dict[str, Any]:
    heads: dict[str, list[Head]] = {}
    for task in offered():
        for head in task.heads:
            heads.setdefault(head.key, []).append(head)
    return {
        ANSWER + key: {
            "type": "string",
            "enum": list(dict.fromkeys([label for head in same for label in head.labels] + list(more))),
            "description": f"{same[0].name}. {description}",
        }
        for key, same in heads.items()
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "unevaluatedProperties": False,
    }
