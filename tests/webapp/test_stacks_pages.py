"""What pages and interface say of a stack, slice by slice; nothing of it before a second reader's own answer."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ml.images.decode import decode
from ml.images.store import preview_png, read_mask
from ml.tasks import task
from tests.webapp.conftest import AuthActions, csrf_token
from tests.webapp.reading_room import LESION, REGION, STATUS
from tests.webapp.series import SPACING_MM, sent, series
from tests.webapp.stack_room import AREA_MM2, finish_stack
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.readings.tables import Prediction
from webapp.reviews.performance import performance_of
from webapp.reviews.tables import Verdict
from webapp.studies.tables import Image

FOUND = {STATUS: (2, 4, 5), LESION: (4, 5)}


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    auth.signup()
    return client


def uploaded(
    client: FlaskClient, files: list[bytes], models: tuple[str, ...] = (REGION, STATUS, LESION)
) -> str:
    form = {"task": "sij_mri", "models": list(models), "csrf_token": csrf_token(client, "/studies/new")}
    answer = client.post("/studies", data={**form, "image": sent(files)})
    assert answer.status_code == 303, answer.text
    return answer.location.rsplit("/", 1)[-1]


@pytest.fixture
def files() -> list[bytes]:
    return series(6)


@pytest.fixture
def uuid(app: Flask, reader: FlaskClient, files: list[bytes]) -> str:
    uuid = uploaded(reader, files)
    finish_stack(app, uuid, FOUND)
    return uuid


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_result_names_the_slices_with_findings_their_area_and_volume(
    reader: FlaskClient, uuid: str
) -> None:
    page = words(reader.get(f"/studies/{uuid}").text)

    names = {model.key: model.name for model in task("sij_mri").models}
    assert f"{names[STATUS]} 4 to 5 , 2 (3 of 6)" in page
    volume = 2 * AREA_MM2 * SPACING_MM / 1000
    assert f"{names[LESION]} 4 to 5 (2 of 6) 100 mm² {volume:.2f} cm³" in page


def test_a_result_opens_where_most_models_find_something_and_shows_one_slice(
    reader: FlaskClient, uuid: str
) -> None:
    opened = reader.get(f"/studies/{uuid}").text
    third = reader.get(f"/studies/{uuid}?slice=3").text

    assert "STIR, slice 4 of 6" in opened
    assert "Positive" in words(opened.split('class="prediction__body"')[2])
    assert "STIR, slice 3 of 6" in third
    assert "2 of 2 models say Normal" in words(third)
    assert "preview.png?slice=3" in third
    assert f"{REGION}-region.png?slice=3" in third
    assert reader.get(f"/studies/{uuid}?slice=7").status_code == 404
    assert reader.get(f"/studies/{uuid}?slice=x").status_code == 404


def test_pixels_and_pictures_are_those_of_the_slice(
    reader: FlaskClient, uuid: str, files: list[bytes]
) -> None:
    for number in (1, 3, 4, 6):
        pixels = decode(files[number - 1]).pixels
        sent_values = reader.get(f"/studies/{uuid}/pixels?slice={number}")
        assert np.array_equal(np.frombuffer(sent_values.data, "<u2"), pixels.ravel())
        assert json.loads(sent_values.headers["Sidelight-Image"])["rows"] == 64
        assert reader.get(f"/studies/{uuid}/files/preview.png?slice={number}").data == preview_png(pixels)
        mask = read_mask(reader.get(f"/studies/{uuid}/files/{REGION}-region.png?slice={number}").data)
        assert np.flatnonzero(mask.any(axis=1)).tolist() == [7 + number]
    assert reader.get(f"/studies/{uuid}/pixels?slice=99").status_code == 404


def sign(reader: FlaskClient, uuid: str, number: int) -> str:
    """Agree with a model on one slice; gives where the page then leads to."""
    page = reader.get(f"/studies/{uuid}?slice={number}").text
    form = page.split(f'data-verdict="{STATUS}"')[1]
    action = html.unescape(re.findall(rf'action="([^"]*verdicts/{STATUS}[^"]*)"', page)[0])
    fields = {
        "csrf_token": csrf_token(reader, "/studies/new"),
        "prediction": re.findall(r'name="prediction" value="(\d+)"', form)[0],
        "verdict": "agree",
    }

    return reader.post(action, data=fields).location


def test_a_verdict_is_about_the_slice_that_is_shown(app: Flask, reader: FlaskClient, uuid: str) -> None:
    location = sign(reader, uuid, 5)

    assert location.endswith(f"/studies/{uuid}?slice=5#model-{STATUS}")
    with app.app_context():
        judged = db.session.scalars(select(Image.position).join(Prediction).join(Verdict)).all()
    assert judged == [4]
    assert reader.get(f"/studies/{uuid}?slice=5").text.count("Change the verdict") == 1
    assert "Change the verdict" not in reader.get(f"/studies/{uuid}?slice=4").text


def test_verdicts_on_two_slices_count_as_two(app: Flask, reader: FlaskClient, uuid: str) -> None:
    for number in (4, 5, 5):
        sign(reader, uuid, number)

    with app.app_context():
        user = db.session.scalars(select(User)).one()
        (figures,) = performance_of(user, task("sij_mri"))
        assert (figures.agreement.count, figures.agreement.n) == (2, 2)


def test_series_with_one_direction_are_linked_by_place(app: Flask, reader: FlaskClient) -> None:
    stir, t1 = series(4), series(3, "T1W", number=2, first_mm=2 * SPACING_MM)
    uuid = uploaded(reader, stir + t1)
    finish_stack(app, uuid, {STATUS: (3,)}, not_judged=(5, 6, 7))

    third = reader.get(f"/studies/{uuid}?slice=3").text

    assert "STIR, slice 3 of 4" in third
    assert f'href="/studies/{uuid}?slice=5" data-linked' in third
    assert "T1W, same place" in third
    beside = third.split("data-beside")[1].split("</aside>")[0]
    assert "preview.png?slice=5" in beside
    assert "T1W, slice 1 of 3 at the same place" in words(beside)
    assert "No slice of T1W is known to lie at this place" in words(
        reader.get(f"/studies/{uuid}?slice=1").text
    )
    assert "data-linked" not in reader.get(f"/studies/{uuid}?slice=1").text
    assert f'href="/studies/{uuid}?slice=4" data-linked' in reader.get(f"/studies/{uuid}?slice=6").text


def test_a_study_of_one_image_has_no_slices(app: Flask, reader: FlaskClient) -> None:
    uuid = uploaded(reader, series(1))
    finish_stack(app, uuid, {STATUS: (1,)})

    page = reader.get(f"/studies/{uuid}").text

    assert "data-stack" not in page
    assert "?slice" not in page


def test_a_second_reader_scrolls_the_images_and_learns_nothing(
    app: Flask, reader: FlaskClient, auth: AuthActions, files: list[bytes]
) -> None:
    auth.post("/account/second-reader", form_page="/account", second_reader="y")
    uuid = uploaded(reader, files)
    finish_stack(app, uuid, FOUND)

    page = reader.get(f"/studies/{uuid}?slice=4", follow_redirects=True).text
    second = reader.get(f"/studies/{uuid}/own-answer?slice=2").text

    assert "give your own answer first" in html.unescape(page)
    assert "STIR, slice 4 of 6" in page  # the middle, whatever was found
    assert "STIR, slice 2 of 6" in second
    assert "Slices with findings" not in page + second
    assert reader.get(f"/studies/{uuid}/files/preview.png?slice=2").status_code == 200
    for number in range(1, 7):
        for name in (f"{REGION}-region.png", f"{LESION}-lesion.png", f"{STATUS}-heatmap.png"):
            assert reader.get(f"/studies/{uuid}/files/{name}?slice={number}").status_code == 404
        assert reader.get(f"/studies/{uuid}/verdicts/{STATUS}?slice={number}").status_code == 404
