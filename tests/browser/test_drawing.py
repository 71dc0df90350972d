"""Drawing the right outline where a model's is wrong: by mouse, by keys alone, with undo, and without losing what was drawn.

No network reads here: what the models say is drawn. The image is 64 x 64 pixels, enlarged, so that a pixel is a target.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import select

from ml.images.store import read_mask
from tests.browser.test_every_page import check
from tests.ml.dicom_files import dicom_bytes, dicom_dataset
from tests.phantoms import sacroiliac_slice
from tests.webapp.reading_room import LESION, REGION, STATUS, finish, outlined, upload
from webapp.extensions import db
from webapp.reviews.tables import Verdict
from webapp.settings import Settings
from webapp.studies.tables import Study

SIDE = 64
VIEWPORT = "[data-single-view] > .viewport"
STATE = "[data-drawing-state]"


@pytest.fixture
def uuid(drawn: Flask, drawn_reader: FlaskClient) -> str:
    """A study with pixels of 0.5 mm, which a region, a lesion and a status model have read."""
    image = (sacroiliac_slice(SIDE).astype(np.uint16)) * 16
    data = dicom_bytes(
        dicom_dataset(image, PixelSpacing=[0.5, 0.5], ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    )
    answer = upload(drawn_reader, data, models=[REGION, STATUS, LESION])
    uuid = answer.location.rsplit("/", 1)[-1]
    finish(drawn, uuid)
    return uuid


@pytest.fixture
def judging(drawn_page: Page, uuid: str) -> Callable[[str], Page]:
    """Opens the page of a verdict on a model, its viewport ready."""

    def opened(model: str) -> Page:
        drawn_page.set_viewport_size({"width": 1366, "height": 768})
        drawn_page.goto(f"/studies/{uuid}/verdicts/{model}")
        expect(drawn_page.locator(f"{VIEWPORT} .viewport__grey")).to_be_visible()
        expect(drawn_page.locator(STATE)).to_have_text("Nothing drawn.")
        return drawn_page

    return opened


def at(page: Page, column: float, row: float) -> tuple[float, float]:
    """Where a point of the image is on the screen."""
    found: list[float] = page.locator(VIEWPORT).evaluate(
        """(figure, [x, y]) => {
            const matrix = new DOMMatrix(figure.querySelector(".viewport__stage").style.transform);
            const point = matrix.transformPoint(new DOMPoint(x, y));
            const box = figure.getBoundingClientRect();
            return [box.left + point.x, box.top + point.y];
        }""",
        [column, row],
    )
    return found[0], found[1]


def drag(page: Page, *points: tuple[float, float]) -> None:
    """A stroke through points of the image."""
    page.mouse.move(*at(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*at(page, *point), steps=8)
    page.mouse.up()


def choose_disagreement(page: Page, labels: bool = False) -> None:
    form = page.locator("form[data-verdict]")
    form.locator("[value=disagree]").check(force=True)
    if labels:
        form.get_by_role("group", name="AS status").get_by_label("Positive").check(force=True)
        form.get_by_role("group", name="Stage").get_by_label("Early").check(force=True)
    form.locator("[name=reason]").select_option("outline")


def stored(app: Flask, uuid: str) -> list[np.ndarray]:
    """The masks that are stored with the verdicts on a study, the earliest first."""
    settings: Settings = app.extensions["settings"]
    folder: Path = settings.data_dir / "studies" / uuid
    with app.app_context():
        query = select(Verdict.outline_file).join(Study).where(Study.uuid == uuid).order_by(Verdict.id)
        return [read_mask((folder / str(name)).read_bytes()) for name in db.session.scalars(query)]


def test_a_lesion_is_drawn_by_mouse_and_shown_with_who_and_when(
    drawn: Flask, uuid: str, judging: Callable[[str], Page]
) -> None:
    page = judging(LESION)
    size = page.get_by_label("Size", exact=True)
    page.get_by_role("button", name="Brush", exact=True).click()
    size.fill("5")
    drag(page, (10.5, 40.5), (20.5, 40.5))
    expect(page.locator(STATE)).to_contain_text("mm²")
    one = page.locator(STATE).inner_text()
    drag(page, (40.5, 12.5), (50.5, 12.5))
    page.keyboard.press("Control+z")
    expect(page.locator(STATE)).to_have_text(one)
    page.keyboard.press("Control+Shift+z")
    expect(page.locator(STATE)).not_to_have_text(one)
    page.keyboard.press("Control+z")
    page.get_by_role("button", name="Eraser").click()
    size.fill("1")
    drag(page, (15.5, 36.5), (15.5, 44.5))
    check(page)

    choose_disagreement(page, labels=True)
    page.get_by_role("button", name="Sign as").click()

    page.wait_for_url("**#model-*")
    expect(page.get_by_text("Your verdict is signed.")).to_be_visible()
    (mask,) = stored(drawn, uuid)
    wanted = np.zeros((SIDE, SIDE), bool)
    wanted[39:42, 9:22] = True  # the middle of the stroke, whatever its round ends are
    wanted[36:45, 15] = False
    assert mask[wanted].all()
    assert not mask[:, 15].any()
    assert not mask[:, 26:].any()
    assert not mask[:37].any()
    column = page.locator(f"article[data-model={LESION}] > .viewport")
    expect(column.locator(".viewport__corrected")).to_be_visible()
    expect(column.locator("[data-entry=corrected]")).to_contain_text("Drawn by reader@clinic.example")
    page.keyboard.press("Shift+G")
    expect(column.locator(".viewport__corrected")).to_be_hidden()
    check(page)


def test_a_region_is_drawn_by_keys_alone(drawn: Flask, uuid: str, judging: Callable[[str], Page]) -> None:
    page = judging(REGION)
    page.locator(VIEWPORT).focus()
    page.keyboard.press("Shift+P")
    page.keyboard.press("Enter")
    expect(page.locator("[data-viewer-says]")).to_have_text("Move the cross with the arrow keys first.")
    page.keyboard.press("ArrowRight")  # the cross appears in the middle, at 32, 32
    page.keyboard.press("Enter")
    for key, times in (("ArrowRight", 10), ("ArrowDown", 6), ("ArrowLeft", 10)):
        for _ in range(times):
            page.keyboard.press(key)
        page.keyboard.press("Enter")
    expect(page.locator(STATE)).to_contain_text("Polygon of 4 points")
    page.keyboard.press("Shift+Enter")
    expect(page.locator(STATE)).to_contain_text("15.0 mm²")
    page.keyboard.press("Shift+B")
    for _ in range(8):
        page.keyboard.press("-")
    for key in ("Control+Shift+ArrowLeft", "Control+Shift+ArrowLeft", *["ArrowDown"] * 6):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator("[data-viewer-says]")).to_contain_text("Stored when you sign")
    page.keyboard.press("d")
    page.keyboard.press("Tab")
    page.keyboard.type("Outline")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")

    (mask,) = stored(drawn, uuid)
    wanted = np.zeros((SIDE, SIDE), bool)
    wanted[32:38, 32:42] = True  # from the middle of a pixel to the middle of another
    wanted[38, 19:23] = True
    assert np.array_equal(mask, wanted)


def test_it_starts_from_the_models_own_mask_whatever_way_the_image_is_turned(
    drawn: Flask, uuid: str, judging: Callable[[str], Page]
) -> None:
    page = judging(LESION)
    page.locator(VIEWPORT).focus()
    for key in ("x", "r", "."):
        page.keyboard.press(key)
    page.get_by_label("Start from").select_option("Lesion map")
    expect(page.locator(STATE)).to_contain_text("50.0 mm²")
    page.get_by_role("button", name="Polygon:").click()
    for corner in ((36, 20), (40, 20), (40, 24), (36, 24), (36, 20)):
        page.mouse.click(*at(page, *corner))
    expect(page.locator(STATE)).to_contain_text("54.0 mm²")
    choose_disagreement(page, labels=True)
    page.get_by_role("button", name="Sign as").click()

    page.wait_for_url("**#model-*")
    expect(page.get_by_text("Your verdict is signed.")).to_be_visible()
    wanted = outlined((SIDE, SIDE))
    wanted[20:24, 36:40] = True
    assert np.array_equal(stored(drawn, uuid)[0], wanted)


def test_a_drawing_outlives_a_failure_and_a_refusal(
    drawn: Flask, uuid: str, judging: Callable[[str], Page]
) -> None:
    page = judging(REGION)
    page.get_by_role("button", name="Clear: nothing here").click()
    expect(page.locator(STATE)).to_contain_text("nothing to outline")
    page.get_by_role("button", name="Brush", exact=True).click()
    drag(page, (30, 30), (40, 30))
    drawing = page.locator(STATE).inner_text()
    alert = page.locator("[data-sign-error]")
    form = page.locator("form[data-verdict]")
    form.locator("[value=agree]").check(force=True)
    sign = page.get_by_role("button", name="Sign as")

    sign.click()
    expect(alert).to_contain_text("goes with “disagree”")
    choose_disagreement(page)

    page.evaluate(
        "() => { window.sent = window.fetch; window.fetch = () => Promise.reject(new TypeError('offline')); }"
    )
    sign.click()
    expect(alert).to_contain_text("The server could not be reached.")
    page.evaluate("() => { window.fetch = window.sent; }")
    page.route("**/verdicts/*", lambda route: route.fulfill(status=413, body="no JSON"))
    sign.click()
    expect(alert).to_contain_text("The server did not take the verdict.")
    page.unroute("**/verdicts/*")
    expect(page.locator(STATE)).to_have_text(drawing)
    assert stored(drawn, uuid) == []
    check(page)

    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.get_by_role("link", name="Back to the study").click()
    expect(page.locator(STATE)).to_have_text(drawing)
    assert asked == ["beforeunload"]

    sign.click()
    page.wait_for_url("**#model-*")
    assert stored(drawn, uuid)[0].any()


def test_a_second_finger_takes_the_stroke_back_and_a_pen_keeps_fingers_from_drawing(
    judging: Callable[[str], Page],
) -> None:
    page = judging(REGION)
    page.get_by_role("button", name="Brush", exact=True).click()

    def point(kind: str, pointer: str, number: int, column: float) -> None:
        x, y = at(page, column, 30)
        page.locator(VIEWPORT).evaluate(
            """(figure, [kind, pointerType, pointerId, clientX, clientY]) => {
                figure.setPointerCapture = () => {};
                figure.dispatchEvent(new PointerEvent(kind, {
                    pointerType, pointerId, clientX, clientY, bubbles: true, button: kind === "pointermove" ? -1 : 0,
                    buttons: kind === "pointerup" ? 0 : 1, isPrimary: true,
                }));
            }""",
            [kind, pointer, number, x, y],
        )

    point("pointerdown", "touch", 1, 10)
    point("pointermove", "touch", 1, 20)
    point("pointerdown", "touch", 2, 40)
    point("pointerup", "touch", 2, 40)
    point("pointerup", "touch", 1, 20)
    expect(page.locator(STATE)).to_have_text("Nothing drawn.")

    for kind in ("pointerdown", "pointermove", "pointerup"):
        point(kind, "pen", 3, 30)
    expect(page.locator(STATE)).to_contain_text("mm²")
    by_pen = page.locator(STATE).inner_text()
    for kind in ("pointerdown", "pointermove", "pointerup"):
        point(kind, "touch", 4, 50)
    expect(page.locator(STATE)).to_have_text(by_pen)
    page.get_by_role("button", name="Discard the drawing").click()
    expect(page.locator(STATE)).to_have_text("Nothing drawn.")


@pytest.mark.parametrize("size", [(1366, 768), (820, 1180)])
def test_the_page_is_usable_by_everybody(judging: Callable[[str], Page], size: tuple[int, int]) -> None:
    page = judging(LESION)
    page.set_viewport_size({"width": size[0], "height": size[1]})

    check(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
