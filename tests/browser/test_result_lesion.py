"""The lesion on the result page: a layer of its own, in its own colour, switched and faded like the others.

No network reads here: what the models say is drawn, so that these tests need neither weights nor a patient's image.
"""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Locator, Page, expect

from ml.tasks import task
from tests.webapp.reading_room import LESION, OUTLINED, finish, uploaded

SPEC = task("sij_mri")
COLUMN = f"article[data-model={LESION}] > .viewport"
TINT, LINE, OUTLINE = (f"{COLUMN} .viewport__{layer}" for layer in ("lesion-tint", "lesion", "region"))


@pytest.fixture(scope="module")
def study(drawn: Flask, drawn_reader: FlaskClient) -> str:
    """The path of a drawn study that all models have read."""
    uuid = uploaded(drawn_reader, models=[model.key for model in SPEC.models])
    finish(drawn, uuid, "Positive", "Moderate")
    return f"/studies/{uuid}"


@pytest.fixture
def result(drawn_page: Page, study: str) -> Page:
    """The result page of that study."""
    drawn_page.goto(study)
    expect(drawn_page.locator(TINT)).to_be_visible()
    return drawn_page


def painted(layer: Locator) -> list[list[int]]:
    """The colours of a layer's pixels that are not transparent, each with how many there are."""
    found: list[list[int]] = layer.evaluate(
        """canvas => {
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            const counts = new Map();
            for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3] === 0) continue;
                const colour = [data[i], data[i + 1], data[i + 2]].map((v) => Math.round(v / 16) * 16).join();
                counts.set(colour, (counts.get(colour) ?? 0) + 1);
            }
            return [...counts].map(([colour, n]) => [...colour.split(",").map(Number), n]);
        }"""
    )
    return found


def test_the_lesion_is_tinted_on_the_grid_of_the_image(result: Page) -> None:
    ((red, green, blue, pixels),) = painted(result.locator(TINT))

    assert pixels == OUTLINED["pixels"]
    assert red > green > blue


def test_the_lesion_has_an_outline_in_another_colour_than_the_region(result: Page) -> None:
    expect(result.locator(OUTLINE)).to_be_visible()
    lesion = {tuple(colour) for *colour, _ in painted(result.locator(LINE))}
    region = {tuple(colour) for *colour, _ in painted(result.locator(OUTLINE))}

    assert max(lesion, key=sum) not in region
    assert max(region, key=sum) not in lesion


def test_the_key_and_the_button_switch_the_lesion_and_nothing_else(result: Page) -> None:
    button = result.get_by_role("button", name="Lesion", exact=True)
    legend = result.locator(f"{COLUMN} [data-entry=lesion]")
    expect(legend).to_be_visible()

    result.keyboard.press("e")
    expect(result.locator(LINE)).to_be_hidden()
    expect(result.locator(TINT)).to_be_hidden()
    expect(legend).to_be_hidden()
    expect(result.locator(OUTLINE)).to_be_visible()
    expect(result.locator(f"{COLUMN} [data-entry=region]")).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "false")

    button.click()
    expect(result.locator(LINE)).to_be_visible()
    result.keyboard.press("g")
    expect(result.locator(OUTLINE)).to_be_hidden()
    expect(result.locator(TINT)).to_be_visible()
    result.keyboard.press("o")
    expect(result.locator(TINT)).to_be_hidden()
    expect(result.locator(f"{COLUMN} [data-legend]")).to_be_hidden()


def test_the_tint_is_faded_and_the_outline_stays(result: Page) -> None:
    result.locator("#opacity").fill("0")

    expect(result.locator(TINT)).to_have_css("opacity", "0")
    expect(result.locator(LINE)).to_have_css("opacity", "1")


def test_the_lesion_is_in_its_own_column_only(result: Page) -> None:
    expect(result.locator(".viewport__lesion")).to_have_count(1)
    expect(result.locator(".viewport__lesion-tint")).to_have_count(1)


def test_every_model_is_reached_sideways_and_the_lesion_alone_fills_the_window(result: Page) -> None:
    result.set_viewport_size({"width": 1366, "height": 768})
    for model in SPEC.models:
        button = result.get_by_role("button", name=f"Show {model.name} large")
        button.focus()
        expect(button).to_be_in_viewport(ratio=1)

    result.get_by_role("button", name="Show Lesion map large").click()

    expect(result.locator(f"{COLUMN} [data-legend]")).to_be_in_viewport(ratio=1)
    assert result.locator(".comparison").evaluate("box => box.scrollWidth <= box.clientWidth")


def test_the_rough_rule_is_one_click_away(result: Page) -> None:
    result.get_by_role("link", name="rough rule").click()

    expect(result.get_by_role("heading", name="rough rule")).to_be_in_viewport()


def test_without_javascript_the_words_are_there(
    drawn_address: str, study: str, result: Page, browser: Browser
) -> None:
    kept = result.context.storage_state()
    context = browser.new_context(base_url=drawn_address, storage_state=kept, java_script_enabled=False)
    page = context.new_page()
    page.goto(study)

    expect(page.locator(".prediction__lesion")).to_contain_text("Lesion 182 mm²")
    expect(page.locator("[data-legend]")).to_be_hidden()
    context.close()
