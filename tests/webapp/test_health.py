"""/healthz and /readyz say the truth about database, disk, worker and weights."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from ml import cards
from webapp import create_app
from webapp.database import bind_migrations
from webapp.extensions import db, utc_now
from webapp.readings.tables import Worker
from webapp.settings import Settings


@pytest.fixture
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A site with a migrated database, a live worker and intact weights."""
    app = create_app(Settings(data_dir=tmp_path, min_free_mb=0))
    bind_migrations(app)
    with app.app_context():
        upgrade()
        db.session.add(Worker(id="w", host="here", pid=1))
        db.session.commit()
    monkeypatch.setattr(cards, "weights_state", lambda task, key, folder: "intact")
    return app.test_client()


def failing(client: FlaskClient) -> tuple[int, dict[str, str]]:
    answer = client.get("/readyz")
    assert answer.json is not None
    return answer.status_code, {k: v["detail"] for k, v in answer.json["checks"].items() if not v["ok"]}


def test_alive_needs_nothing(tmp_path: Path) -> None:
    client = create_app(Settings(data_dir=tmp_path)).test_client()

    assert client.get("/healthz").json == {"state": "alive"}


def test_ready_when_all_is_well(ready: FlaskClient) -> None:
    assert failing(ready) == (200, {})


def test_not_ready_before_the_database_is_prepared(app: Flask, ready: FlaskClient, tmp_path: Path) -> None:
    status, why = failing(create_app(Settings(data_dir=tmp_path / "new", min_free_mb=0)).test_client())

    assert status == 503
    assert "not prepared" in why["database"]


def test_not_ready_when_the_worker_has_fallen_silent(ready: FlaskClient) -> None:
    with ready.application.app_context():
        db.session.execute(db.update(Worker).values(heartbeat_at=utc_now() - timedelta(minutes=5)))
        db.session.commit()

    status, why = failing(ready)

    assert status == 503
    assert list(why) == ["worker"]


def test_not_ready_when_the_disk_is_nearly_full(tmp_path: Path, ready: FlaskClient) -> None:
    client = create_app(Settings(data_dir=tmp_path, min_free_mb=10**9)).test_client()

    status, why = failing(client)

    assert status == 503
    assert "MB are free" in why["disk"]


def test_not_ready_when_weights_are_not_those_of_their_card(
    ready: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        cards, "weights_state", lambda task, key, folder: "mismatch" if "unet" in key else "intact"
    )

    status, why = failing(ready)

    assert status == 503
    assert "mismatch" in why["weights"]


def test_not_ready_when_the_gates_weights_are_missing(
    ready: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        cards, "weights_state", lambda task, key, folder: "missing" if task == "gate" else "intact"
    )

    status, why = failing(ready)

    assert status == 503
    assert why["weights"].startswith("gate/")
