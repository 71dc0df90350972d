"""`python -m ml report`: one page, whole in itself, that says what a model is, is worth and gets wrong; for every task."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ml.cli import main
from ml.images.decode import decode
from ml.registry import registry
from ml.reporting.f2_curve import f2_by_threshold
from ml.tasks import tasks
from tests.ml.drawn_world import HONEST, LEAKY, PER_LABEL, World, drawn_world


@pytest.fixture(scope="module", params=tasks(), ids=lambda spec: spec.key)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with drawn_world(request.param, tmp_path_factory.mktemp("world")) as drawn:
        yield drawn


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def page(world: World, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("report") / "report.html"
    result = run(
        *("report", world.spec.key, world.spec.default_model),
        *("--data", world.data, "--part", "test", "--out", file),
    )
    assert result.exit_code == 0, result.output
    return file.read_text(encoding="utf-8")


class _Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_in_itself_and_runs_nothing(page: str) -> None:
    tags = _Tags(page)

    names = {name for name, _ in tags.found}
    assert not tags.open
    assert not names & {"script", "link", "iframe", "object", "form"}
    assert not re.search(r"https?://|@import|url\(", page.split("</style>")[0])
    sources = [attributes["src"] or "" for name, attributes in tags.found if name == "img"]
    assert sources
    for source in sources:
        assert source.startswith("data:image/png;base64,")
        decode(base64.b64decode(source.partition(",")[2]))
    assert all(attributes["alt"] for name, attributes in tags.found if name == "img")


def test_it_says_first_that_it_holds_images_of_patients(page: str) -> None:
    text = page.partition("<body>")[2]

    assert text.index("must not leave this place") < text.index("<h2>")


def test_it_holds_what_the_card_says(world: World, page: str) -> None:
    for said in (
        *("intended use", "not for", "known failures", "Drawn for a test.", "SHA-256", "1.0.0"),
        *(world.spec.wording.limits[0][:20], "9 images of 3 patients", "Research use only"),
    ):
        assert said in page
    assert "published (LEAKY: not what it is worth on new patients)" in page


def test_each_figure_has_its_interval_and_n(world: World, page: str) -> None:
    labels = len(world.spec.heads[0].labels)

    assert f"{PER_LABEL * labels} images of {PER_LABEL} patients" in page
    assert "95 % interval, by patient" in page
    assert re.search(r"accuracy</th><td class=\"number\">0\.750</td><td class=\"number\">0\.\d+ to", page)


def test_confusion_is_shown_in_images_and_in_shares(world: World, page: str) -> None:
    head = world.spec.heads[0]

    for caption in ("Confusion matrix, images", "Confusion matrix, row-normalised"):
        assert page.count(caption) == len(world.spec.heads)
    right = f'<td class="number">{PER_LABEL - 1}</td>'
    assert page.count(right) >= len(head.labels)
    assert '<td class="number">0.750</td>' in page


def test_errors_and_finds_are_shown_by_label_with_what_was_said(world: World, page: str) -> None:
    head = world.spec.heads[0]
    for label in head.labels if head.positive is None else (head.positive,):
        assert f"False negatives: {label} by the readers, and missed" in page
        assert f"True positives: {label}, and called so" in page
        assert f"Readers: {label}. Model: {label} (" in page
    assert ("False positives" in page) == (head.positive is not None)
    missed = head.labels.index(head.positive or head.labels[0])
    assert f"{missed}_{PER_LABEL - 1}, patient p{PER_LABEL - 1}. Readers: {head.labels[missed]}" in page


def test_the_f2_curve_is_there_where_the_tasks_threshold_follows_it(world: World, page: str) -> None:
    assert ('alt="F2 by threshold"' in page) == (world.spec.threshold_rule == "f2")
    if world.spec.heads[0].positive is not None:
        assert 'alt="roc"' in page
        assert 'alt="calibration"' in page


def test_a_region_model_shows_the_masks_that_agree_least(world: World, tmp_path: Path) -> None:
    for model in world.spec.models:
        if model.kind == "region":
            result = run(
                "report", world.spec.key, model.key, "--data", world.data, "--out", tmp_path / "r.html"
            )

            assert result.exit_code == 0, result.output
            page = (tmp_path / "r.html").read_text()
            assert "Least agreement with the readers’ outline" in page
            assert "Dice 1.00" in page
            return


def test_what_was_learned_from_is_named_before_the_figures(page: str) -> None:
    assert page.index("learned from 1 of the patients measured here") < page.index("<h2>Figures</h2>")


@pytest.mark.parametrize("protocol", [HONEST, LEAKY])
def test_figures_of_folds_are_named_so_and_leaky_ones_leaky(
    protocol: str, world: World, tmp_path: Path
) -> None:
    words = ("report", world.spec.key, world.spec.default_model, "--data", world.data)

    result = run(*words, "--protocol", protocol, "--out", tmp_path / "r.html")

    assert result.exit_code == 0, result.output
    page = (tmp_path / "r.html").read_text()
    assert f"networks of the protocol “{protocol}”" in page
    assert "heatmaps are those of the published weights" in page
    assert ("<strong>Leaky figures.</strong>" in page) == (protocol == LEAKY)
    assert "Too good" not in page


def test_without_weights_the_figures_of_folds_are_told_all_the_same(world: World, tmp_path: Path) -> None:
    words = ("report", world.spec.key, world.spec.default_model, "--data", world.data)
    weights = world.models / world.spec.key / world.spec.default_model / "weights.safetensors"
    registry.cache_clear()
    weights.rename(weights.with_suffix(".away"))

    result = run(*words, "--protocol", HONEST, "--out", tmp_path / "r.html")

    weights.with_suffix(".away").rename(weights)
    assert result.exit_code == 0, result.output
    page = (tmp_path / "r.html").read_text()
    assert "No images are shown: The weights of" in page
    assert "Confusion matrix, images" in page


def test_a_protocol_that_the_model_was_not_trained_by_is_refused_in_a_sentence(
    world: World, tmp_path: Path
) -> None:
    words = ("report", world.spec.key, world.spec.default_model, "--data", world.data)

    result = run(*words, "--protocol", "by_patient", "--out", tmp_path / "r.html")

    assert result.exit_code == 2
    assert "by_patient" in result.stderr
    assert not (tmp_path / "r.html").exists()


def test_nothing_is_written_into_the_data_folder(world: World) -> None:
    words = ("report", world.spec.key, world.spec.default_model, "--data", world.data)

    assert run(*words, "--out", world.data / "r.html").exit_code == 2
    assert not (world.data / "r.html").exists()


def test_f2_weighs_a_missed_positive_four_times_a_false_alarm() -> None:
    positive, scores = np.array([True, True, False]), np.array([0.9, 0.2, 0.4])

    thresholds, f2 = f2_by_threshold(positive, scores)

    assert thresholds.tolist() == [0.2, 0.4, 0.9]
    assert f2 == pytest.approx([10 / 11, 5 / (5 + 4 + 1), 5 / (5 + 4)])
