"""A program that uses the HTTP interface; every answer that it gets is held against the OpenAPI document."""

from __future__ import annotations

import io
from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from tests.webapp.reading_room import STATUS
from tests.webapp.workers import make_user, slice_png
from webapp.accounts.tokens import make_token

API = "/api/v1"


class Script:
    """A program with a token."""

    def __init__(self, app: Flask, email: str = "script@clinic.example", role: str = "clinician") -> None:
        self.client = app.test_client()
        self.document: dict[str, Any] = self.client.get(f"{API}/openapi.json").get_json()
        with app.app_context():
            self.token = make_token(make_user(email, role), "test")

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, described_as: str) -> TestResponse:
        return self.checked(self.client.get(API + path, headers=self.headers), "get", described_as)

    def post(self, path: str, described_as: str, **options: Any) -> TestResponse:
        answer = self.client.post(API + path, headers=self.headers, **options)
        return self.checked(answer, "post", described_as)

    def upload(self, data: bytes | None = None, **fields: Any) -> TestResponse:
        form = {"task": "sij_mri", "models": [STATUS], **fields}
        form["image"] = (io.BytesIO(slice_png() if data is None else data), "slice.png")
        return self.post("/studies", "/studies", data=form)

    def uploaded(self, **fields: Any) -> str:
        answer = self.upload(**fields)
        assert answer.status_code == 202, answer.text
        return str(answer.get_json()["uuid"])

    def study(self, uuid: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/studies/{uuid}", "/studies/{uuid}").get_json()
        return found

    def checked(self, answer: TestResponse, method: str, path: str) -> TestResponse:
        described = self.document["paths"][path][method]["responses"]
        assert str(answer.status_code) in described, f"{answer.status_code} is not described: {answer.text}"
        response = described[str(answer.status_code)]
        if "$ref" in response:
            response = self.document["components"]["responses"][response["$ref"].rsplit("/", 1)[-1]]
        assert answer.mimetype in response["content"]
        schema = response["content"][answer.mimetype].get("schema")
        if schema:
            whole = {**schema, "components": self.document["components"]}
            Draft202012Validator(whole).validate(answer.get_json())
        return answer
