"""`python -m ml explain`: attention in the lesion, measured on drawn slices, and carried by the card."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

from ml import reading
from ml.cards import card_file, check_card
from ml.cli import main
from ml.data import load
from ml.images.decode import decode
from ml.tasks import tasks
from tests.phantoms import sacroiliac_region, sacroiliac_slice

SPEC = tasks()[0]
MODEL = next(model for model in SPEC.models if model.kind == "classification").key

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def run() -> Run:
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def drawn_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four drawn slices of two patients: two positive with votes, one negative, one positive that nobody outlined."""
    folder = tmp_path_factory.mktemp("drawn")
    for name in ("images", "regions", "votes"):
        (folder / name).mkdir()
    rows = ["image_id,file,region,votes,patient_id,part,as_status,stage"]
    for n, (patient, status, voted) in enumerate([("a", 1, 1), ("b", 1, 1), ("b", 0, 1), ("b", 1, 0)]):
        write(folder / f"images/{n}.png", sacroiliac_slice(seed=n, oedema=status))
        write(folder / f"regions/{n}.png", sacroiliac_region() * 255)
        write(folder / f"votes/{n}.png", votes(size=10 + 10 * n) * status)
        named = f"votes/{n}.png" if voted else ""
        rows.append(f"{n},images/{n}.png,regions/{n}.png,{named},{patient},test,{status},{2 * status}")
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder


def votes(size: int) -> np.ndarray:
    """A square that two readings outlined within one that a single reading did, (256, 256)."""
    picture = np.zeros((256, 256))
    picture[80:160, 150:210] = 60
    picture[100 : 100 + size, 165 : 165 + size] = 120
    return picture


def write(file: Path, picture: np.ndarray) -> None:
    cv2.imwrite(str(file), picture.astype(np.uint8))


@pytest.fixture(scope="module")
def report(run: Run, drawn_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("report") / "heatmaps.json"

    result = run("explain", SPEC.key, MODEL, "--data", drawn_data, "--json", file)

    assert result.exit_code == 0, result.output
    assert "unfocused: lift" in result.stdout
    figures: dict[str, Any] = json.loads(file.read_text())
    return figures


def test_the_positive_images_with_readings_are_measured(report: dict[str, Any]) -> None:
    assert (report["n_images"], report["n_patients"], report["n_unreadable"]) == (2, 2, 0)
    assert report["lesion_share_of_image"] == pytest.approx((10**2 + 20**2) / 2 / 256**2)
    assert report["region_share_of_image"] == pytest.approx(sacroiliac_region().mean())


@pytest.mark.parametrize("name", ["unfocused", "focused"])
def test_shares_are_those_of_the_heatmaps_that_a_reading_shows(
    name: str, report: dict[str, Any], drawn_data: Path
) -> None:
    lesions = np.stack([votes(size) == 120 for size in (10, 20)])
    both = lesions & sacroiliac_region()
    maps, positive = [], []
    for example in load(SPEC.key, drawn_data)[:2]:
        passed = reading.GateFindings("STIR", {}, "passed")
        (answer,) = reading.read(decode(example.path.read_bytes()), SPEC.key, [MODEL], passed)
        heatmap = answer.heatmap if name == "unfocused" else answer.heatmap_focused
        maps.append(heatmap / heatmap.sum())
        positive.append(answer.labels["as_status"] == "Positive")

    measured = report["by_map"][name]

    in_lesion, in_region, in_both = (
        (maps * area).sum(axis=(1, 2)) for area in (lesions, sacroiliac_region(), both)
    )
    even_in_region = both.mean() / sacroiliac_region().mean()
    assert measured["n_images"] == 2
    assert measured["attention_in_lesion"] == pytest.approx(in_lesion.mean(), abs=1e-5)
    assert measured["attention_in_lesion_ci95"] == pytest.approx(sorted(in_lesion), abs=1e-5)
    assert measured["attention_in_region"] == pytest.approx(in_region.mean(), abs=1e-5)
    assert measured["lift"] == pytest.approx(in_lesion.mean() / lesions.mean(), rel=1e-3)
    assert measured["lift_in_region"] == pytest.approx(
        in_both.mean() / in_region.mean() / even_in_region, rel=1e-3
    )
    assert report["n_answered_positive"] == sum(positive)
    if any(positive):
        where_positive = in_lesion[positive].mean() / lesions[positive].mean()
        assert measured["lift_where_positive"] == pytest.approx(where_positive, rel=1e-3)
    else:
        assert measured["lift_where_positive"] is None


def test_the_trained_heatmap_is_another_than_that_of_randomised_weights(report: dict[str, Any]) -> None:
    for name in ("heatmap_correlation_after_randomising", "heatmap_correlation_after_randomising_logits"):
        assert abs(report[name]) < 0.9
        assert len(report[f"{name}_ci95"]) == 2


def test_a_card_carries_the_figures_to_four_digits_and_is_refused_without_their_intervals(
    report: dict[str, Any], drawn_data: Path
) -> None:
    from ml.explain.figures import card_heatmaps

    fields = yaml.safe_load(card_file(SPEC.key, MODEL).read_text())
    heatmaps = card_heatmaps(SPEC, MODEL, load(SPEC.key, drawn_data))

    assert heatmaps["by_map"]["focused"]["lift"] == round(report["by_map"]["focused"]["lift"], 4)
    assert yaml.safe_load(yaml.safe_dump(heatmaps)) == heatmaps
    assert check_card({**fields, "heatmaps": heatmaps}) == []
    del heatmaps["by_map"]["focused"]["lift_ci95"], heatmaps["n_patients"]
    assert check_card({**fields, "heatmaps": heatmaps}) == [
        "heatmaps.n_patients: missing",
        "heatmaps.by_map.focused.lift_ci95: missing",
    ]


def test_without_images_to_measure_figures_are_null_and_it_is_said(run: Run, drawn_data: Path) -> None:
    result = run("explain", SPEC.key, MODEL, "--data", drawn_data, "--part", "val", "--json", "-")

    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert (found["n_images"], found["by_map"]["focused"]["lift"]) == (0, None)
    assert "readers' votes" in result.stderr


def test_a_model_without_heatmaps_is_refused_with_a_sentence(run: Run, drawn_data: Path) -> None:
    region_model = next(model for model in SPEC.models if model.kind == "region")

    result = run("explain", SPEC.key, region_model.key, "--data", drawn_data)

    assert result.exit_code == 2
    assert f"{region_model.name} gives a mask and no heatmaps" in result.stderr
    assert MODEL in result.stderr


def test_nothing_is_written_into_the_data_folder(run: Run, drawn_data: Path) -> None:
    result = run("explain", SPEC.key, MODEL, "--data", drawn_data, "--json", drawn_data / "figures.json")

    assert result.exit_code == 2
    assert not (drawn_data / "figures.json").exists()
