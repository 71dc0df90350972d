"""The overlays of the result page: drawn over the image, switched by keys and buttons, remembered."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from ml.tasks import task

HEATMAP = "article[data-model=cnn_classifier] > .viewport .viewport__heatmap"
OUTLINE = "article[data-model=unet_best] > .viewport .viewport__region"
SHOWN = "article[data-model=cnn_classifier] > .viewport [data-shown]"


@pytest.fixture
def result(page: Page, study: str) -> Page:
    page.goto(study)
    expect(page.locator(HEATMAP)).to_be_visible()
    return page


def test_the_heatmap_is_drawn_on_the_grid_of_the_image_in_colour(result: Page) -> None:
    expect(result.locator(SHOWN)).to_have_text("Focused")
    size, opaque, coloured = result.locator(HEATMAP).evaluate(
        """canvas => {
            const image = canvas.parentElement.querySelector("img");
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            let opaque = 0, coloured = 0;
            for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3] === 255) opaque++;
                if (data[i + 3] > 60 && Math.abs(data[i] - data[i + 2]) > 40) coloured++;
            }
            return [canvas.width === image.naturalWidth && canvas.height === image.naturalHeight, opaque, coloured];
        }"""
    )

    assert size
    assert opaque > 0
    assert coloured > 0


def test_the_region_has_an_outline(result: Page) -> None:
    expect(result.locator(OUTLINE)).to_be_visible()
    drawn = result.locator(OUTLINE).evaluate(
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 === 3 && v > 0)"
    )

    assert drawn


def test_keys_switch_heatmap_region_and_all_overlays(result: Page) -> None:
    result.keyboard.press("h")
    expect(result.locator(SHOWN)).to_have_text("Unfocused")

    result.keyboard.press("g")
    expect(result.locator(OUTLINE)).to_be_hidden()

    result.keyboard.press("o")
    expect(result.locator(HEATMAP)).to_be_hidden()
    expect(result.locator("article[data-model=cnn_classifier] [data-colour-bar]").first).to_be_hidden()


def test_the_opacity_is_remembered(result: Page) -> None:
    result.locator("#opacity").fill("30")
    expect(result.locator(HEATMAP)).to_have_css("opacity", "0.3")

    result.reload()

    expect(result.locator(HEATMAP)).to_have_css("opacity", "0.3")


def test_one_model_can_be_shown_large(result: Page) -> None:
    result.get_by_role("button", name="Show CNN Classifier large").click()

    expect(result.locator("article[data-model]:visible")).to_have_count(1)
    result.keyboard.press("m")
    expect(result.locator("article[data-model=classifier_best]")).to_be_visible()
    result.keyboard.press("c")
    expect(result.locator("article[data-model]:visible")).to_have_count(len(task("sij_mri").models))


def test_without_javascript_image_and_numbers_are_there(
    server: str, browser: Browser, account: dict[str, object], study: str
) -> None:
    context = browser.new_context(base_url=server, storage_state=account, java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(study)

    expect(page.locator("article[data-model=cnn_classifier] > .viewport img")).to_be_visible()
    expect(page.locator("article[data-model=cnn_classifier] .score-bars__row").first).to_be_visible()
    expect(page.locator("[data-toolbar]")).to_be_hidden()
    expect(page.locator("[data-colour-bar]").first).to_be_hidden()
    context.close()
