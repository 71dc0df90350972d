"""The grey values that the viewer windows: all of them, as they are stored, and for nobody else."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image as Picture

from tests.ml.dicom_files import dicom_bytes, dicom_dataset, slice_values
from tests.webapp.conftest import AuthActions
from tests.webapp.reading_room import uploaded
from tests.webapp.workers import slice_png
from webapp.studies import pixels


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    auth.signup()
    auth.login()
    return client


def sent(client: FlaskClient, uuid: str) -> tuple[np.ndarray, dict[str, Any]]:
    """The values, (H, W), and what the header says of them."""
    answer = client.get(f"/studies/{uuid}/pixels")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    told = json.loads(answer.headers["Sidelight-Image"])
    return np.frombuffer(answer.data, "<u2").reshape(told["rows"], told["columns"]), told


def uploaded_bytes(client: FlaskClient, monkeypatch: pytest.MonkeyPatch, data: bytes) -> str:
    monkeypatch.setattr("tests.webapp.reading_room.slice_png", lambda: data)
    return uploaded(client)


def test_every_value_of_sixteen_bits_arrives(reader: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = np.random.default_rng(1).integers(0, 2**16, (64, 80), dtype=np.uint16)
    file = io.BytesIO()
    Picture.fromarray(drawn).save(file, "PNG")

    values, told = sent(reader, uploaded_bytes(reader, monkeypatch, file.getvalue()))

    np.testing.assert_array_equal(values, drawn)
    assert told == {"rows": 64, "columns": 80, "window": None, "rescale": None, "unit": ""}


def test_values_of_eight_bits_arrive_unstretched(reader: FlaskClient) -> None:
    values, _told = sent(reader, uploaded(reader))

    np.testing.assert_array_equal(values, np.asarray(Picture.open(io.BytesIO(slice_png()))))


def test_a_ct_says_its_window_and_hounsfield_units(
    reader: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = {"RescaleSlope": 2, "RescaleIntercept": -1024, "WindowCenter": 40, "WindowWidth": 400}

    file = dicom_bytes(dicom_dataset(Modality="CT", **tags))
    values, told = sent(reader, uploaded_bytes(reader, monkeypatch, file))

    np.testing.assert_array_equal(values, slice_values())
    assert told["unit"] == "HU"
    assert told["rescale"] == [2, -1024]
    assert told["window"] == [(-160 + 1024) / 2, (240 + 1024) / 2]


def test_an_mri_has_no_hounsfield_units(reader: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    _values, told = sent(reader, uploaded_bytes(reader, monkeypatch, dicom_bytes(dicom_dataset())))

    assert told["unit"] == ""


def test_a_very_large_image_is_not_sent(
    app: Flask, reader: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = uploaded(reader)
    monkeypatch.setattr(pixels, "MAX_PIXELS", 64 * 64 - 1)

    assert reader.get(f"/studies/{uuid}/pixels").status_code == 413
