"""One clinician, one slice, from the log-in to the history: what the whole program is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect

from ml.tasks import task
from tests.browser.steps import await_end, log_in, upload

SPEC = task("sij_mri")


def test_a_clinician_reads_a_slice_and_finds_it_again(
    server: str, browser: Browser, account: object, watched: Callable[[Page], Page], stir_slice: Path
) -> None:
    context = browser.new_context(base_url=server)
    page = watched(context.new_page())
    page.goto("/")
    log_in(page)

    upload(page, stir_slice, "SIJ-0424")
    expect(page.locator("[data-model]")).to_have_count(len(SPEC.models))
    await_end(page)

    expect(page.locator(".headline__sentence")).to_contain_text("say")
    columns = page.locator("article[data-model]")
    assert columns.evaluate_all("all => all.map(one => one.dataset.model)") == [m.key for m in SPEC.models]
    for model in SPEC.models:
        column = page.locator(f"article[data-model={model.key}]")
        expect(column).to_contain_text(model.name)
        if model.kind != "region":
            expect(column.locator(".score-bars__row")).to_have_count(sum(len(h.labels) for h in SPEC.heads))
        if model.kind == "classification":
            expect(column.locator("[data-colour-bar]").first).to_be_visible()
        elif model.kind == "lesion":
            expect(column.locator(".prediction__lesion")).to_be_visible()
        else:
            expect(column.get_by_text("Share of the image")).to_be_visible()

    page.get_by_role("link", name="Worklist").click()
    page.get_by_label("Patient code").fill("SIJ-0424")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="SIJ-0424")).to_be_visible()
    assert "SIJ-0424" not in page.url

    page.goto("/account")
    page.get_by_role("button", name="Log out").first.click()
    page.wait_for_url("**/login*")
    page.goto("/studies")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    context.close()


def test_an_image_that_is_no_mri_is_stopped_and_not_guessed(page: Page, not_an_mri: Path) -> None:
    upload(page, not_an_mri, "SIJ-0421")
    await_end(page)

    expect(page.locator(".headline__sentence")).to_contain_text("Not read.")
    expect(page.get_by_role("heading", name="What the gate saw")).to_be_visible()
    expect(page.locator("article[data-model]")).to_have_count(0)


def test_a_file_that_is_no_image_gets_a_sentence_beside_it_and_keeps_what_was_typed(
    page: Page, tmp_path: Path
) -> None:
    text = tmp_path / "letter.png"
    text.write_text("This is a letter and not a picture.")
    page.goto("/studies/new")
    page.locator("input[type=file]").set_input_files(text)
    page.get_by_label("Patient code").fill("SIJ-0500")
    page.get_by_label("Note").fill("left side")

    page.get_by_role("button", name="Upload and read").click()

    expect(page.locator(".file-list__error")).to_contain_text("no image")
    expect(page.get_by_label("Patient code")).to_have_value("SIJ-0500")
    expect(page.get_by_label("Note")).to_have_value("left side")


def test_where_a_proxy_swallows_the_events_the_page_asks_by_itself(
    signed_in: BrowserContext, stir_slice: Path, study: str
) -> None:
    page = signed_in.new_page()
    page.route("**/events", lambda route: route.abort())

    upload(page, stir_slice, "SIJ-0425")

    await_end(page)
    expect(page.locator("article[data-model]")).to_have_count(len(SPEC.models))


def test_two_models_can_be_chosen_and_only_they_answer(page: Page, stir_slice: Path, study: str) -> None:
    page.goto("/studies/new")
    page.locator("input[type=file]").set_input_files(stir_slice)
    for model in SPEC.models[2:]:
        page.get_by_role("checkbox", name=model.name).uncheck()
    page.get_by_role("button", name="Upload and read").click()
    page.wait_for_url("**/studies/*-*")
    await_end(page)

    expect(page.locator("article[data-model]")).to_have_count(2)
    expect(page.locator(".headline__sentence")).to_contain_text("Region only")


def test_a_deleted_study_can_be_brought_back(page: Page, stir_slice: Path, study: str) -> None:
    upload(page, stir_slice, "SIJ-0426")
    await_end(page)

    page.get_by_label("More").click()
    page.get_by_role("button", name="Delete study").click()
    expect(page.get_by_role("link", name="SIJ-0426")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()

    expect(page.locator(".headline__patient")).to_have_text("SIJ-0426")
