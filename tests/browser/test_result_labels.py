"""A task whose labels have no order: a card for each model's label, and all scores of all models in one chart.

No network reads here: what the models say is drawn, so that these tests need neither weights nor a patient's image.
"""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from ml.tasks import TaskSpec
from tests.browser.test_every_page import check
from tests.webapp.every_task import SPECS, answers
from tests.webapp.reading_room import finish_with, uploaded

SPEC = next(spec for spec in SPECS if not spec.heads[0].ordinal and len(spec.heads[0].labels) == 4)
HEAD = SPEC.heads[0]
SIZES = [(1366, 768), (820, 1180), (400, 900)]
AT_ONCE = 5
"""Models that stand beside each other at 1366 px, with the agreement map in front."""


def read(drawn: Flask, reader: FlaskClient, spec: TaskSpec, *places: int) -> str:
    """The path of a study whose models say the labels at these places, in turn."""
    uuid = uploaded(reader, task=spec.key, models=[model.key for model in spec.models])
    finish_with(drawn, uuid, answers(spec, *places))
    return f"/studies/{uuid}"


@pytest.fixture(scope="module")
def study(drawn: Flask, drawn_reader: FlaskClient) -> str:
    """A study of which the first model says the first label and the second the third."""
    return read(drawn, drawn_reader, SPEC, 0, 2)


@pytest.fixture
def result(drawn_page: Page, study: str) -> Page:
    drawn_page.set_viewport_size({"width": 1366, "height": 768})
    drawn_page.goto(study)
    expect(drawn_page.locator(".viewport__heatmap:visible").first).to_be_visible()
    return drawn_page


def test_all_scores_of_all_models_stand_side_by_side(result: Page) -> None:
    chart = result.get_by_role("table", name=f"Scores by model: {HEAD.name}")

    rows = [
        row.all_inner_texts() for row in (row.locator("th, td") for row in chart.locator("tbody tr").all())
    ]
    assert rows == [
        [label, "0.70" if i == 0 else "0.10", "0.70" if i == 2 else "0.10"]
        for i, label in enumerate(HEAD.labels)
    ]
    expect(chart).to_be_in_viewport(ratio=1)


def test_a_bar_is_as_long_as_its_score(result: Page) -> None:
    bars = result.locator(".score-chart tbody tr").first.locator("svg")

    shares = [
        bar.evaluate("svg => svg.children[1].getBBox().width / svg.children[0].getBBox().width")
        for bar in bars.all()
    ]
    assert shares == pytest.approx([0.7, 0.1], abs=0.01)
    assert all((bar.bounding_box() or {"width": 0})["width"] > 40 for bar in bars.all())


def test_each_card_has_the_label_its_score_and_how_sure_the_model_is(result: Page) -> None:
    for model, label in zip(SPEC.models, (HEAD.labels[0], HEAD.labels[2]), strict=True):
        card = result.locator(f"article[data-model={model.key}]")
        expect(card.locator(".prediction__answer")).to_have_text(label)
        expect(card.locator(".score-card__value")).to_have_text("0.70")
        expect(card.get_by_text("Risk of error")).to_be_in_viewport(ratio=1)
        expect(card.get_by_text("Uncertainty")).to_be_in_viewport(ratio=1)


def test_the_disagreement_is_said_in_words(result: Page) -> None:
    expect(result.get_by_role("heading", level=1)).to_have_text(
        f"Models disagree: 1 says {HEAD.labels[0]}, 1 says {HEAD.labels[2]}."
    )


def test_one_heatmap_goes_off_and_on_by_key(result: Page) -> None:
    layer = result.locator(".viewport__heatmap").first
    expect(result.get_by_role("button", name="Focused")).to_have_count(0)

    result.keyboard.press("h")
    expect(layer).to_be_hidden()
    result.keyboard.press("h")
    expect(layer).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_it_is_usable_by_everybody_and_nothing_sticks_out(result: Page, size: tuple[int, int]) -> None:
    result.set_viewport_size({"width": size[0], "height": size[1]})

    check(result)
    assert result.evaluate("document.documentElement.scrollWidth") <= size[0]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
def test_every_model_of_a_task_is_seen_at_once_or_reached_sideways_where_they_are_many(
    drawn: Flask, drawn_reader: FlaskClient, drawn_page: Page, spec: TaskSpec
) -> None:
    drawn_page.set_viewport_size({"width": 1366, "height": 768})
    drawn_page.goto(read(drawn, drawn_reader, spec, -1))

    many = len(spec.models) > AT_ONCE
    for model in spec.models:
        large = drawn_page.get_by_role("button", name=f"Show {model.name} large")
        if many:
            large.focus()
        expect(large).to_be_in_viewport(ratio=1)
    voters = [model.key for model in spec.models if model.kind != "region"]
    for key in voters:
        risk = drawn_page.locator(f"article[data-model={key}]").get_by_text("Risk of error")
        if many:
            risk.scroll_into_view_if_needed()
        expect(risk).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("path", ["/studies", "/studies/new", "/help", "/models"])
def test_pages_with_many_tasks_are_usable_by_everybody(drawn_page: Page, study: str, path: str) -> None:
    for width, height in SIZES[:2]:
        drawn_page.set_viewport_size({"width": width, "height": height})
        drawn_page.goto(path)

        check(drawn_page)
        assert drawn_page.evaluate("document.documentElement.scrollWidth") <= width


def test_another_task_brings_its_own_models_and_hint(drawn_page: Page) -> None:
    drawn_page.goto("/studies/new")
    drawn_page.get_by_label("Task").select_option(SPEC.key)

    expect(drawn_page.get_by_text(SPEC.wording.upload_hint)).to_be_visible()
    chosen = drawn_page.locator("input[name=models]:visible")
    expect(chosen).to_have_count(len(SPEC.models))
    assert all(box.is_enabled() and box.is_checked() for box in chosen.all())
