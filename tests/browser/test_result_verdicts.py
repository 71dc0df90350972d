"""A verdict by keyboard alone, without script too; a second reader who answers before the models are shown.

No network reads here: what the models say is drawn.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from ml.tasks import task
from tests.browser.steps import log_in
from tests.browser.test_every_page import check
from tests.webapp.conftest import AuthActions
from tests.webapp.reading_room import REGION, STATUS, finish, uploaded

SPEC = task("sij_mri")
SIZES = [(1366, 768), (820, 1180)]


@pytest.fixture
def study(drawn: Flask, drawn_reader: FlaskClient) -> str:
    """The path of a study that all models of the sacroiliac task have read."""
    uuid = uploaded(drawn_reader, models=[model.key for model in SPEC.models])
    finish(drawn, uuid)
    return f"/studies/{uuid}"


@pytest.fixture
def second_reader(drawn_reader: FlaskClient) -> Callable[[bool], None]:
    def switch(on: bool) -> None:
        fields = {"second_reader": "y"} if on else {}
        AuthActions(drawn_reader).post("/account/second-reader", form_page="/account", **fields)

    return switch


def test_a_verdict_is_signed_by_keyboard_alone(drawn_page: Page, study: str) -> None:
    drawn_page.set_viewport_size({"width": 1366, "height": 768})
    drawn_page.goto(study)
    keys = [model.key for model in SPEC.models]
    for _ in range(keys.index(STATUS)):
        drawn_page.keyboard.press("m")
    dock = drawn_page.locator(f"form[data-verdict={STATUS}]")
    expect(dock).to_be_in_viewport(ratio=1)
    expect(drawn_page.locator("form[data-verdict]:visible")).to_have_count(1)

    drawn_page.keyboard.press("d")
    expect(dock.get_by_label("Disagree")).to_be_checked()
    check(drawn_page)
    dock.get_by_label("Right answer: AS status").select_option("Negative")
    dock.get_by_label("Right answer: Stage").select_option("Normal")
    dock.get_by_label("Reason").select_option("artefact")
    with drawn_page.expect_navigation():
        drawn_page.keyboard.press("Control+Enter")

    expect(drawn_page.get_by_text("Your verdict is signed.")).to_be_visible()
    card = drawn_page.locator(f"article[data-model={STATUS}]")
    expect(card.locator(".prediction__verdict")).to_contain_text("Disagree AS status Negative, Stage Normal")
    expect(dock).to_be_visible()
    check(drawn_page)


def test_a_verdict_that_is_not_whole_comes_back_with_what_was_typed(drawn_page: Page, study: str) -> None:
    drawn_page.goto(study)
    drawn_page.locator(f"article[data-model={STATUS}]").get_by_role("link", name="Give a verdict").click()
    drawn_page.keyboard.press("u")
    drawn_page.locator(f"form[data-verdict={STATUS}]").get_by_label("Note").fill("cut off at the left")
    with drawn_page.expect_navigation():
        drawn_page.keyboard.press("Control+Enter")

    expect(drawn_page.get_by_role("alert")).to_have_text("Choose a reason.")
    expect(drawn_page.get_by_label("Note (optional)")).to_have_value("cut off at the left")
    check(drawn_page)


def test_without_script_the_verdict_has_a_page_of_its_own(
    drawn_address: str, browser: Browser, study: str
) -> None:
    context = browser.new_context(base_url=drawn_address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/login")
    log_in(page)
    page.goto(study)
    expect(page.locator("form[data-verdict]:visible")).to_have_count(0)
    page.locator(f"article[data-model={REGION}]").get_by_role("link", name="Give a verdict").click()
    page.get_by_label("Agree", exact=False).first.check(force=True)
    page.get_by_role("button", name="Sign as").click()

    expect(page.get_by_text("Your verdict is signed.")).to_be_visible()
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_second_reader_sees_the_models_after_the_own_answer(
    drawn_page: Page, study: str, second_reader: Callable[[bool], None], size: tuple[int, int]
) -> None:
    second_reader(True)
    drawn_page.set_viewport_size({"width": size[0], "height": size[1]})
    asked: list[str] = []
    drawn_page.on("request", lambda request: asked.append(request.url))
    drawn_page.goto(study)
    expect(drawn_page.get_by_role("heading", level=1)).to_contain_text("give your own answer first")
    expect(drawn_page.locator("article[data-model]")).to_have_count(0)
    assert [url for url in asked if "/files/" in url and not url.endswith("preview.png")] == []
    check(drawn_page)
    assert drawn_page.evaluate("document.documentElement.scrollWidth") <= size[0]

    drawn_page.get_by_role("group", name="AS status").get_by_label("Negative").check(force=True)
    drawn_page.get_by_role("group", name="Stage").get_by_label("Cannot tell").check(force=True)
    with drawn_page.expect_navigation():
        drawn_page.keyboard.press("Control+Enter")

    expect(drawn_page.get_by_text("AS status Negative, Stage: cannot tell")).to_be_visible()
    expect(drawn_page.locator("article[data-model]")).to_have_count(len(SPEC.models))
    second_reader(False)


@pytest.mark.parametrize("path", ["/performance?task=sij_mri", "/account"])
def test_performance_and_account_are_usable_by_everybody(drawn_page: Page, study: str, path: str) -> None:
    for width, height in SIZES:
        drawn_page.set_viewport_size({"width": width, "height": height})
        drawn_page.goto(path)

        check(drawn_page)
        assert drawn_page.evaluate("document.documentElement.scrollWidth") <= width
