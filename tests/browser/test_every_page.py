"""What holds on every page: it says what it is not, it can be used by everybody, and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.steps import await_end

DOORS = ("/login", "/signup")
PAGES = (
    "/studies",
    "/studies?stage=Advanced&status=Negative",
    "/studies/new",
    "/help",
    "/models",
    "/tasks/sij_mri/definitions",
    "/tasks/sij_mri/models/unet_best",
    "/tasks/sij_mri/models/cnn_classifier",
    "/tasks/sij_mri/models/lesion_mlp",
    "/account",
    "/studies/no-such-study",
)


def check(page: Page) -> None:
    """The notice is there, and axe-core finds nothing serious in either theme."""
    expect(page.get_by_text("Research use only. Not a medical device.")).to_be_visible()
    page.emulate_media(
        reduced_motion="reduce"
    )  # a colour on its way from one theme to the other has no contrast
    for theme in ("dark", "light"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        found: list[dict[str, Any]] = Axe().run(page).response["violations"]
        serious = [
            (theme, one["id"], one["nodes"][0]["html"][:200])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == []


@pytest.mark.parametrize("path", DOORS)
def test_the_doors_are_usable_by_everybody(
    server: str, browser: Browser, account: object, watched: Callable[[Page], Page], path: str
) -> None:
    context = browser.new_context(base_url=server)
    page = watched(context.new_page())
    page.goto(path)

    check(page)
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_usable_by_everybody(page: Page, path: str) -> None:
    page.goto(path)

    check(page)


@pytest.mark.parametrize("size", [(1366, 768), (820, 1180)])
def test_the_result_is_usable_by_everybody(page: Page, study: str, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(study)
    expect(page.locator(".viewport__heatmap:visible").first).to_be_visible()

    check(page)


def test_nothing_sticks_out_of_the_window(page: Page, study: str) -> None:
    for width in (1366, 820):
        page.set_viewport_size({"width": width, "height": 1000})
        for path in (*PAGES, study):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_study_is_uploaded_by_keyboard_alone(signed_in: BrowserContext, stir_slice: Path) -> None:
    page = signed_in.new_page()
    page.goto("/studies")
    page.keyboard.press("n")
    page.wait_for_url("**/studies/new")
    # The dialog of the operating system is not part of the page: the file is given to the field.
    page.locator("input[type=file]").set_input_files(stir_slice)
    page.locator("input[type=file]").focus()
    _tab_to(page, "patient_code")
    page.keyboard.type("SIJ-0430")
    _tab_to(page, "note")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/studies/*-*")
    await_end(page)
    expect(page.locator("[data-toolbar]")).to_be_visible()  # the scripts of the result are there

    page.keyboard.press("b")

    page.wait_for_url("**/studies")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="SIJ-0430").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".headline__patient")).to_have_text("SIJ-0430")


def test_the_first_tab_leads_to_the_content(page: Page) -> None:
    page.goto("/studies")
    page.keyboard.press("Tab")

    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()


def test_single_keys_can_be_switched_off(page: Page) -> None:
    page.goto("/help")
    page.get_by_role("checkbox").uncheck()
    page.goto("/studies")
    page.keyboard.press("n")

    expect(page).to_have_url("/studies")


def _tab_to(page: Page, id: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == id:
            return
    pytest.fail(f"Tab does not reach {id}.")
