"""`python -m ml gallery`: found, falsely raised and missed, against what was drawn; for every task of the registry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from ml.cli import main
from ml.explain.attention_share import overlap_by_chance, overlap_of_hottest
from ml.explain.contact_sheet import contact_sheet
from ml.tasks import tasks
from tests.ml.drawn_world import PER_LABEL, World, drawn_world, square_of


@pytest.fixture(scope="module", params=tasks(), ids=lambda spec: spec.key)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with drawn_world(request.param, tmp_path_factory.mktemp("world")) as drawn:
        yield drawn


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def shown(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    out = tmp_path_factory.mktemp("gallery") / "out"
    result = run("gallery", world.spec.key, world.spec.default_model, "--data", world.data, "--out", out)
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads((out / "gallery.json").read_text())
    return report, out


def test_each_label_is_counted_by_what_was_found_raised_and_missed(
    world: World, shown: tuple[dict[str, Any], Path]
) -> None:
    report, _ = shown

    assert set(report["by_label"]) == set(world.spec.heads[0].labels)
    for figures in report["by_label"].values():
        assert figures["n_true_positives"] == PER_LABEL - 1
        assert figures["n_false_positives"] == figures["n_false_negatives"] == 1
        assert (figures["n_images"], figures["n_patients"]) == (PER_LABEL, PER_LABEL)


def test_each_sheet_shows_its_images_with_label_and_answer(
    world: World, shown: tuple[dict[str, Any], Path]
) -> None:
    report, out = shown
    labels = world.spec.heads[0].labels

    assert len(report["sheets"]) == 3 * len(labels)
    for name, sheet in report["sheets"].items():
        assert cv2.imread(str(out / name)) is not None
        for image in sheet["images"]:
            right = {"true_positives": (True, True), "false_positives": (False, True)}
            says = (image["readers"] == sheet["label"], image["model"] == sheet["label"])
            assert says == right.get(sheet["outcome"], (True, False))


def test_heatmaps_are_measured_against_the_outlined_area_and_beside_chance(
    world: World, shown: tuple[dict[str, Any], Path]
) -> None:
    report, _ = shown
    last = len(world.spec.heads[0].labels) - 1
    name = world.spec.heads[0].labels[last]

    found = report["by_label"][name]["by_outcome"]["true_positives"]

    share = square_of(world.spec, last).mean()
    assert report["masks"] == ["drawn_square"]
    assert found["n_images"] == PER_LABEL - 1
    assert found["energy_in_mask"] > 0.85
    assert found["pointing_game"] == 1.0
    assert found["iou_of_hottest"] > 0.85
    assert found["energy_in_mask_by_chance"] == pytest.approx(share)
    assert found["pointing_game_by_chance"] == pytest.approx(share)
    assert found["iou_of_hottest_by_chance"] == pytest.approx(share / (2 - share))
    assert all(len(found[f"{each}_ci95"]) == 2 for each in ("energy_in_mask", "iou_of_hottest_by_chance"))
    assert "by_outcome" not in report["by_label"][world.spec.heads[0].labels[0]]


def test_what_was_missed_is_looked_for_in_the_heatmap_of_the_label_missed(
    world: World, shown: tuple[dict[str, Any], Path]
) -> None:
    report, _ = shown
    by_outcome = report["by_label"][world.spec.heads[0].labels[-1]]["by_outcome"]

    assert by_outcome["false_negatives"]["n_images"] == 1
    assert by_outcome["false_negatives"]["energy_in_mask"] > 0.85


def test_the_hottest_area_is_as_large_as_the_mask_and_ties_count_by_share() -> None:
    mask = np.zeros((10, 10), bool)
    mask[:2] = True
    rising = np.arange(100, dtype=np.float32).reshape(10, 10)

    assert overlap_of_hottest(mask.astype(np.float32), mask) == 1.0
    assert overlap_of_hottest(rising, mask) == 0.0
    assert overlap_of_hottest(rising[::-1], mask) == 1.0
    assert overlap_of_hottest(np.ones((10, 10), np.float32), mask) == pytest.approx(overlap_by_chance(0.2))
    assert overlap_of_hottest(np.zeros((10, 10), np.float32), mask) is None
    assert overlap_of_hottest(rising, np.zeros((10, 10), bool)) is None


def test_a_contact_sheet_holds_every_tile_whole() -> None:
    tiles = [np.full((20, 40, 3), shade, np.uint8) for shade in (50, 100, 150, 200)]

    sheet = contact_sheet(tiles, ["a", "b", "c", "d"])

    assert sheet.shape[1] == 3 * 40 + 2 * 8
    for shade in (50, 100, 150, 200):
        assert (sheet == shade).all(axis=2).sum() >= 20 * 40


def test_a_model_without_heatmaps_is_refused_and_nothing_is_written_into_the_data(
    world: World, tmp_path: Path
) -> None:
    key, data = world.spec.key, world.data
    for model in world.spec.models:
        if model.kind == "region":
            refused = run("gallery", key, model.key, "--data", data, "--out", tmp_path)
            assert refused.exit_code == 2
            assert "no heatmaps" in refused.stderr

    inside = run("gallery", key, world.spec.default_model, "--data", data, "--out", data / "out")

    assert inside.exit_code == 2
    assert not (data / "out").exists()
