"""What other parts do with a stack: agreement maps, drawn outlines and exports are of one slice, and say which."""

from __future__ import annotations

import io

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from ml.images.store import mask_png
from ml.tasks import task
from tests.webapp.conftest import AuthActions, csrf_token
from tests.webapp.reading_room import LESION, STATUS
from tests.webapp.series import series
from tests.webapp.stack_room import finish_stack
from tests.webapp.test_stacks_pages import uploaded

REGIONS = [model.key for model in task("sij_mri").models if model.kind == "region"][:2]


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    auth.signup()
    return client


@pytest.fixture
def study(app: Flask, reader: FlaskClient) -> str:
    """The path of a stack of six slices with findings on the second, fourth and fifth."""
    uuid = uploaded(reader, series(6), (*REGIONS, STATUS, LESION))
    finish_stack(app, uuid, {STATUS: (2, 4, 5), LESION: (4, 5)})
    return f"/studies/{uuid}"


def test_the_agreement_map_and_the_exports_are_of_the_slice_that_is_shown(
    reader: FlaskClient, study: str
) -> None:
    opened, second = reader.get(study).text, reader.get(f"{study}?slice=2").text

    for page, number in ((opened, 4), (second, 2)):
        assert f"{study}/agreement/region.png?slice={number}" in page
        assert f"{study}/report.pdf?slice={number}" in page
    maps = [reader.get(f"{study}/agreement/region.png?slice={number}").data for number in (2, 4)]
    assert maps[0] != maps[1]


def test_an_export_names_its_slice_and_holds_what_was_said_of_all(reader: FlaskClient, study: str) -> None:
    opened, second = (reader.get(f"{study}/export.json{of}").json for of in ("", "?slice=2"))

    assert opened is not None
    assert second is not None
    assert [opened["image"]["slice"], second["image"]["slice"]] == [4, 2]
    assert {said["slice"] for said in second["predictions"]} == set(range(1, 7))
    assert reader.get(f"{study}/report.pdf?slice=2").mimetype == "application/pdf"
    assert reader.get(f"{study}/report.pdf?slice=7").status_code == 404


def test_an_outline_is_drawn_on_one_slice(reader: FlaskClient, study: str) -> None:
    address = f"{study}/verdicts/{REGIONS[0]}?slice=2"
    page = reader.get(address).text
    mask = np.zeros((64, 64), bool)
    mask[3:9, 3:9] = True
    signed = reader.post(
        address,
        data={
            "csrf_token": csrf_token(reader, "/account"),
            "prediction": page.partition('name="prediction" value="')[2].partition('"')[0],
            "verdict": "disagree",
            "reason": "outline",
            "outline": (io.BytesIO(mask_png(mask)), "outline.png"),
        },
    )

    assert "slice 2 of 6" in page
    assert signed.status_code == 303
    assert "data-corrected=" in reader.get(f"{study}?slice=2").text
    assert "data-corrected=" not in reader.get(f"{study}?slice=3").text
