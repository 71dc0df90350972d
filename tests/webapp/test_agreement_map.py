"""What the models mark together: the map, its numbers and words, and who gets to see it."""

from __future__ import annotations

import html
import io
from datetime import UTC, datetime

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image as Picture

from ml.tasks import task
from tests.webapp.conftest import AuthActions
from tests.webapp.reading_room import LESION, REGION, STATUS, finish_with, last_reading, uploaded
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.readings.tables import Prediction, Reading
from webapp.studies.marks import Marks, marks_of
from webapp.studies.tables import Image, Study
from webapp.studies.view.overlap import Overlap, detail, overlap_of
from webapp.studies.view.result import result_of

SPEC = task("sij_mri")
REGIONS = [model.key for model in SPEC.models if model.kind == "region"]
SIDE = 64


def box(top: int, left: int, height: int, width: int, side: int = SIDE) -> np.ndarray:
    mask = np.zeros((side, side), bool)
    mask[top : top + height, left : left + width] = True
    return mask


def overlap(*masks: np.ndarray, mm: float | None = None) -> Overlap:
    """What the page says of these regions on one image."""
    image = Image(rows=SIDE, columns=SIDE, format="PNG", pixel_mm_row=mm, pixel_mm_column=mm, warnings=[])
    models = tuple(REGIONS[: len(masks)])
    study = Study(uuid="7f3a", task=SPEC.key, created_at=datetime(2025, 11, 21, tzinfo=UTC), images=[image])
    said = [
        Prediction(
            model=model,
            version="1.0.0",
            state="done",
            seconds=1.0,
            precision="float32",
            labels={},
            scores={},
            files={"region": "r.png"},
            region_px=1,
        )
        for model in models
    ]
    reading = Reading(id=1, study=study, state="done", models=list(models), predictions=said)
    return overlap_of(Marks("region", models, masks), result_of(reading, SPEC, {}).columns, image)


def test_the_numbers_of_three_models() -> None:
    shared = overlap(box(0, 0, 10, 10), box(0, 0, 10, 20), box(0, 0, 10, 10), mm=1.0)

    assert [(step.models, step.area) for step in shared.steps] == [
        (1, "1.0 cm²"),
        (2, "nothing"),
        (3, "1.0 cm²"),
    ]
    assert [[pair.text for pair in row.pairs] for row in shared.rows] == [["0.67"], ["1.00", "0.67"]]
    assert [[pair.low for pair in row.pairs] for row in shared.rows] == [[True], [False, True]]
    assert (shared.mean, detail(shared)) == ("0.78", "Region overlap: mean Dice 0.78")
    assert shared.sentences == (
        "Marked by 3 of 3 models: 1.0 cm².",
        "Marked by 2 of 3 models: nothing.",
        "Marked by 1 of 3 models: 1.0 cm².",
        "U-Net Lite0 alone marks 1.0 cm².",
    )


def test_a_model_that_marks_nothing_counts_and_is_named() -> None:
    shared = overlap(box(0, 0, 10, 10), np.zeros((SIDE, SIDE), bool))

    assert [[pair.text for pair in row.pairs] for row in shared.rows] == [["0.00"]]
    assert detail(shared) == "Region overlap: Dice 0.00"
    assert "U-Net Lite0 marks nothing." in shared.sentences
    assert "U-Net Best alone marks 100 pixels." in shared.sentences


def test_two_that_mark_nothing_agree() -> None:
    shared = overlap(np.zeros((SIDE, SIDE), bool), np.zeros((SIDE, SIDE), bool))

    assert shared.mean == "1.00"
    assert {step.area for step in shared.steps} == {"nothing"}


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    auth.signup()
    return client


def read(app: Flask, reader: FlaskClient, models: list[str], **masks: np.ndarray) -> str:
    uuid = uploaded(reader, models=models)
    labels = {"as_status": "Positive", "stage": "Early"}
    finish_with(app, uuid, dict.fromkeys(models, labels), "STIR", masks=masks)
    return uuid


def shown(reader: FlaskClient, uuid: str, kind: str = "region") -> np.ndarray:
    """How many models the stored map counts on each pixel."""
    answer = reader.get(f"/studies/{uuid}/agreement/{kind}.png")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    with Picture.open(io.BytesIO(answer.data)) as picture:
        return np.asarray(picture)


def test_the_map_counts_the_stored_regions_of_region_models_only(app: Flask, reader: FlaskClient) -> None:
    first, second, third = box(0, 0, 20, 20), box(10, 10, 20, 20), box(15, 15, 2, 2)
    uuid = read(
        app, reader, [*REGIONS, STATUS, LESION], **dict(zip(REGIONS, (first, second, third), strict=True))
    )

    assert np.array_equal(shown(reader, uuid), first.astype(int) + second + third)
    page = html.unescape(reader.get(f"/studies/{uuid}").text)
    assert f"/studies/{uuid}/agreement/region.png" in page
    assert "Marked by 3 of 3 models: 4 pixels." in page
    assert "agreement/lesion.png" not in page
    assert reader.get(f"/studies/{uuid}/agreement/lesion.png").status_code == 404


def test_a_failed_model_is_in_no_denominator(app: Flask, reader: FlaskClient) -> None:
    uuid = read(app, reader, REGIONS)
    with app.app_context():
        reading = last_reading(uuid)
        reading.predictions[1].state = "failed"
        db.session.commit()
        (marks,) = marks_of(reading, SPEC, reading.study.images[0])
        assert marks.models == (REGIONS[0], REGIONS[2])
        reading.predictions[2].state = "not_applicable"
        db.session.commit()

    assert "data-agreement" not in reader.get(f"/studies/{uuid}").text
    assert reader.get(f"/studies/{uuid}/agreement/region.png").status_code == 404


@pytest.mark.parametrize("kind", ["region", "lesion", "heatmap", "..%2Fpreview"])
def test_there_is_no_map_of_one_model_or_of_anything_else(app: Flask, reader: FlaskClient, kind: str) -> None:
    uuid = read(app, reader, [REGION, STATUS])

    assert reader.get(f"/studies/{uuid}/agreement/{kind}.png").status_code == 404


def test_the_map_is_for_the_owner(app: Flask, reader: FlaskClient, auth: AuthActions) -> None:
    uuid = read(app, reader, REGIONS)
    auth.logout()
    auth.signup("other@clinic.example")
    with app.app_context():
        for user in db.session.query(User):
            user.state = "active"
        db.session.commit()
    auth.login("other@clinic.example")

    assert reader.get("/studies").status_code == 200
    assert reader.get(f"/studies/{uuid}/agreement/region.png").status_code == 404


def test_it_is_sealed_until_the_own_answer(app: Flask, reader: FlaskClient, auth: AuthActions) -> None:
    auth.post("/account/second-reader", form_page="/account", second_reader="y")
    uuid = read(app, reader, REGIONS)
    address = f"/studies/{uuid}/agreement/region.png"

    assert reader.get(address).status_code == 404
    own = {"answer_as_status": "Negative", "answer_stage": "cannot_tell"}
    auth.post(f"/studies/{uuid}/own-answer", form_page="/account", **own)
    assert reader.get(address).status_code == 200


def test_the_axis_is_told_in_words_too(app: Flask, reader: FlaskClient) -> None:
    uuid = read(app, reader, [STATUS, LESION])
    axis = reader.get(f"/studies/{uuid}").text.partition('<ol class="ordinal-axis')[2].partition("</ol>")[0]

    for model in (STATUS, LESION):
        name = SPEC.model(model).name
        assert f'<span class="visually-hidden">{name} 1.2.0: Early, 0.70</span>' in html.unescape(axis)
    assert axis.count('<span class="visually-hidden">none</span>') == 3
