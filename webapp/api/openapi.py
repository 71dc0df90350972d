"""The interface as an OpenAPI 3.1 document. Models and labels come from the registry of tasks."""

from __future__ import annotations

from typing import Any

from flask import url_for

from ml.tasks import FIND_TASK, Head, offered
from webapp.api import verdicts
from webapp.api.problems import CONTENT_TYPE
from webapp.settings import current_settings
from webapp.studies.history import STATES
from webapp.studies.upload import REASON_LENGTH
from webapp.version import __version__

_TEXT_OR_NULL = {"type": ["string", "null"]}
_NUMBER_OR_NULL = {"type": ["number", "null"]}
_LINK_OR_NULL = {"type": ["string", "null"], "format": "uri"}
_NUMBER_OF_SLICE = {"type": "integer", "minimum": 1, "description": "Counts through the study."}
_SLICE = {
    "name": "slice",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1},
    "description": "Number of the slice in the study; without it the middle one, which of one image is that image.",
}
_UUID = {"name": "uuid", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}


def document() -> dict[str, Any]:
    """The whole document, as it is served."""
    server = url_for("api.document", _external=True).removesuffix("/openapi.json")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sidelight",
            "version": __version__,
            "summary": "Several neural networks read one medical image side by side.",
            "description": "Research use only. Not a medical device.",
        },
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
            "responses": {"Problem": _answer("What went wrong.", "Problem", CONTENT_TYPE)},
        },
    }


def _paths() -> dict[str, Any]:
    picture = {"description": "A PNG.", "content": {"image/png": {}}}
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    number = {"name": "verdict", "in": "path", "required": True, "schema": {"type": "integer"}}
    page = {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1, "default": 1}}
    return {
        "/studies": {
            "post": {
                "operationId": "createStudy",
                "summary": "Upload an image and queue its reading.",
                "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _upload()}}},
                "responses": _responses(
                    202,
                    "The image is stored and its reading waits.",
                    "Accepted",
                    400,
                    413,
                    415,
                    422,
                    429,
                    503,
                    507,
                ),
            },
            "get": {
                "operationId": "listStudies",
                "summary": "Studies, newest first, a page at a time.",
                "parameters": [page],
                "responses": _responses(200, "One page of studies.", "Studies"),
            },
        },
        "/studies/{uuid}": {
            "parameters": [_UUID],
            "get": {
                "operationId": "getStudy",
                "summary": "Where the reading of a study is, and what came of it.",
                "responses": _responses(200, "The study with its last reading.", "Study", 404),
            },
        },
        "/studies/{uuid}/cancel": {
            "parameters": [_UUID],
            "post": {
                "operationId": "cancelReading",
                "summary": "Stop the reading of a study.",
                "responses": _responses(200, "The reading is cancelled.", "Study", 404, 409),
            },
        },
        "/studies/{uuid}/read-anyway": {
            "parameters": [_UUID],
            "post": {
                "operationId": "readAnyway",
                "summary": "Read what the gate has stopped; every output then says that it is outside validated input.",
                "requestBody": _form(_reason()),
                "responses": _responses(202, "The reading waits.", "Study", 400, 404, 409, 422, 503),
            },
        },
        "/studies/{uuid}/verdicts": {
            "parameters": [_UUID],
            "get": {
                "operationId": "listVerdicts",
                "summary": "All verdicts on a study, the earliest first; none while the study is sealed.",
                "responses": _responses(200, "Verdicts and own answer.", "Verdicts", 404),
            },
            "post": {
                "operationId": "signVerdict",
                "parameters": [_SLICE],
                "summary": "Sign a verdict on what a model says; it supersedes an earlier one of the same person.",
                "requestBody": _form(verdicts.verdict_fields(), "multipart/form-data"),
                "responses": _responses(
                    201, "The verdict is signed.", "Verdicts", 403, 404, 409, 413, 422, 503, 507
                ),
            },
        },
        "/studies/{uuid}/outlines/{verdict}.png": {
            "parameters": [_UUID, number],
            "get": {
                "operationId": "getOutline",
                "summary": "The outline that was signed with a verdict (1-bit PNG on the image's own grid).",
                "responses": {"200": picture, **_problems(401, 404)},
            },
        },
        "/studies/{uuid}/own-answer": {
            "parameters": [_UUID],
            "post": {
                "operationId": "recordOwnAnswer",
                "summary": "Record the second reader's own answer; it opens the models' answers.",
                "requestBody": _form(verdicts.own_answer_fields()),
                "responses": _responses(
                    201, "The answer is on record.", "OwnAnswer", 403, 404, 409, 422, 503
                ),
            },
        },
        "/studies/{uuid}/files/{name}": {
            "parameters": [_UUID, name, _SLICE],
            "get": {
                "operationId": "getPicture",
                "summary": "A region or lesion (1-bit PNG), a heatmap (16-bit grey PNG, value / 65535), or preview.png.",
                "responses": {"200": picture, **_problems(401, 404)},
            },
        },
        "/openapi.json": {
            "get": {
                "operationId": "getDocument",
                "summary": "This document.",
                "security": [],
                "responses": {
                    "200": {
                        "description": "An OpenAPI document.",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    }
                },
            },
        },
    }


def _upload() -> dict[str, Any]:
    models = list(dict.fromkeys(model.key for task in offered() for model in task.models))
    settings = current_settings()
    limit = (
        f"PNG, JPEG, TIFF, WebP or DICOM, at most {settings.max_upload_mb} MB. Repeat the field for the files of a DICOM "
        f"examination, or send them as a zip: at most {settings.max_slices} slices and {settings.max_stack_mb} MB together."
    )
    return {
        "type": "object",
        "required": ["image", "task"],
        "properties": {
            "image": {"type": "string", "contentMediaType": "application/octet-stream", "description": limit},
            "task": {
                "type": "string",
                "enum": [task.key for task in (*offered(), FIND_TASK)],
                "description": f"{FIND_TASK.key}: the gate says which task reads the image, and all its models read it.",
            },
            "models": {
                "type": "array",
                "items": {"type": "string", "enum": models},
                "description": "Repeat the field for each model; without it all models of the task read.",
            },
            "patient_code": {
                "type": "string",
                "maxLength": 64,
                "pattern": "^[A-Za-z0-9-]*$",
                "description": "A pseudonym, never a name.",
            },
            "note": {"type": "string", "maxLength": 2000},
        },
    }


def _reason() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["reason"],
        "properties": {
            "reason": {"type": "string", "minLength": 1, "maxLength": REASON_LENGTH},
            "task": {
                "type": "string",
                "enum": [task.key for task in offered()],
                "description": "Needed where no task was found, else without effect.",
            },
        },
    }


def _form(fields: dict[str, Any], *also: str) -> dict[str, Any]:
    ways = ("application/x-www-form-urlencoded", *also)
    return {"required": True, "content": {way: {"schema": fields} for way in ways}}


def _schemas() -> dict[str, Any]:
    head = {
        "uuid": {"type": "string", "format": "uuid"},
        "url": {"type": "string", "format": "uri"},
        "task": {"type": "string"},
        "patient_code": _TEXT_OR_NULL,
        "note": _TEXT_OR_NULL,
        "created_at": {"type": "string", "format": "date-time"},
        "status": {"type": "string", "enum": list(STATES)},
        "outside_validated_input": _anyway(),
    }
    count = {"type": "integer", "minimum": 0}
    return {
        "Accepted": _object({name: head[name] for name in ("uuid", "status", "url")}),
        "Studies": _object(
            {"studies": _array(_object(head)), "page": count, "pages": count, "total": count},
        ),
        "Study": _object(
            {
                **head,
                "sentence": {**_TEXT_OR_NULL, "description": "Why the reading failed or was stopped."},
                "seconds": _NUMBER_OR_NULL,
                "models": _array({"type": "string"}),
                "gate": {"type": ["object", "null"], "description": "What the gate saw."},
                "slices": {**_array(_slice()), "description": "The slices of the study in their order."},
                "findings": {
                    **_array(_findings()),
                    "description": "Where each model finds something, by series. Empty like the predictions.",
                },
                "predictions": {
                    **_array({"$ref": "#/components/schemas/Prediction"}),
                    "description": "Empty before all models have ended, and while sealed.",
                },
                "sealed": {
                    "type": "boolean",
                    "description": "The owner reads second: there are no predictions and pictures before the own answer.",
                },
            }
        ),
        "Prediction": _prediction(),
        **verdicts.schemas(),
        "Lesion": _lesion(),
        "Problem": _object(
            {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
            }
        ),
    }


def _prediction() -> dict[str, Any]:
    schema = _object(
        {
            "slice": _NUMBER_OF_SLICE,
            "model": {"type": "string"},
            "version": {"type": "string"},
            "weights_sha256": _TEXT_OR_NULL,
            "state": {"type": "string", "enum": ["done", "failed", "not_applicable"]},
            "sentence": _TEXT_OR_NULL,
            "scores": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
                },
                "description": "Head to label to score.",
            },
            "uncertainty": _NUMBER_OR_NULL,
            "risk": {"type": ["string", "null"], "enum": ["LOW", "MEDIUM", "HIGH", None]},
            "seconds": {"type": "number"},
            "precision": {"type": "string"},
            "region_px": {"type": ["integer", "null"]},
            "area_mm2": _NUMBER_OR_NULL,
            "lesion": {"anyOf": [{"$ref": "#/components/schemas/Lesion"}, {"type": "null"}]},
            "focus": {"type": ["string", "null"], "enum": ["region", "box", None]},
            "region": _LINK_OR_NULL,
            "heatmap": _LINK_OR_NULL,
            "heatmap_focused": _LINK_OR_NULL,
            "outside_validated_input": {"type": "boolean"},
        }
    )
    # The heads depend on the study's task, so none of them is required.
    heads = [head for task in offered() for head in task.heads]
    for key in dict.fromkeys(head.key for head in heads):
        schema["properties"][key] = _answers([head for head in heads if head.key == key])
    return schema


def _slice() -> dict[str, Any]:
    return _object(
        {
            "slice": _NUMBER_OF_SLICE,
            "series": {"type": "integer", "minimum": 1},
            "sequence": _TEXT_OR_NULL,
            "rows": {"type": "integer"},
            "columns": {"type": "integer"},
            "pixel_mm": {
                "type": ["array", "null"],
                "items": {"type": "number"},
                "description": "Spacing of rows and of columns.",
            },
            "place_mm": {**_NUMBER_OR_NULL, "description": "Where it lies along the normal of its series."},
        }
    )


def _findings() -> dict[str, Any]:
    return _object(
        {
            "model": {"type": "string"},
            "series": {"type": "integer", "minimum": 1},
            "slices": {
                **_array(_array({"type": "integer", "minimum": 1})),
                "description": "Slices with findings, in runs of neighbours, the longest first.",
            },
            "judged": {"type": "integer", "minimum": 0, "description": "Slices that the model judged."},
            "lesion_area_mm2": {**_NUMBER_OR_NULL, "description": "Of a lesion model, sum over all slices."},
            "lesion_volume_mm3": {
                **_NUMBER_OR_NULL,
                "description": "Area times the distance between slices; null where that is unknown.",
            },
        }
    )


def _anyway() -> dict[str, Any]:
    told = _object(
        {
            "by": {"type": "string"},
            "at": {"type": "string", "format": "date-time"},
            "reason": {"type": "string"},
        }
    )
    return {
        "anyOf": [told, {"type": "null"}],
        "description": "Who wanted the models to read what the gate had stopped, when and why. Null: nobody had to.",
    }


def _lesion() -> dict[str, Any]:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    return _object(
        {
            "pixels": {"type": "integer", "minimum": 0},
            "share_of_region": {**share, "description": "Of the pixels of the task's region."},
            "area_mm2": {**_NUMBER_OR_NULL, "description": "Null without a known pixel spacing."},
            "near_joint_share": {
                "anyOf": [share, {"type": "null"}],
                "description": "Share of the lesion near the joints of the task, by a rough rule. Null without a lesion.",
            },
            "burden": {
                **share,
                "description": "How much lesion there is for certain: the status follows from it, the stage in part.",
            },
            "mask": _LINK_OR_NULL,
        }
    )


def _answers(heads: list[Head]) -> dict[str, Any]:
    """What is answered to the heads of one key: tasks may share it without sharing labels."""
    answers = [_head(head) for head in dict.fromkeys(heads)]
    return answers[0] if len(answers) == 1 else {"anyOf": answers}


def _head(head: Head) -> dict[str, Any]:
    if head.binary:
        return {"enum": [0, 1, None], "description": f"{head.name}: 1 is {head.positive}."}
    return {"enum": [*head.labels, None], "description": f"{head.name}."}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "unevaluatedProperties": False,
    }


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _answer(description: str, schema: str, content_type: str = "application/json") -> dict[str, Any]:
    return {
        "description": description,
        "content": {content_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def _responses(status: int, description: str, schema: str, *problems: int) -> dict[str, Any]:
    return {str(status): _answer(description, schema), **_problems(401, *problems)}


def _problems(*statuses: int) -> dict[str, Any]:
    return {str(status): {"$ref": "#/components/responses/Problem"} for status in statuses}
