"""The report: what stands in it, on every page, in black and white, and for whoever hears it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pypdf import PdfReader

from ml.cards import read_card
from ml.tasks import TaskSpec, task
from tests.webapp.conftest import AuthActions
from tests.webapp.every_task import SPECS, all_offered, answers
from tests.webapp.reading_room import LESION, REGION, STATUS, finish, finish_with, last_reading, uploaded
from webapp.exports.pdf.outlines import loops_of
from webapp.exports.pdf.picture import heated
from webapp.extensions import db

MODELS = [REGION, STATUS, LESION]
NOTE = "Pain <b>at night</b> & left > right"


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    auth.signup()
    return client


@pytest.fixture
def uuid(app: Flask, reader: FlaskClient) -> str:
    uuid = uploaded(reader, models=MODELS, patient_code="SIJ-0417", note=NOTE)
    finish(app, uuid, "Positive", "Advanced")
    return uuid


def report(client: FlaskClient, uuid: str) -> PdfReader:
    answer = client.get(f"/studies/{uuid}/report.pdf")
    assert answer.status_code == 200, answer.text
    return PdfReader(io.BytesIO(answer.data))


def words(pdf: PdfReader) -> str:
    """All text in one line: where lines break is no matter."""
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pdf.pages))


def elements(pdf: PdfReader) -> Iterator[dict[str, Any]]:
    """The structure that a screen reader reads, in its order."""

    def inside(element: Any) -> Iterator[dict[str, Any]]:
        element = element.get_object()
        if "/S" in element:
            yield element
        for part in (
            element.get("/K", []) if "/S" in element else [element["/K"]] if "/ParentTree" in element else []
        ):
            yield from inside(part)

    yield from inside(pdf.root_object["/StructTreeRoot"])


def sign(app: Flask, client: FlaskClient, uuid: str, **opinion: str) -> None:
    with app.app_context():
        prediction = next(p.id for p in last_reading(uuid).predictions if p.model == STATUS)
    address = f"/studies/{uuid}/verdicts/{STATUS}"
    AuthActions(client).post(address, form_page="/account", prediction=str(prediction), **opinion)


def test_it_says_who_said_what_and_how_sure(app: Flask, reader: FlaskClient, uuid: str) -> None:
    wrong = {
        "answer_as_status": "Negative",
        "answer_stage": "Normal",
        "reason": "artefact",
        "note": "a vessel",
    }
    sign(app, reader, uuid, verdict="disagree", **wrong)
    sign(app, reader, uuid, verdict="agree")

    text = words(report(reader, uuid))

    for said in (
        "Verdict. Agree: CNN Classifier 1.2.0.",
        "2 of 2 models say Advanced.",
        "Patient code SIJ-0417",
        "Positive (0.70)",
        "LOW",
        "0.25",
        "▸ 0.70",
        "Lesion 182 mm², 3.1 % of the bone in view",
        "Disagree (superseded)",
        "AS status Negative, Stage Normal. Misled by an artefact. a vessel",
        "admin@clinic.example",
        "Gate passed: STIR.",
        NOTE,
    ):
        assert said in text


def test_it_has_the_facts_of_each_model_and_says_where_they_are_about_other_weights(
    app: Flask, reader: FlaskClient, uuid: str
) -> None:
    with app.app_context():
        prediction = next(p for p in last_reading(uuid).predictions if p.model == LESION)
        prediction.weights_sha256 = read_card("sij_mri", LESION).weights_sha256
        db.session.commit()

    text = words(report(reader, uuid))
    known = {name: text.rpartition(f"{name} 1.2.0 Weights")[2] for name in ("U-Net Best", "Lesion map")}

    assert "a" * 64 in known["U-Net Best"]
    assert "its figures are not about the weights that read" in known["U-Net Best"]
    assert read_card("sij_mri", LESION).weights_sha256 in known["Lesion map"]
    assert "its figures are not about the weights that read" not in known["Lesion map"]
    assert "166 images of 7 patients. 95 % intervals." in known["Lesion map"]
    assert re.search(r"Sensitivity 0\.\d\d \(0\.\d\d to 0\.\d\d, n = 166\)", known["Lesion map"])
    assert re.search(r"n = 26, n below 30\)", known["Lesion map"])
    assert "Any decision" not in known["Lesion map"]
    assert "Diagnosis, treatment, or any decision about a patient" in known["Lesion map"]
    assert task("sij_mri").wording.limits[0] in text


def test_every_page_says_what_it_is_not_and_which_page_it_is(reader: FlaskClient, uuid: str) -> None:
    pages = [page.extract_text() for page in report(reader, uuid).pages]

    assert len(pages) > 1
    for number, text in enumerate(pages, start=1):
        assert "Research use only. Not a medical device. Not for diagnosis." in text
        assert f"page {number} of {len(pages)}" in text


def test_read_anyway_is_stamped_on_every_page(app: Flask, reader: FlaskClient, uuid: str) -> None:
    assert "Outside validated input" not in words(report(reader, uuid))
    with app.app_context():
        reading = last_reading(uuid)
        reading.anyway_reason, reading.anyway_by = "no other image", "admin@clinic.example"
        db.session.commit()

    pdf = report(reader, uuid)

    assert all("Outside validated input." in page.extract_text() for page in pdf.pages)
    assert "Read anyway by admin@clinic.example" in words(pdf)
    assert "“no other image”" in words(pdf)


def test_a_model_without_an_answer_is_in_it_with_its_sentence(
    app: Flask, reader: FlaskClient, uuid: str
) -> None:
    with app.app_context():
        failed, cannot = last_reading(uuid).predictions[:2]
        failed.state, failed.sentence, failed.files = "failed", "It ran out of memory.", {}
        cannot.state, cannot.sentence, cannot.files = "not_applicable", "This looks like a T1 slice.", {}
        cannot.labels, cannot.scores, cannot.risk, cannot.uncertainty = {}, {}, None, None
        db.session.commit()

    text = words(report(reader, uuid))

    assert "Failed. It ran out of memory." in text
    assert "No answer. This looks like a T1 slice." in text
    assert "No verdict is signed." in text


def test_a_long_patient_code_is_cut_in_the_head_and_whole_below(app: Flask, reader: FlaskClient) -> None:
    code = "-".join(["0417"] * 12)
    uuid = uploaded(reader, patient_code=code)
    finish(app, uuid)

    pages = [re.sub(r"\s+", "", page.extract_text()) for page in report(reader, uuid).pages]

    assert all(re.search(r"Patientcode[0-9-]+…", page) for page in pages)
    assert "".join(pages).count(f"Patientcode{code}") == 1


def test_it_can_be_heard(reader: FlaskClient, uuid: str) -> None:
    pdf = report(reader, uuid)
    found = list(elements(pdf))
    figures = [str(element.get("/Alt", "")) for element in found if element["/S"] == "/Figure"]
    roles = [str(element["/S"]) for element in found]

    assert pdf.root_object["/Lang"] == "en"
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Reading report, Sacroiliac-joint MRI"
    assert pdf.root_object["/MarkInfo"]["/Marked"]
    assert roles[:2] == ["/Document", "/H1"]
    assert {"/H2", "/H3", "/P", "/Table", "/TR", "/TH", "/TD"} <= set(roles)
    assert figures[0] == (
        "Stage. Advanced: CNN Classifier 1.2.0: Advanced, 0.70, Lesion map 1.2.0: Advanced, 0.70."
    )
    # The image alone, then one a model.
    assert [figure.partition(".")[0] for figure in figures[1:]] == [
        "The image: 64 × 64, PNG",
        "UNB U-Net Best 1",
        "CC CNN Classifier 1",
        "LM Lesion map 1",
    ]
    assert all(page["/StructParents"] == number for number, page in enumerate(pdf.pages))


def test_the_image_is_in_it_pixel_by_pixel(reader: FlaskClient, uuid: str) -> None:
    from PIL import Image

    preview = np.asarray(Image.open(io.BytesIO(reader.get(f"/studies/{uuid}/files/preview.png").data)))
    first = report(reader, uuid).pages[0]
    sizes = [np.asarray(image.image.convert("L")) for image in first.images if image.image]

    assert any(picture.shape == preview.shape and np.array_equal(picture, preview) for picture in sizes)


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_an_outline_encloses_the_mask_and_nothing_else(mask: np.ndarray) -> None:
    def enclosed(line: list[tuple[int, int]]) -> float:
        return (
            sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(line, [*line[1:], line[0]], strict=True)) / 2
        )

    lines = loops_of(mask)

    assert sum(enclosed(line) for line in lines) == mask.sum()
    for line in lines:
        steps = zip(line, [*line[1:], line[0]], strict=True)
        assert all((x1 == x2) != (y1 == y2) for (x1, y1), (x2, y2) in steps)


def test_a_heatmap_leaves_cold_pixels_alone_and_its_colours_rise_in_grey_too() -> None:
    grey = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    ramp = heated(np.zeros((1, 256), np.uint8), np.linspace(0, 1, 256, dtype=np.float32)[None])[0]

    assert (heated(grey, np.zeros(grey.shape, np.float32)) == grey[..., None]).all()
    brightness = ramp @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(brightness[::8]) > 0).all()


@pytest.fixture
def _all_offered() -> Iterator[None]:
    with all_offered():
        yield


@pytest.mark.usefixtures("_all_offered")
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
def test_every_task_has_a_report(app: Flask, reader: FlaskClient, spec: TaskSpec) -> None:
    uuid = uploaded(reader, task=spec.key, models=[model.key for model in spec.models])
    finish_with(app, uuid, answers(spec, 0, -1))

    text = words(report(reader, uuid))

    assert [model.name for model in spec.models if model.name not in text] == []
    assert [label for head in spec.heads for label in head.labels if label not in text] == []
    assert [limit for limit in spec.wording.limits if re.sub(r"\s+", " ", limit) not in text] == []
