"""Studies of one patient code side by side, in a browser: reached and led by keys alone, linked though their images differ."""

from __future__ import annotations

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from tests.browser.test_every_page import check
from tests.ml.dicom_files import dicom_bytes, dicom_dataset
from tests.phantoms import sacroiliac_slice
from tests.webapp.reading_room import LESION, REGION, STATUS, finish, upload

VIEWPORT = "article[data-model] > .viewport"


@pytest.fixture(scope="module")
def studies(drawn: Flask, drawn_reader: FlaskClient) -> list[str]:
    """The uuids of two studies of one patient code: another size and twice as bright the second time."""
    uuids = []
    for side, gain in ((64, 8), (96, 16)):
        pixels = sacroiliac_slice(side).astype(np.uint16) * gain
        answer = upload(
            drawn_reader,
            dicom_bytes(dicom_dataset(pixels, PixelSpacing=[1.0, 1.0])),
            models=[REGION, STATUS, LESION],
            patient_code="SIJ-0417",
        )
        uuids.append(answer.location.rsplit("/", 1)[-1])
        finish(drawn, uuids[-1], "Positive", "Early")
    return uuids


@pytest.fixture
def result(drawn_page: Page, studies: list[str]) -> Page:
    """The second study's own page."""
    drawn_page.set_viewport_size({"width": 1366, "height": 768})
    drawn_page.goto(f"/studies/{studies[1]}")
    return drawn_page


@pytest.fixture
def compared(result: Page, studies: list[str]) -> Page:
    """Both side by side, the first one's viewport in use."""
    result.goto("/studies/compare?" + "&".join(f"study={uuid}" for uuid in studies))
    for i in range(2):
        expect(result.locator(f"{VIEWPORT} [data-view]").nth(i)).to_contain_text("W ")
    result.locator(VIEWPORT).first.focus()
    return result


def windows(page: Page) -> list[float]:
    """The width of the window as it is written on each viewport."""
    return [float(label.inner_text().split()[1]) for label in page.locator(f"{VIEWPORT} [data-view]").all()]


def middles(page: Page) -> list[tuple[str, str]]:
    """Zoom as a multiple of what fits, and the point in the middle as shares of the image, of each viewport."""
    found: list[list[str]] = page.locator(VIEWPORT).evaluate_all(
        """figures => figures.map((figure) => {
            const stage = figure.querySelector(".viewport__stage");
            const [wide, high] = [parseFloat(stage.style.width), parseFloat(stage.style.height)];
            const matrix = new DOMMatrix(stage.style.transform);
            const middle = matrix.inverse().transformPoint(
                new DOMPoint(figure.clientWidth / 2, figure.clientHeight / 2));
            const fits = Math.min(figure.clientWidth / wide, figure.clientHeight / high);
            return [Math.abs(matrix.a / fits).toFixed(2), `${(middle.x / wide).toFixed(2)} ${(middle.y / high).toFixed(2)}`];
        })"""
    )
    return [(zoom, middle) for zoom, middle in found]


def test_the_result_page_leads_there_by_keys_alone(result: Page, studies: list[str]) -> None:
    result.get_by_text("other studies of this patient code").locator("..").focus()
    result.keyboard.press("Enter")
    expect(result.locator(f"input[name=study][value='{studies[0]}']")).to_be_checked()
    result.keyboard.press("Tab")
    result.keyboard.press("Tab")
    result.keyboard.press("Enter")
    result.wait_for_url("**/studies/compare?*")

    assert "SIJ" not in result.url
    expect(result.get_by_role("heading", level=1)).to_have_text(
        "Stage by the majority of the models: Early, Early."
    )
    expect(result.locator(VIEWPORT)).to_have_count(2)


def test_zoom_pan_and_turns_are_shared_and_each_link_can_be_cut(compared: Page) -> None:
    for key in (".", ".", "Shift+ArrowRight", "x"):
        compared.keyboard.press(key)
    expect(compared.locator(f"{VIEWPORT} [data-view]").last).to_contain_text("flipped")
    one, other = middles(compared)
    assert one == other
    assert one[0] == "1.56"
    assert one[1] != "0.50 0.50"

    compared.keyboard.press("0")
    expect(compared.locator(f"{VIEWPORT} [data-view]").last).not_to_contain_text("flipped")
    compared.get_by_role("button", name="Zoom linked").click()
    compared.locator(VIEWPORT).last.focus()
    written = compared.locator(f"{VIEWPORT} [data-view]").last
    before = written.inner_text()
    compared.keyboard.press(".")
    expect(written).not_to_have_text(before)
    expect(compared.get_by_role("button", name="Zoom linked")).to_have_attribute("aria-pressed", "false")
    assert [zoom for zoom, _ in middles(compared)] == ["1.00", "1.25"]


def test_a_window_means_the_same_on_an_image_twice_as_bright(compared: Page) -> None:
    first, second = windows(compared)
    assert second == pytest.approx(2 * first, rel=0.1)

    compared.keyboard.press("w")
    compared.keyboard.press("Control+Shift+ArrowRight")
    expect(compared.locator("select[data-window-preset]")).to_have_value("")
    compared.wait_for_function(
        "first => Number(document.querySelector('[data-view]').textContent.split(' ')[1]) !== first",
        arg=first,
    )
    wider, other = windows(compared)
    assert wider > first
    assert other == pytest.approx(wider * second / first, rel=0.05)
    compared.keyboard.press("0")
    compared.wait_for_function(
        "first => Number(document.querySelector('[data-view]').textContent.split(' ')[1]) === first",
        arg=first,
    )
    assert windows(compared) == [first, second]


@pytest.mark.parametrize("size", [(1366, 768), (820, 1180)])
def test_it_is_usable_by_everybody(compared: Page, size: tuple[int, int]) -> None:
    compared.set_viewport_size({"width": size[0], "height": size[1]})

    check(compared)
    assert compared.evaluate("document.documentElement.scrollWidth") <= size[0]
