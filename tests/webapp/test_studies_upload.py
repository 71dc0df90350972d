"""What comes in: good files become a study that waits, bad ones a sentence, and nothing in between."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image as Picture
from sqlalchemy import func, select

from ml.images.decode import decode
from tests.ml.bad_files import bad_file, refused_uploads
from tests.ml.dicom_files import dicom_bytes, dicom_dataset
from tests.phantoms import sacroiliac_slice
from tests.webapp.conftest import AuthActions
from tests.webapp.reading_room import last_reading, upload, uploaded
from tests.webapp.workers import slice_png
from webapp import create_app, database
from webapp.extensions import db
from webapp.readings import queue as bell
from webapp.readings.queue import rung
from webapp.settings import Settings
from webapp.studies import files, storing
from webapp.studies import upload as incoming
from webapp.studies.tables import Image, Study

REFUSED = refused_uploads()


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    """A browser that is logged in."""
    auth.signup()
    return client


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, FlaskClient]]:
    """One application for many files that leave nothing behind."""
    app = create_app(
        Settings(data_dir=tmp_path_factory.mktemp("shared"), min_free_mb=0, uploads_per_minute=1000)
    )
    with app.app_context():
        db.create_all()
    client = app.test_client()
    AuthActions(client).signup()
    yield app, client
    with app.app_context():
        db.engine.dispose()


def nothing_is_left(app: Flask) -> bool:
    """No row and no file of a study."""
    folder = app.extensions["settings"].data_dir / "studies"
    with app.app_context():
        rows = db.session.scalar(select(func.count()).select_from(Study))
    return not rows and not (folder.exists() and any(folder.iterdir()))


def test_an_upload_is_stored_and_waits_for_the_worker(
    app: Flask, reader: FlaskClient, settings: Settings
) -> None:
    uuid = uploaded(reader, patient_code="SIJ-0424", note="left hip pain")

    folder = settings.data_dir / "studies" / uuid
    with app.app_context():
        study = db.session.scalars(select(Study)).one()
        image = study.images[0]
        reading = last_reading(uuid)
        assert (study.patient_code, study.note, study.task) == ("SIJ-0424", "left hip pain", "sij_mri")
        assert (image.rows, image.columns, image.format) == (64, 64, "PNG")
        assert (reading.state, reading.models) == ("queued", ["cnn_classifier"])
        assert rung() == {reading.id}
    assert {path.name for path in folder.iterdir()} == {"image.png", "preview.png"}


def test_models_are_kept_in_the_order_of_the_page(app: Flask, reader: FlaskClient) -> None:
    uuid = uploaded(reader, models=["cnn_classifier", "unet_best", "cnn_classifier"])

    with app.app_context():
        assert last_reading(uuid).models == ["unet_best", "cnn_classifier"]


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_common_formats_are_kept_as_png_without_what_they_say_of_people(
    app: Flask, reader: FlaskClient, settings: Settings, format: str
) -> None:
    file = io.BytesIO()
    exif = Picture.Exif()
    exif[0x013B] = "Doctor Who"
    Picture.fromarray(sacroiliac_slice(64)).save(file, format, exif=exif)

    uuid = uploaded_bytes(reader, file.getvalue())

    kept = (settings.data_dir / "studies" / uuid / "image.png").read_bytes()
    assert decode(kept).pixels.shape == (64, 64)
    assert b"Doctor Who" not in kept


def test_a_dicom_is_kept_without_identity(app: Flask, reader: FlaskClient, settings: Settings) -> None:
    dataset = dicom_dataset()
    dataset.PatientName = "Surname^Given"

    uuid = uploaded_bytes(reader, dicom_bytes(dataset))

    kept = (settings.data_dir / "studies" / uuid / "image.dcm").read_bytes()
    assert b"Surname" not in kept
    with app.app_context():
        assert db.session.scalars(select(Image.format)).one() == "DICOM"


def uploaded_bytes(client: FlaskClient, data: bytes) -> str:
    answer = upload(client, data)
    assert answer.status_code == 303, answer.text
    return answer.location.rsplit("/", 1)[-1]


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_answered_with_a_sentence_and_leaves_nothing(
    shared: tuple[Flask, FlaskClient], name: str
) -> None:
    app, client = shared
    answer = upload(client, bad_file(name), patient_code="SIJ-1")

    # An empty file is no file to a form, and it is told so as one.
    assert answer.status_code in ((400, 422) if name == "empty" else (REFUSED[name],))
    assert "field__error" in answer.text
    assert 'value="SIJ-1"' in answer.text
    assert nothing_is_left(app)


def test_a_file_above_the_limit_is_refused(app: Flask, reader: FlaskClient) -> None:
    answer = upload(reader, bytes(21 * 2**20))

    assert answer.status_code == 413
    assert "20 MB" in answer.text
    assert nothing_is_left(app)


def test_a_request_far_above_the_limit_is_refused_before_it_is_read(app: Flask, reader: FlaskClient) -> None:
    answer = upload(reader, bytes(30 * 2**20))

    assert answer.status_code == 413
    assert "20 MB" in answer.text


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"task": "no_such_task"}, 422, "no task"),
        ({"models": ["no_such_model"]}, 422, "has no model"),
        ({"models": []}, 400, "at least one model"),
        ({"patient_code": "Müller, Anna"}, 400, "pseudonym"),
        ({"patient_code": "A" * 65}, 400, "pseudonym"),
        ({"note": "n" * 2001}, 400, "2000"),
    ],
)
def test_a_wish_that_cannot_be_met_says_why(
    app: Flask, reader: FlaskClient, fields: dict[str, Any], status: int, words: str
) -> None:
    answer = upload(reader, **fields)

    assert answer.status_code == status
    assert words in answer.text
    assert nothing_is_left(app)


def test_without_the_forms_token_nothing_is_stored(app: Flask, reader: FlaskClient) -> None:
    answer = upload(reader, csrf_token="")

    assert answer.status_code == 400
    assert nothing_is_left(app)


def test_without_a_login_nothing_is_stored(app: Flask, client: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = False

    assert "/login" in upload(client).location
    assert nothing_is_left(app)


def limited(settings: Settings, **limits: Any) -> tuple[Flask, FlaskClient]:
    """An application with other limits, and a browser that is logged in."""
    app = create_app(replace(settings, **limits))
    with app.app_context():
        db.create_all()
    client = app.test_client()
    AuthActions(client).signup()
    return app, client


@pytest.mark.parametrize(
    ("limits", "before", "status", "words"),
    [
        ({"max_queue": 1}, 1, 503, "Too many readings are waiting"),
        ({"min_free_mb": 10**9}, 0, 507, "disk is nearly full"),
        ({"uploads_per_minute": 2}, 2, 429, "uploads a minute"),
    ],
)
def test_what_the_server_cannot_take_is_refused_with_a_sentence(
    settings: Settings, limits: dict[str, int], before: int, status: int, words: str
) -> None:
    app, client = limited(settings, **limits)
    for _ in range(before):
        uploaded(client)

    answer = upload(client)

    assert answer.status_code == status
    assert words in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Study)) == before


def test_a_disk_that_fills_up_while_storing_leaves_nothing(
    app: Flask, reader: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        path.write_bytes(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_write", full)

    answer = upload(reader)

    assert answer.status_code == 507
    assert "disk" in answer.text
    assert nothing_is_left(app)


def test_a_locked_database_refuses_the_upload_and_leaves_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(incoming, "_PATIENCE_SECONDS", 0.0)
    app, client = limited(settings)
    lock = sqlite3.connect(settings.data_dir / "sidelight.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    answer = upload(client)
    lock.execute("ROLLBACK")
    lock.close()

    assert answer.status_code == 503
    assert "busy" in answer.text
    assert nothing_is_left(app)


@pytest.mark.parametrize("broken", [(incoming, "committed"), (storing, "preview_png")])
def test_an_unforeseen_error_leaves_nothing(
    app: Flask, reader: FlaskClient, monkeypatch: pytest.MonkeyPatch, broken: tuple[ModuleType, str]
) -> None:
    app.config["TESTING"] = False

    def mistake(*_: object) -> Callable[..., object]:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(*broken, mistake)

    assert upload(reader).status_code == 500
    assert nothing_is_left(app)


def test_a_queue_that_cannot_be_reached_loses_no_upload(
    app: Flask, reader: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable() -> None:
        raise ConnectionError("no queue")

    monkeypatch.setattr(bell, "queue", unreachable)

    uuid = uploaded(reader)

    with app.app_context():
        assert last_reading(uuid).state == "queued"


def test_the_log_names_the_study_and_never_the_patient(
    reader: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    uuid = uploaded(reader, patient_code="SECRET-77", note="secret words")

    assert uuid in caplog.text
    assert "SECRET-77" not in caplog.text
    assert "secret words" not in caplog.text


def test_a_slice_of_16_bits_keeps_them(app: Flask, reader: FlaskClient, settings: Settings) -> None:
    pixels = sacroiliac_slice(64).astype("uint16") * 200
    file = io.BytesIO()
    Picture.fromarray(pixels).save(file, "PNG")

    uuid = uploaded_bytes(reader, file.getvalue())

    kept = decode((settings.data_dir / "studies" / uuid / "image.png").read_bytes())
    assert kept.pixels.dtype == "uint16"
    assert (kept.pixels == pixels).all()
    assert slice_png() != file.getvalue()
