"""What the models mark together, on the page: the map and its legend, large and back by keys, beside many models.

No network reads here: what the models outline is drawn.
"""

from __future__ import annotations

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from ml.tasks import task
from tests.browser.test_every_page import check
from tests.browser.test_result_lesion import painted
from tests.webapp.reading_room import finish_with, uploaded
from webapp.studies.view.vote_colours import vote_colours

SPEC = task("sij_mri")
MODELS = [model.key for model in SPEC.models]
REGIONS = [model.key for model in SPEC.models if model.kind == "region"]
MAP = "[data-agreement=region]"
VOTES = f"{MAP} .viewport__votes"
SIDE = 64


@pytest.fixture(scope="module")
def study(drawn: Flask, drawn_reader: FlaskClient) -> str:
    """The path of a study in which one region lies within another: 100 pixels by all three, 300 by two, 400 by one."""
    uuid = uploaded(drawn_reader, models=MODELS)
    masks = {}
    for model, rows in zip(REGIONS, (5, 20, 40), strict=True):
        masks[model] = np.zeros((SIDE, SIDE), bool)
        masks[model][:rows, :20] = True
    labels = {"as_status": "Positive", "stage": "Early"}
    finish_with(drawn, uuid, dict.fromkeys(MODELS, labels), "STIR", masks=masks)
    return f"/studies/{uuid}"


@pytest.fixture
def result(drawn_page: Page, study: str) -> Page:
    drawn_page.set_viewport_size({"width": 1366, "height": 768})
    drawn_page.goto(study)
    expect(drawn_page.locator(VOTES)).to_be_visible()
    return drawn_page


def test_each_colour_of_the_map_stands_in_the_legend_with_its_count(result: Page) -> None:
    expect(result.locator(f"{MAP} [data-votes-legend]")).to_have_text("Models:123")
    swatches = result.locator(f"{MAP} [data-votes-legend] rect")
    assert [swatch.get_attribute("fill") for swatch in swatches.all()] == list(vote_colours(3))
    expect(result.locator(f"{MAP} .vote-areas li")).to_have_text(
        ["3 of 3100 pixels", "2 of 3300 pixels", "1 of 3400 pixels"]
    )
    result.wait_for_function(f"document.querySelector('{VOTES}').width === {SIDE}")
    rounded = {
        tuple(round(part / 16) * 16 for part in bytes.fromhex(colour[1:])): pixels
        for colour, pixels in zip(vote_colours(3), (400, 300, 100), strict=True)
    }
    assert {tuple(colour): pixels for *colour, pixels in painted(result.locator(VOTES))} == rounded

    result.keyboard.press("o")
    expect(result.locator(VOTES)).to_be_hidden()
    expect(result.locator(f"{MAP} [data-votes-legend]")).to_be_hidden()


def test_keys_enlarge_the_map_and_lead_to_the_models(result: Page) -> None:
    first = result.locator(f"article[data-model={MODELS[0]}]")
    large = result.get_by_role("button", name="Agreement", exact=True)

    result.keyboard.press("v")
    expect(result.locator(MAP)).to_be_visible()
    expect(first).to_be_hidden()
    expect(large).to_have_attribute("aria-pressed", "true")
    expect(result.get_by_text(f"{SPEC.models[-1].name} alone marks")).to_have_count(0)
    expect(result.locator(f"{MAP} .viewport")).to_have_attribute("data-active", "true")
    result.keyboard.press("m")
    expect(first).to_be_visible()
    expect(result.locator(MAP)).to_be_hidden()
    result.keyboard.press("v")
    result.keyboard.press("v")
    expect(first).to_be_visible()
    expect(result.locator(MAP)).to_be_visible()
    expect(large).to_have_attribute("aria-pressed", "false")


def test_the_map_moves_with_the_models_and_is_told_in_words(result: Page) -> None:
    before = result.locator(f"{MAP} .viewport__stage").evaluate("stage => stage.style.transform")
    result.locator(f"article[data-model={MODELS[0]}] > .viewport").focus()
    result.keyboard.press(".")
    expect(result.locator(f"{MAP} .viewport__stage")).not_to_have_css("transform", before)

    viewport = result.locator(f"{MAP} .viewport")
    words = result.locator(f"#{viewport.get_attribute('aria-describedby')}")
    expect(words).to_contain_text("Marked by 3 of 3 models: 100 pixels.")
    expect(words).to_contain_text("alone marks 400 pixels.")
    table = result.get_by_role("table", name="Region overlap (Dice)")
    expect(table.get_by_role("cell", name="0.40")).to_be_visible()


def test_many_columns_scroll_beside_what_all_models_say(result: Page) -> None:
    last = result.get_by_role("button", name=f"Show {SPEC.models[-1].name} large")

    last.focus()

    expect(last).to_be_in_viewport(ratio=1)
    expect(result.locator(f"{MAP} h2")).to_be_in_viewport(ratio=1)
    covers = result.locator(MAP).evaluate(
        """column => { const box = column.getBoundingClientRect();
            return column.contains(document.elementFromPoint(box.x + 8, box.y + box.height / 2)); }"""
    )
    assert covers
    assert result.evaluate("document.documentElement.scrollWidth") <= 1366


@pytest.mark.parametrize("size", [(1366, 768), (820, 1180)])
def test_it_is_usable_by_everybody(result: Page, size: tuple[int, int]) -> None:
    result.set_viewport_size({"width": size[0], "height": size[1]})

    check(result)
    assert result.evaluate("document.documentElement.scrollWidth") <= size[0]
