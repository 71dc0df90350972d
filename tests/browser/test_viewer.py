"""The viewer of the result page: window, zoom, pan, turns, ruler, magnifier, links. The image is drawn: a bright box on grey,
exactly where the lesion model outlines a lesion, so that what belongs together can be seen to stay together.

What the reader sees is read from screenshots: image and overlays through every transformation.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_every_page import check
from tests.ml.dicom_files import dicom_bytes, dicom_dataset
from tests.webapp.reading_room import LESION, REGION, STATUS, finish, outlined, upload

SIDE = 64
DARK, BRIGHT = 500, 3000
MM = (0.5, 0.75)
COLUMN = f"article[data-model={LESION}] > .viewport"
OTHER = f"article[data-model={STATUS}] > .viewport"


def boxed() -> np.ndarray:
    """Grey that rises from row to row below a bright box, (64, 64) uint16 of 12 bits."""
    rising = np.repeat(np.arange(SIDE, dtype=np.uint16)[:, None], SIDE, axis=1)
    return np.where(outlined((SIDE, SIDE)), np.uint16(BRIGHT), DARK + rising).astype(np.uint16)


def read(drawn: Flask, reader: FlaskClient, **tags: object) -> str:
    """The path of a study of the drawn image, read by three models."""
    data = dicom_bytes(dicom_dataset(boxed(), PixelSpacing=list(MM), **tags))
    answer = upload(reader, data, models=[REGION, STATUS, LESION])
    assert answer.status_code == 303, answer.text
    finish(drawn, answer.location.rsplit("/", 1)[-1])
    return answer.location


@pytest.fixture(scope="module")
def study(drawn: Flask, drawn_reader: FlaskClient) -> str:
    orientation = [1, 0, 0, 0, 0, -1]
    return read(drawn, drawn_reader, ImageOrientationPatient=orientation, WindowCenter=1500, WindowWidth=2000)


@pytest.fixture
def result(drawn_page: Page, study: str) -> Page:
    """The lesion model's viewport alone and large, the file's own window on."""
    drawn_page.set_viewport_size({"width": 1366, "height": 768})
    drawn_page.goto(study)
    expect(drawn_page.locator(f"{COLUMN} [data-view]")).to_contain_text("W 2000 L 1500")
    return drawn_page


@pytest.fixture
def large(result: Page) -> Page:
    result.get_by_role("button", name="Show Lesion map large").click()
    expect(result.locator(OTHER)).to_be_hidden()
    result.locator(COLUMN).focus()
    result.keyboard.press("2")
    expect(result.locator(f"{COLUMN} [data-view]")).not_to_contain_text("W 2000")
    return result


def seen(viewport: Locator) -> np.ndarray:
    """What the reader sees of image and overlays in a viewport, without what is written on it: (H, W, 3) RGB."""
    viewport.evaluate(
        """figure => figure.querySelectorAll(".viewport__label, .viewport__side").forEach(
            (label) => label.style.setProperty("visibility", "hidden"))"""
    )
    picture = cv2.imdecode(np.frombuffer(viewport.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def extent(found: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is True."""
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    assert rows.size, "nothing of it is seen"
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])


def bright_box(page: Page, viewport: str = COLUMN) -> tuple[int, int, int, int]:
    """Where the bright box of the image is seen, overlays off."""
    page.keyboard.press("o")
    expect(page.locator(f"{COLUMN} .viewport__lesion-tint")).to_be_hidden()
    box = extent((seen(page.locator(viewport)) > 250).all(axis=2))
    page.keyboard.press("o")
    expect(page.locator(f"{COLUMN} .viewport__lesion-tint")).to_be_visible()
    return box


def tinted_box(page: Page) -> tuple[int, int, int, int]:
    """Where the lesion's tint is seen: orange over white."""
    red, _green, blue = (seen(page.locator(COLUMN))[..., i].astype(int) for i in range(3))
    return extent(red - blue > 60)


@pytest.mark.parametrize(
    "keys",
    [
        "",
        "x",
        "r",
        "r x",
        "x r",
        "r r r",
        ". . .",
        ". . Shift+ArrowRight Shift+ArrowDown",
        "x r . . . Shift+ArrowLeft Shift+ArrowUp",
    ],
)
def test_overlays_follow_every_transformation(large: Page, keys: str) -> None:
    before = large.locator(f"{COLUMN} .viewport__stage").evaluate("stage => stage.style.transform")
    for key in keys.split():
        large.keyboard.press(key)
    if keys:
        expect(large.locator(f"{COLUMN} .viewport__stage")).not_to_have_css("transform", before)

    image, lesion = bright_box(large), tinted_box(large)

    # The outline stands on the edge of the tint, half of its width outside.
    assert lesion == pytest.approx(image, abs=2)


def test_pixels_are_as_wide_and_high_as_the_file_says(large: Page) -> None:
    left, top, right, bottom = bright_box(large)

    assert (right - left + 1) / (bottom - top + 1) == pytest.approx(20 * MM[1] / (10 * MM[0]), rel=0.03)


def test_the_letters_turn_with_the_image(large: Page) -> None:
    def letters() -> str:
        edges = ("left", "top", "right", "bottom")
        return "".join(large.locator(f"{COLUMN} [data-edge-{edge}]").inner_text() for edge in edges)

    assert letters() == "RHLF"
    for key, expected in (("x", "LHRF"), ("r", "FLHR"), ("x", "HLFR"), ("0", "RHLF")):
        large.keyboard.press(key)
        expect(large.locator(f"{COLUMN} [data-edge-left]")).to_have_text(expected[0])
        assert letters() == expected


def test_a_window_acts_on_the_stored_values(large: Page) -> None:
    canvas = large.locator(f"{COLUMN} .viewport__grey")

    def grey(row: int) -> int:
        script = "(c, row) => c.getContext('2d').getImageData(0, row, 1, 1).data[0]"
        return int(canvas.evaluate(script, row))

    large.keyboard.press("1")
    expect(large.locator(f"{COLUMN} [data-view]")).to_contain_text("W 2000 L 1500")
    assert [grey(0), grey(63)] == [0, round(255 * 63 / 2000)]

    large.keyboard.press("4")  # from darkest to brightest value
    expect(large.locator(f"{COLUMN} [data-view]")).to_contain_text("W 2500 L 1750")
    assert grey(63) == round(255 * 63 / 2500)

    large.keyboard.press("i")
    expect(large.locator(f"{COLUMN} [data-view]")).to_contain_text("inverted")
    assert grey(63) == round(255 - 255 * 63 / 2500)


def test_dragging_makes_the_window_wider_and_the_list_says_by_hand(large: Page) -> None:
    chooser = large.get_by_label("Window and level", exact=True)
    large.keyboard.press("1")
    expect(chooser).to_have_value("file")
    drag(large, (200, 200), (264, 200))

    expect(chooser).to_have_value("")
    assert window_of(large)[0] > 2000
    assert window_of(large)[1] == pytest.approx(1500, abs=1)


def test_everything_of_the_image_works_by_keys_alone(large: Page) -> None:
    label = large.locator(f"{COLUMN} [data-view]")
    large.keyboard.press("1")
    large.keyboard.press("Control+ArrowRight")
    expect(label).not_to_contain_text("W 2000")
    large.keyboard.press("z")
    fitted = label.inner_text()
    large.keyboard.press("Control+ArrowUp")
    expect(label).not_to_have_text(fitted)

    large.keyboard.press("0")
    large.keyboard.press("y")
    large.keyboard.press("Control+ArrowRight")
    expect(large.locator(f"{COLUMN} [data-value]")).to_have_text("532 at 32, 32")
    large.keyboard.press("Enter")
    for _ in range(2):
        large.keyboard.press("Control+Shift+ArrowRight")
    large.keyboard.press("Enter")
    expect(large.get_by_role("status").filter(has_text="15.0 mm")).to_have_count(1)


def test_the_value_under_the_pointer_is_the_stored_one(large: Page) -> None:
    left, top, right, bottom = bright_box(large)
    hover(large, (left + right) / 2, (top + bottom) / 2)

    expect(large.locator(f"{COLUMN} [data-value]")).to_contain_text(f"{BRIGHT} at")


def test_the_ruler_measures_in_millimetres(large: Page) -> None:
    left, top, right, _bottom = bright_box(large)
    large.keyboard.press("y")
    drag(large, (left, top + 5), (right + 1, top + 5))

    said = large.get_by_role("status").filter(has_text="mm").inner_text()
    assert float(said.removesuffix(" mm")) == pytest.approx(20 * MM[1], abs=0.2)
    expect(large.locator(f"{COLUMN} .viewport__marks")).to_be_visible()
    large.keyboard.press("0")
    expect(large.locator(f"{COLUMN} .viewport__marks")).to_be_hidden()


def test_the_scale_bar_is_as_long_as_it_says(large: Page) -> None:
    left, _top, right, _bottom = bright_box(large)
    per_mm = (right - left + 1) / (20 * MM[1])
    text = large.locator(f"{COLUMN} [data-scale-text]").text_content() or ""
    bar = large.locator(f"{COLUMN} [data-scale-bar]").bounding_box()

    assert bar is not None
    assert bar["width"] == pytest.approx(float(text.removesuffix(" mm")) * per_mm, rel=0.03)


def test_the_magnifier_shows_image_and_overlays_three_times_as_large(large: Page) -> None:
    left, top, _right, bottom = bright_box(large)
    large.keyboard.press("q")
    hover(large, left, (top + bottom) / 2)
    glass = large.locator(f"{COLUMN} .viewport__magnifier")
    expect(glass).to_be_visible()

    edge = glass.evaluate(
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, canvas.height / 2, canvas.width, 1);
            return [...Array(canvas.width).keys()].findIndex((x) => data[4 * x] - data[4 * x + 2] > 60) / canvas.width;
        }"""
    )
    assert edge == pytest.approx(0.5, abs=0.06)
    large.keyboard.press("w")
    expect(glass).to_be_hidden()


def test_the_wheel_zooms_at_the_pointer(large: Page) -> None:
    before = bright_box(large)
    hover(large, before[0], before[1])
    fitted = large.locator(f"{COLUMN} [data-view]").inner_text()
    large.mouse.wheel(0, -60)
    expect(large.locator(f"{COLUMN} [data-view]")).not_to_have_text(fitted)

    after = bright_box(large)
    assert after[:2] == pytest.approx(before[:2], abs=2)
    assert after[2] - after[0] > before[2] - before[0]


@pytest.mark.parametrize("link", ["zoom", "pan", "window"])
def test_each_link_can_be_switched_off_and_stays_off(result: Page, link: str) -> None:
    switch = result.get_by_role("button", name=f"{link.title()} linked")
    switch.click()
    result.reload()
    expect(switch).to_have_attribute("aria-pressed", "false")
    expect(result.get_by_role("button", name="Link all")).to_have_attribute("aria-pressed", "false")
    expect(result.locator(f"{COLUMN} [data-view]")).to_contain_text("W 2000 L 1500")
    result.locator(COLUMN).focus()
    for key in (".", "Shift+ArrowRight", "4"):
        result.keyboard.press(key)
    expect(result.locator(f"{COLUMN} [data-view]")).to_contain_text("W 2500")

    followed = shown(result, OTHER)
    led = shown(result, COLUMN)
    assert [name for name in led if led[name] != followed[name]] == [link]
    result.keyboard.press("l")
    expect(result.locator(f"{OTHER} [data-view]")).to_have_text(
        result.locator(f"{COLUMN} [data-view]").inner_text()
    )
    assert shown(result, OTHER) == shown(result, COLUMN)


def test_the_picture_is_described_in_words_that_follow(large: Page) -> None:
    viewport = large.locator(COLUMN)
    words = large.locator(f"#{viewport.get_attribute('aria-describedby')}")

    expect(words).to_contain_text("Lesion map read this image")
    large.keyboard.press("x")
    expect(words).to_contain_text("flipped")
    expect(viewport).to_be_focused()


@pytest.mark.parametrize("size", [(1366, 768), (820, 1180)])
def test_it_is_usable_by_everybody(result: Page, size: tuple[int, int]) -> None:
    result.set_viewport_size({"width": size[0], "height": size[1]})

    check(result)
    assert result.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_a_ct_shows_hounsfield_units_and_its_own_windows(
    drawn: Flask, drawn_reader: FlaskClient, drawn_page: Page
) -> None:
    path = read(drawn, drawn_reader, Modality="CT", RescaleSlope=1, RescaleIntercept=-1024)
    drawn_page.goto(path)
    viewport = drawn_page.locator(COLUMN)
    expect(viewport.locator(".viewport__grey")).to_be_visible()
    viewport.focus()

    drawn_page.keyboard.press("2")
    expect(viewport.locator("[data-view]")).to_contain_text("W 400 L 40")
    drawn_page.keyboard.press("q")
    drawn_page.keyboard.press("Control+ArrowRight")
    expect(viewport.locator("[data-value]")).to_have_text(f"{DARK + 32 - 1024} HU at 32, 32")


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag within the viewport, places in its own pixels."""
    hover(page, *start)
    page.mouse.down()
    box = page.locator(COLUMN).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + end[0], box["y"] + end[1], steps=4)
    page.mouse.up()


def hover(page: Page, x: float, y: float) -> None:
    box = page.locator(COLUMN).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x, box["y"] + y)


def window_of(page: Page) -> tuple[float, float]:
    """Width and level as they are written on the viewport."""
    parts = page.locator(f"{COLUMN} [data-view]").inner_text().split()
    return float(parts[1]), float(parts[3])


def shown(page: Page, viewport: str) -> dict[str, object]:
    """How a viewport shows the image: zoom, the point in the middle, window."""
    found: dict[str, object] = page.locator(viewport).evaluate(
        """figure => {
            const matrix = new DOMMatrix(figure.querySelector(".viewport__stage").style.transform);
            const middle = matrix.inverse().transformPoint(
                new DOMPoint(figure.clientWidth / 2, figure.clientHeight / 2));
            const words = figure.querySelector("[data-view]").textContent.split(" · ");
            return {
                zoom: matrix.a.toFixed(3),
                pan: [middle.x.toFixed(1), middle.y.toFixed(1)].join(" "),
                window: words[0],
            };
        }"""
    )
    return found
