"""Outlines that readers draw: checked on the server, stored with the verdict, shown to whom the verdict is shown."""

from __future__ import annotations

import hashlib
import html
import io
import json
import os
import zlib

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image as Picture
from sqlalchemy import select

from ml.images.store import mask_png, read_mask
from tests.webapp.conftest import AuthActions, csrf_token
from tests.webapp.program import API, Script
from tests.webapp.reading_room import LESION, REGION, STATUS, finish, last_reading, uploaded
from webapp.extensions import db
from webapp.readings.sweep import remove_stray_files
from webapp.reviews.outlines import MAX_BYTES
from webapp.reviews.tables import Verdict
from webapp.settings import Settings
from webapp.studies import files

SIDE = 64
VERDICTS, OUTLINE = "/studies/{uuid}/verdicts", "/studies/{uuid}/outlines/{verdict}.png"
WRONG = {"verdict": "disagree", "reason": "outline"}


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    auth.signup()
    return client


@pytest.fixture
def uuid(app: Flask, reader: FlaskClient) -> str:
    uuid = uploaded(reader, models=[REGION, STATUS, LESION])
    finish(app, uuid)
    return uuid


def drawn() -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[10:20, 30:50] = True
    return mask


def as_browsers_send(mask: np.ndarray) -> bytes:
    """A canvas as PNG: black and white, all opaque."""
    grey = mask.astype(np.uint8) * 255
    file = io.BytesIO()
    Picture.fromarray(np.dstack([grey, grey, grey, np.full_like(grey, 255)])).save(file, "PNG")
    return file.getvalue()


def sign(
    app: Flask, client: FlaskClient, uuid: str, outline: bytes, model: str = REGION, **fields: str
) -> tuple[int, str]:
    """Send the form with a drawing as the page's script does; gives the status and what it is told."""
    with app.app_context():
        prediction = next(p.id for p in last_reading(uuid).predictions if p.model == model)
    form = {"prediction": str(prediction), "csrf_token": csrf_token(client, "/account"), **(fields or WRONG)}
    answer = client.post(
        f"/studies/{uuid}/verdicts/{model}",
        data={**form, "outline": (io.BytesIO(outline), "outline.png")},
        headers={"Accept": "application/json"},
    )
    told = answer.get_json(silent=True) or {}
    return answer.status_code, str(told.get("sentence", told.get("location")))


def signed(app: Flask) -> list[Verdict]:
    with app.app_context():
        rows = list(db.session.scalars(select(Verdict).order_by(Verdict.id)))
        db.session.expunge_all()
        return rows


def test_what_was_drawn_is_stored_on_the_grid_of_the_image_and_given_out_again(
    app: Flask, reader: FlaskClient, uuid: str, settings: Settings
) -> None:
    status, location = sign(app, reader, uuid, as_browsers_send(drawn()))

    assert (status, location) == (201, f"/studies/{uuid}#model-{REGION}")
    (verdict,) = signed(app)
    stored = (settings.data_dir / "studies" / uuid / str(verdict.outline_file)).read_bytes()
    assert np.array_equal(read_mask(stored), drawn())
    assert stored == mask_png(drawn())
    assert (verdict.outline_kind, verdict.outline_px) == ("region", 200)
    assert verdict.outline_sha256 == hashlib.sha256(stored).hexdigest()
    page = reader.get(f"/studies/{uuid}").text
    address = f"/studies/{uuid}/outlines/{verdict.id}.png"
    assert address in page
    assert "Drawn by admin@clinic.example" in page
    assert "Outline drawn: 200 pixels" in page
    sent = reader.get(address)
    assert (sent.data, sent.mimetype) == (stored, "image/png")


def test_a_later_outline_supersedes_and_the_earlier_file_stays(
    app: Flask, reader: FlaskClient, uuid: str
) -> None:
    sign(app, reader, uuid, mask_png(drawn()))
    sign(app, reader, uuid, mask_png(~drawn()))

    first, second = signed(app)
    page = reader.get(f"/studies/{uuid}").text
    assert first.outline_file != second.outline_file
    assert f"/outlines/{second.id}.png" in page
    assert f"/outlines/{first.id}.png" not in page
    assert np.array_equal(read_mask(reader.get(f"/studies/{uuid}/outlines/{first.id}.png").data), drawn())
    starts = (
        reader.get(f"/studies/{uuid}/verdicts/{REGION}")
        .text.partition("data-start-from")[2]
        .partition("</select>")[0]
    )
    for name in (f"{REGION}-region.png", f"/outlines/{first.id}.png", f"/outlines/{second.id}.png"):
        assert name in starts
    assert f"{LESION}-lesion.png" not in starts


def test_nothing_to_outline_is_an_answer_too(app: Flask, reader: FlaskClient, uuid: str) -> None:
    same = {"answer_as_status": "Positive", "answer_stage": "Early"}

    assert sign(app, reader, uuid, mask_png(np.zeros((SIDE, SIDE), bool)), LESION, **WRONG, **same)[0] == 201
    (verdict,) = signed(app)
    assert (verdict.outline_kind, verdict.outline_px) == ("lesion", 0)
    assert "Drawn: nothing to outline" in reader.get(f"/studies/{uuid}").text


def noisy(colour: tuple[int, ...]) -> bytes:
    """A mask with one pixel of this colour, RGBA."""
    picture = Picture.new("RGBA", (SIDE, SIDE), (0, 0, 0, 255))
    picture.putpixel((3, 3), colour)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def bomb() -> bytes:
    """A PNG that says that it has 9,000 x 9,000 pixels."""
    whole = mask_png(drawn())
    size = (9_000).to_bytes(4, "big")
    head = b"IHDR" + size + size + whole[24:29]
    return whole[:12] + head + zlib.crc32(head).to_bytes(4, "big") + whole[33:]


def jpeg() -> bytes:
    file = io.BytesIO()
    Picture.new("L", (SIDE, SIDE)).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("outline", "sentence"),
    [
        (mask_png(np.ones((SIDE, SIDE + 1), bool)), "The outline has 65 × 64 pixels, its image 64 × 64."),
        (bomb(), "The outline has 9000 × 9000 pixels"),
        (noisy((128, 128, 128, 255)), "black outside and white inside"),
        (noisy((255, 0, 0, 255)), "black outside and white inside"),
        (noisy((255, 255, 255, 10)), "black outside and white inside"),
        (jpeg(), "no PNG that can be read"),
        (mask_png(drawn())[:60], "no PNG that can be read"),
        (b"", "no PNG that can be read"),
        (os.urandom(MAX_BYTES + 1), "larger than 4 MB"),
    ],
    ids=["size", "bomb", "grey", "colour", "see-through", "jpeg", "cut", "empty", "large"],
)
def test_what_is_no_outline_of_this_image_is_not_stored(
    app: Flask, reader: FlaskClient, uuid: str, settings: Settings, outline: bytes, sentence: str
) -> None:
    before = set((settings.data_dir / "studies" / uuid).iterdir())

    status, told = sign(app, reader, uuid, outline)

    assert status == 422
    assert sentence in told
    assert signed(app) == []
    assert set((settings.data_dir / "studies" / uuid).iterdir()) == before


@pytest.mark.parametrize(
    ("model", "fields", "sentence"),
    [
        (REGION, {"verdict": "agree"}, "goes with “disagree”"),
        (REGION, {"verdict": "unusable", "reason": "quality"}, "goes with “disagree”"),
        (STATUS, {**WRONG, "answer_as_status": "Positive", "answer_stage": "Early"}, "outlines nothing"),
    ],
)
def test_an_outline_needs_a_disagreement_with_a_model_that_outlines(
    app: Flask, reader: FlaskClient, uuid: str, model: str, fields: dict[str, str], sentence: str
) -> None:
    status, told = sign(app, reader, uuid, mask_png(drawn()), model, **fields)

    assert status == 422
    assert sentence in told
    assert signed(app) == []


def test_a_full_disk_stores_neither_verdict_nor_file(
    app: Flask, reader: FlaskClient, uuid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise files.DiskFull

    monkeypatch.setattr(files, "check_room", full)

    status, told = sign(app, reader, uuid, mask_png(drawn()))

    assert status == 507
    assert "disk is nearly full" in told
    assert signed(app) == []


def test_the_file_goes_when_its_verdict_cannot_be_written(
    app: Flask, reader: FlaskClient, uuid: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the database is gone")

    folder = settings.data_dir / "studies" / uuid
    before = set(folder.iterdir())
    monkeypatch.setattr("webapp.reviews.signing.committed", broken)

    assert sign(app, reader, uuid, mask_png(drawn()))[0] == 500

    assert set(folder.iterdir()) == before


def test_the_sweep_keeps_outlines_and_deleting_the_study_takes_them(
    app: Flask, reader: FlaskClient, uuid: str, settings: Settings
) -> None:
    sign(app, reader, uuid, mask_png(drawn()))
    (verdict,) = signed(app)
    path = settings.data_dir / "studies" / uuid / str(verdict.outline_file)

    with app.app_context():
        remove_stray_files(older_than_seconds=-1)
    assert path.is_file()
    AuthActions(reader).post(f"/studies/{uuid}/delete", form_page="/account")
    assert reader.get(f"/studies/{uuid}/outlines/{verdict.id}.png").status_code == 404
    with app.app_context():
        files.remove_study(uuid)
    assert not path.exists()


def test_an_outline_belongs_to_its_study_and_its_owner(app: Flask, reader: FlaskClient, uuid: str) -> None:
    sign(app, reader, uuid, mask_png(drawn()))
    (verdict,) = signed(app)
    other, stranger = uploaded(reader, models=[REGION]), Script(app)

    assert reader.get(f"/studies/{other}/outlines/{verdict.id}.png").status_code == 404
    assert reader.get(f"/studies/{uuid}/outlines/{verdict.id + 1}.png").status_code == 404
    assert stranger.get(f"/studies/{uuid}/outlines/{verdict.id}.png", OUTLINE).status_code == 404


def test_a_program_sends_an_outline_and_gets_it_back(app: Flask) -> None:
    script = Script(app)
    uuid = script.uploaded(models=[REGION])
    finish(app, uuid)
    fields = {"model": REGION, **WRONG, "outline": (io.BytesIO(mask_png(drawn())), "outline.png")}

    told = script.post(f"/studies/{uuid}/verdicts", VERDICTS, data=fields).get_json()["verdicts"][0]

    outline = told["outline"]
    assert (outline["kind"], outline["pixels"]) == ("region", 200)
    path = outline["mask"].partition(API)[2]
    answer = script.get(path, OUTLINE)
    assert np.array_equal(read_mask(answer.data), drawn())
    assert hashlib.sha256(answer.data).hexdigest() == outline["sha256"]
    wrong = {"model": REGION, **WRONG, "outline": (io.BytesIO(noisy((9, 9, 9, 255))), "outline.png")}
    assert script.post(f"/studies/{uuid}/verdicts", VERDICTS, data=wrong).status_code == 422


def test_the_page_of_a_verdict_offers_to_draw_where_the_model_outlines(
    reader: FlaskClient, uuid: str
) -> None:
    pages = {
        model: html.unescape(reader.get(f"/studies/{uuid}/verdicts/{model}").text)
        for model in (REGION, STATUS, LESION)
    }

    assert ["data-drawing" in page for page in pages.values()] == [True, False, True]
    phrases = pages[REGION].partition('data-drawing hidden data-phrases="')[2].partition('">')[0]
    assert "unreachable" in json.loads(phrases)
