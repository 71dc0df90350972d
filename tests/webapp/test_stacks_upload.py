"""Several files at once: a series becomes one study, other images one each, and what is no stack leaves nothing."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydicom import dcmread
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from ml.images.decode import decode
from tests.ml.dicom_files import dicom_bytes
from tests.ml.images.test_images_stacks import frames, multi_frame
from tests.webapp.conftest import AuthActions, csrf_token
from tests.webapp.reading_room import STATUS
from tests.webapp.series import NAME, SPACING_MM, sent, series, zipped
from tests.webapp.workers import slice_png
from webapp.extensions import db
from webapp.settings import Settings
from webapp.studies.tables import Image, Study


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    auth.signup()
    return client


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", min_free_mb=0, max_slices=12, max_stack_mb=30)


def send(client: FlaskClient, *files: bytes) -> TestResponse:
    form = {"task": "sij_mri", "models": [STATUS], "csrf_token": csrf_token(client, "/studies/new")}
    return client.post("/studies", data={**form, "image": sent(list(files))})


def images(app: Flask) -> list[Image]:
    with app.app_context():
        found = list(db.session.scalars(select(Image).order_by(Image.study_id, Image.position)))
        db.session.expunge_all()
        return found


def studies(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(Study.id))) or 0


def folder_of(app: Flask, settings: Settings) -> Path:
    with app.app_context():
        return settings.data_dir / "studies" / db.session.scalars(select(Study.uuid)).one()


def nothing_is_left(app: Flask, settings: Settings) -> bool:
    folder = settings.data_dir / "studies"
    return studies(app) == 0 and (not folder.exists() or not list(folder.iterdir()))


def test_files_of_a_series_become_one_study_in_the_order_of_their_places(
    app: Flask, reader: FlaskClient, settings: Settings
) -> None:
    files = series(5)

    answer = send(reader, *(files[i] for i in (3, 0, 4, 2, 1)))

    assert answer.status_code == 303
    assert answer.location.startswith("/studies/")
    rows, folder = images(app), folder_of(app, settings)
    assert [row.position for row in rows] == [0, 1, 2, 3, 4]
    assert [row.place_mm for row in rows] == pytest.approx([i * SPACING_MM for i in range(5)], abs=1e-3)
    for row, file in zip(rows, files, strict=True):
        stored = (folder / row.file).read_bytes()
        assert (decode(stored).pixels == decode(file).pixels).all()
        assert NAME.encode() not in stored
        assert "1.2.3.4" not in str(dcmread(io.BytesIO(stored)).SOPInstanceUID)
    assert len({dcmread(folder / row.file).SeriesInstanceUID for row in rows}) == 1
    assert {path.name for path in folder.iterdir()} == {row.file for row in rows} | {"preview.png"}


def test_a_multi_frame_file_and_a_zip_become_stacks_too(app: Flask, reader: FlaskClient) -> None:
    one_file = dicom_bytes(multi_frame(frames(3)))
    viewer = {"README.TXT": b"read me", "__MACOSX/._a": b"x", "DICOMDIR": b"x", ".DS_Store": b"x"}
    packed = zipped({f"IMAGES/IM{i:04}": data for i, data in enumerate(series(4))} | viewer)

    assert send(reader, one_file).status_code == 303
    assert send(reader, packed).status_code == 303

    assert [(row.study_id, row.position) for row in images(app)] == [
        *((1, position) for position in range(3)),
        *((2, position) for position in range(4)),
    ]


def test_two_series_of_an_examination_are_one_study(app: Flask, reader: FlaskClient) -> None:
    stir, t1 = series(3), series(2, "T1W", number=2, first_mm=SPACING_MM)

    send(reader, *t1, *stir, stir[0])

    told = [(row.series, row.sequence, round(row.place_mm or 0, 2)) for row in images(app)]
    assert told == [(0, "STIR", 0), (0, "STIR", 4.4), (0, "STIR", 8.8), (1, "T1W", 4.4), (1, "T1W", 8.8)]


def test_images_that_are_no_dicom_become_a_study_each_and_each_is_answered_for(
    app: Flask, reader: FlaskClient
) -> None:
    answer = send(reader, slice_png(1), b"no image at all", slice_png(2))

    page = reader.get(answer.location).text
    assert studies(app) == 2
    assert "2 studies are stored" in page
    assert "File 2 of 3 was not taken: This file is no image" in page


def bomb() -> bytes:
    """A megabyte that inflates to a gigabyte, as one DICOM file."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("a.dcm", "w") as entry,
    ):
        entry.write(bytes(128) + b"DICM")
        for _ in range(200):
            entry.write(bytes(2**20))
    return packed.getvalue()


def with_password(data: bytes) -> bytes:
    """The same zip, saying that its entries are encrypted."""
    changed = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(signature)
        changed[at + offset] |= 1
    return bytes(changed)


def lying_directory() -> bytes:
    """A zip whose end says that its directory is huge."""
    data = bytearray(zipped({"a.dcm": series(1)[0]}))
    struct.pack_into("<HH", data, data.rfind(b"PK\x05\x06") + 8, 60_000, 60_000)
    return bytes(data)


REFUSED: dict[str, tuple[Callable[[], list[bytes]], int, str]] = {
    "DICOM and PNG": (lambda: [*series(2), slice_png()], 422, "sent together"),
    "two examinations": (lambda: [*series(1), *series(1, StudyInstanceUID="1.9")], 422, "examination"),
    "two sizes": (lambda: [series(1)[0], series(2, size=80)[1]], 422, "differ in size"),
    "copies at one place": (lambda: [series(1)[0], series(1, SOPInstanceUID="1.7")[0]], 422, "same place"),
    "too many": (lambda: series(13), 413, "12"),
    "too many frames": (lambda: [dicom_bytes(multi_frame(frames(13)))], 413, "12 slices"),
    "one damaged": (lambda: [*series(2), series(3)[2][:4000]], 422, "DICOM file cannot be decoded"),
    "zip within a zip": (lambda: [zipped({"a.zip": zipped({"b": b"c"})})], 422, "within the zip"),
    "a name that leads out": (lambda: [zipped({"../../a.dcm": series(1)[0]})], 422, "lead out"),
    "an absolute name": (lambda: [zipped({"/etc/a.dcm": series(1)[0]})], 422, "lead out"),
    "a zip bomb": (lambda: [bomb()], 413, "holds more"),
    "a zip of nothing": (lambda: [zipped({"a.txt": b"words"})], 415, "no image"),
    "an empty zip": (lambda: [zipped({})], 415, "no image"),
    "a zip with a password": (lambda: [with_password(zipped({"a": series(1)[0]}))], 422, "password"),
    "half a zip": (lambda: [zipped({"a": series(1)[0]})[:2000]], 422, "damaged"),
    "a zip of too many": (lambda: [lying_directory()], 413, "more files"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_stack_is_refused_with_a_sentence_and_leaves_nothing(
    app: Flask, reader: FlaskClient, settings: Settings, name: str
) -> None:
    files, status, words = REFUSED[name]

    answer = send(reader, *files())

    assert answer.status_code == status
    assert words in answer.text
    assert nothing_is_left(app, settings)


def test_other_forms_stay_small(reader: FlaskClient) -> None:
    answer = reader.post("/studies/search", data={"code": (io.BytesIO(bytes(25 * 2**20)), "a")})

    assert answer.status_code == 413


def test_a_script_is_told_of_each_study_and_of_what_was_not_taken(app: Flask, reader: FlaskClient) -> None:
    form = {"task": "sij_mri", "models": [STATUS], "csrf_token": csrf_token(reader, "/studies/new")}

    def told(*files: bytes) -> tuple[int, dict[str, Any]]:
        answer = reader.post(
            "/studies", data={**form, "image": sent(list(files))}, headers={"Accept": "application/json"}
        )
        return answer.status_code, answer.get_json()

    status, stack = told(*series(3))
    refused_status, refused = told(*series(1), slice_png())

    assert (status, len(stack["studies"]), stack["sentence"]) == (200, 1, "")
    assert reader.get(stack["studies"][0]["url"]).status_code == 200
    assert (refused_status, refused["studies"]) == (422, [])
    assert "sent together" in refused["sentence"]
