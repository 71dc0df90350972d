"""A task that is not offered to clinicians is nowhere in the web application."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from ml.tasks import TaskSpec, tasks
from tests.webapp.conftest import AuthActions
from tests.webapp.reading_room import upload

EACH = pytest.mark.parametrize("spec", [spec for spec in tasks() if not spec.offered], ids=lambda s: s.key)


@EACH
@pytest.mark.parametrize("page", ["/studies", "/studies/new", "/models", "/help", "/api/v1/openapi.json"])
def test_no_page_names_it(page: str, client: FlaskClient, auth: AuthActions, spec: TaskSpec) -> None:
    auth.signup()

    answer = client.get(page)

    assert answer.status_code == 200
    assert f'"{spec.key}"' not in answer.text
    assert f"/{spec.key}/" not in answer.text
    assert spec.name not in answer.text


@EACH
def test_it_has_no_pages_of_its_own(client: FlaskClient, auth: AuthActions, spec: TaskSpec) -> None:
    auth.signup()

    assert client.get(f"/tasks/{spec.key}/definitions").status_code == 404
    assert client.get(f"/tasks/{spec.key}/models/{spec.default_model}").status_code == 404


@EACH
def test_nothing_can_be_uploaded_for_it(client: FlaskClient, auth: AuthActions, spec: TaskSpec) -> None:
    auth.signup()

    answer = upload(client, task=spec.key, models=[spec.default_model])

    assert answer.status_code >= 400
    assert spec.key not in answer.text.partition("Known tasks")[2].partition("<")[0]
    assert client.get("/studies?task=" + spec.key).status_code == 200
