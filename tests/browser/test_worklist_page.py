"""The worklist in a real browser: by keyboard alone, while one types, and without script; its pages for everybody."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import log_in
from tests.browser.test_every_page import check
from tests.webapp.people import log_in_as
from tests.webapp.reading_room import LESION, REGION, STATUS, finish, uploaded


@pytest.fixture(scope="module")
def studies(drawn: Flask, drawn_reader: FlaskClient) -> list[str]:
    """Four studies, the earliest first: two of one patient, one without a code, one that waits."""
    log_in_as(drawn, "colleague")
    codes = ("SIJ-0417", "SIJ-0409", "", "SIJ-0417")
    models = [REGION, STATUS, LESION]
    uuids = [uploaded(drawn_reader, patient_code=code, models=models) for code in codes]
    for uuid, stage in zip(uuids[1:], ("Early", "Normal", "Advanced"), strict=True):
        finish(drawn, uuid, "Positive", stage)
    return uuids


def test_rows_are_found_selected_and_opened_by_keys_alone(drawn_page: Page, studies: list[str]) -> None:
    page = drawn_page
    page.goto("/studies")
    bar, ticked = page.locator("[data-selection]"), page.locator("td > .tick:checked")
    expect(bar).to_be_hidden()

    for key in ("j", "Space", "j", "j", "Space", "k"):
        page.keyboard.press(key)
    expect(ticked).to_have_count(2)
    expect(page.get_by_text("2 selected")).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    expect(ticked).to_have_count(0)
    expect(bar).to_be_hidden()

    page.keyboard.press("/")
    page.keyboard.type("sij-041")
    expect(page.locator("[data-row]")).to_have_count(2)
    expect(page.locator("#code")).to_be_focused()
    assert page.url.endswith("/studies")
    page.get_by_role("button", name="Date").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Date")
    expect(page.locator("[data-row]")).to_have_count(2)
    assert "041" not in page.url
    expect(bar).to_be_hidden()  # the page's script has begun
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"/studies/{studies[3]}")


def test_without_script_everything_is_a_form(
    drawn_address: str, drawn: Flask, browser: Browser, studies: list[str]
) -> None:
    context = browser.new_context(base_url=drawn_address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/login")
    log_in(page)

    page.locator("td > .tick").first.check()
    page.get_by_placeholder("Label").fill("teaching")
    page.get_by_role("button", name="Add label").click()
    expect(page.locator(".worklist__label")).to_have_text("teaching")
    page.get_by_role("searchbox").fill("0409")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.goto("/studies")
    page.get_by_role("link", name="Patient", exact=True).click()
    expect(page).to_have_url("/studies?sort=patient&dir=asc")
    page.locator("td > .tick").first.check()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("[data-row]")).to_have_count(3)
    page.get_by_role("button", name="Undo").click()
    page.goto("/studies")
    expect(page.locator("[data-row]")).to_have_count(4)
    context.close()


def test_patient_sharing_and_deleting_are_usable_by_everybody(drawn_page: Page, studies: list[str]) -> None:
    page = drawn_page
    page.goto(f"/studies/{studies[3]}/patient")
    expect(page.get_by_role("heading", name="Patient SIJ-0417")).to_be_visible()
    check(page)

    page.goto(f"/studies/{studies[3]}/sharing")
    page.get_by_label("Colleague").select_option("colleague@clinic.example")
    page.get_by_role("button", name="Share this study").click()
    expect(page.get_by_role("button", name="End sharing with colleague@clinic.example")).to_be_visible()
    check(page)

    for width in (1366, 820):
        page.set_viewport_size({"width": width, "height": 1000})
        for path in ("/studies", f"/studies/{studies[3]}/patient", f"/studies/{studies[3]}/sharing"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
