"""Stacks in a real browser: a folder of slices is uploaded, scrolled by wheel, keys and slider, read slice by slice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from tests.browser.test_every_page import check
from tests.webapp.reading_room import LESION, REGION, STATUS
from tests.webapp.series import series
from tests.webapp.stack_room import finish_stack
from tests.webapp.test_stacks_pages import uploaded
from tests.webapp.workers import slice_png

FIGURE = f"article[data-model={LESION}] > .viewport"


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """What is awaited comes; on a busy machine it may take its time."""
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def study(drawn: Flask, drawn_reader: FlaskClient) -> str:
    uuid = uploaded(drawn_reader, series(6), (REGION, STATUS, LESION))
    finish_stack(drawn, uuid, {STATUS: (2, 4, 5), LESION: (4, 5)})
    return f"/studies/{uuid}"


def test_a_stack_is_scrolled_and_its_words_and_overlays_follow(drawn_page: Page, study: str) -> None:
    page = drawn_page
    page.goto(study)
    text, title = page.locator("[data-slice-text]"), page.locator(".headline__sentence")
    figure = page.locator(FIGURE)
    grey = figure.locator(".viewport__grey")
    expect(text).to_have_text("STIR, slice 4 of 6")
    expect(title).to_contain_text("2 of 2 models say Early")
    expect(grey).to_be_visible()
    fourth = grey.evaluate("canvas => canvas.toDataURL()")

    figure.hover()
    page.mouse.wheel(0, -50)
    expect(text).to_have_text("STIR, slice 3 of 6")
    expect(title).to_contain_text("2 of 2 models say Normal")
    expect(page).to_have_url(f"{page.url.split('?')[0]}?slice=3")
    assert grey.evaluate("canvas => canvas.toDataURL()") != fourth
    expect(figure.locator(".viewport__lesion")).to_be_hidden()

    page.keyboard.press("ArrowDown")
    expect(figure.locator(".viewport__lesion")).to_be_visible()
    assert grey.evaluate("canvas => canvas.toDataURL()") == fourth
    page.keyboard.press("End")
    expect(text).to_have_text("STIR, slice 6 of 6")
    page.locator("#slice").fill("1")
    expect(text).to_have_text("STIR, slice 1 of 6")

    page.get_by_text("Slices with findings").first.click()
    page.get_by_role("link", name="4 to 5").first.click()
    expect(text).to_have_text("STIR, slice 4 of 6")
    expect(page.locator(f".verdict-dock[data-verdict={STATUS}]")).to_contain_text("slice 4")
    check(page)


def test_what_was_typed_in_a_verdict_stays_while_the_stack_is_scrolled(drawn_page: Page, study: str) -> None:
    page = drawn_page
    page.goto(f"{study}?slice=2")
    dock = page.locator(".verdict-dock:visible")
    if not dock.count():
        page.keyboard.press("m")
    dock.get_by_label("Note (optional)").fill("seen on two slices")

    page.locator(FIGURE).hover()
    page.mouse.wheel(0, 50)

    expect(page.locator(".headline__sentence")).to_contain_text("2 of 2 models say Normal")
    expect(dock.get_by_label("Note (optional)")).to_have_value("seen on two slices")
    expect(dock).to_contain_text("slice 2")


def test_each_file_has_its_result_and_a_series_is_one_study(drawn_page: Page, tmp_path: Path) -> None:
    page = drawn_page
    paths = []
    for number, data in enumerate([*series(3), slice_png(7), b"these are words"]):
        path = tmp_path / f"file-{number}"
        path.write_bytes(data)
        paths.append(path)
    page.goto("/studies/new")
    page.locator("input[type=file]").set_input_files(paths)
    rows = page.locator(".file-list__row")
    expect(rows).to_have_count(5)
    check(page)

    page.get_by_role("button", name="Upload and read").click()

    expect(rows.nth(4)).to_contain_text("Not taken")
    expect(rows.nth(4)).to_contain_text("no image that can be read here")
    for number in range(4):
        expect(rows.nth(number)).to_contain_text("Uploaded, queued")
    opened = [row.get_attribute("href") for row in rows.locator("[data-open]").all()]
    assert opened[0] == opened[1] == opened[2] != opened[3]
