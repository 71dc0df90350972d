"""An audit finds what makes figures look better than they are, and says it in numbers, tables and charts."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from ml import tasks
from ml.cli import main
from ml.data import load
from ml.data.auditing import audit
from ml.data.auditing.duplicates import NEAR, near_pairs, nearest_distances
from ml.data.auditing.figures import write_figures
from ml.data.auditing.perceptual_hash import perceptual_hash
from tests.ml.data.drawn_sources import content, write_image, write_table
from tests.phantoms import noise, sacroiliac_slice

TASK = tasks.task("sij_mri")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight drawn images: most of them with something wrong."""
    data = tmp_path / "data"
    drawn = sacroiliac_slice(320)
    images = {
        "a": noise(seed=1),
        "same": noise(seed=1),  # of another patient, in another part
        "b": noise(seed=2),
        "drawn": drawn,
        "smaller": cv2.resize(drawn, (256, 256), interpolation=cv2.INTER_AREA),
        "blank": np.full((64, 48), 7, np.uint8),
        "blank2": np.full((64, 48), 7, np.uint8),
    }
    for name, pixels in images.items():
        write_image(data / f"images/{name}.png", pixels)
    (data / "images/cut.png").write_bytes((data / "images/a.png").read_bytes()[:300])
    write_image(data / "regions/a.png", np.zeros((256, 256), np.uint8))
    write_image(data / "regions/b.png", noise(64))
    (data / "regions/drawn.png").write_bytes(b"no picture")
    rows = [
        ("a", "p1", "train", 0),
        ("same", "p2", "test", 1),
        ("b", "p1", "val", ""),
        ("drawn", "p3", "train", 1),
        ("smaller", "p3", "train", 1),
        ("blank", "p4", "train", 1),
        ("blank2", "p5", "test", 9),
        ("cut", "", "", ""),
    ]
    write_table(
        data / "labels.csv",
        [
            {
                "image_id": name,
                "file": f"images/{name}.png",
                "region": f"regions/{name}.png" if (data / f"regions/{name}.png").exists() else "",
                "patient_id": patient,
                "sequence": "STIR",
                "as_status": status,
                "stage": "",
                "part": part,
                "region_kind": "",
            }
            for name, patient, part, status in rows
        ],
    )
    return data


@pytest.fixture
def report(folder: Path) -> dict[str, Any]:
    return audit(TASK, load("sij_mri", folder))


@pytest.fixture
def run(folder: Path) -> Callable[..., Result]:
    """`run("--json", file)`: the command on the drawn data."""
    words = ["audit", "sij_mri", "--data", str(folder)]
    return lambda *more: CliRunner().invoke(main, [*words, *map(str, more)])


def test_labels_are_counted_by_part_and_unknown_ones_apart(report: dict[str, Any]) -> None:
    assert report["parts"] == {
        "train": {"n_images": 4, "n_patients": 3},
        "val": {"n_images": 1, "n_patients": 1},
        "test": {"n_images": 2, "n_patients": 2},
        "no part": {"n_images": 1, "n_patients": None},
    }
    assert report["balance"]["as_status"] == {
        "train": {"Negative": 1, "Positive": 3, "not known": 0},
        "val": {"Negative": 0, "Positive": 0, "not known": 1},
        "test": {"Negative": 0, "Positive": 1, "not known": 0, "9": 1},
        "no part": {"Negative": 0, "Positive": 0, "not known": 1},
    }


def test_an_image_without_patient_is_named_and_leaves_their_number_unknown(report: dict[str, Any]) -> None:
    assert report["images_without_patient"] == ["cut"]
    assert report["n_patients"] is None


def test_sizes_are_columns_by_rows(report: dict[str, Any]) -> None:
    assert report["sizes"] == {"256 x 256": 4, "48 x 64": 2, "320 x 320": 1}


def test_blank_and_corrupt_images_are_named(report: dict[str, Any]) -> None:
    assert report["blank"] == ["blank", "blank2"]
    assert list(report["corrupt"]) == ["cut"]
    assert "cannot be decoded" in report["corrupt"]["cut"]


def test_masks_that_say_nothing_or_do_not_fit_are_named(report: dict[str, Any]) -> None:
    assert report["masks"] == {
        "n_masks": 3,
        "blank": ["a"],
        "unreadable": ["drawn"],
        "of_another_size": ["b"],
    }


def test_exact_and_near_duplicates_are_found(report: dict[str, Any]) -> None:
    assert sorted(map(sorted, report["exact_duplicates"])) == [["a", "same"], ["blank", "blank2"]]
    assert [pair[:2] for pair in report["near_duplicates"]["pairs"]] == [("a", "same"), ("drawn", "smaller")]


def test_leakage_is_a_patient_or_a_duplicate_in_two_parts_or_a_duplicate_of_two_patients(
    report: dict[str, Any],
) -> None:
    assert report["leakage"] == {
        "patients_in_several_parts": {"p1": ["train", "val"]},
        "duplicates_across_parts": [("a", "same", 0)],
        "duplicates_across_patients": [("a", "same", 0)],
    }


def test_what_is_not_known_of_an_image_is_no_leakage(folder: Path) -> None:
    unknown = [replace(example, part=None, patient_id=None) for example in load("sij_mri", folder)[1:]]

    leakage = audit(TASK, [load("sij_mri", folder)[0], *unknown])["leakage"]

    assert leakage["duplicates_across_parts"] == leakage["duplicates_across_patients"] == []


def test_a_picture_that_was_compressed_scaled_or_brightened_is_still_the_same() -> None:
    drawn = sacroiliac_slice()
    jpeg = cv2.imdecode(cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_GRAYSCALE)
    changed = {"jpeg": jpeg, "half": cv2.resize(drawn, (128, 128)), "dark": drawn // 2 + 20}

    hashes = {name: perceptual_hash(pixels) for name, pixels in {"drawn": drawn, **changed}.items()}

    assert {pair[:2] for pair in near_pairs(hashes)} >= {("drawn", name) for name in changed}


def test_other_pictures_are_other_pictures() -> None:
    pictures = [noise(seed=n) for n in range(30)] + [sacroiliac_slice(), sacroiliac_slice(sequence="T1W")]
    hashes = {str(n): perceptual_hash(pixels) for n, pixels in enumerate(pictures)}

    assert near_pairs(hashes) == []
    assert min(map(int, nearest_distances(hashes))) > NEAR
    assert sum(nearest_distances(hashes).values()) == 32


def test_many_images_are_compared_in_blocks_and_each_pair_is_named_once() -> None:
    hashes = {str(n): n << 20 for n in range(1100)}
    expected = {
        (str(n), str(m)) for n in range(1100) for m in range(n + 1, 1100) if (n ^ m).bit_count() <= NEAR
    }

    pairs = near_pairs(hashes)

    assert len(pairs) == len(expected)
    assert {pair[:2] for pair in pairs} == expected
    assert [pair[2] for pair in pairs] == sorted(pair[2] for pair in pairs)
    assert nearest_distances(hashes) == {"1": 1100}


def test_the_command_prints_what_it_found_and_writes_it(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("--json", tmp_path / "out/audit.json")

    assert result.exit_code == 0, result.output
    for words in ("LEAKAGE: patients in several parts", "p1 (train, val)", "corrupt images", "256 x 256: 4"):
        assert words in result.stdout
    written = json.loads((tmp_path / "out/audit.json").read_text())
    assert written["leakage"]["duplicates_across_parts"] == [["a", "same", 0]]


def test_json_alone_can_be_piped(run: Callable[..., Result]) -> None:
    assert json.loads(run("--json", "-").stdout)["n_images"] == 8


def test_figures_are_charts_of_counts(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("--figures", tmp_path / "figures")

    assert result.exit_code == 0, result.output
    names = sorted(file.name for file in (tmp_path / "figures").iterdir())
    assert names == ["balance_as_status.png", "balance_stage.png", "nearest_image.png", "sizes.png"]
    for name in names:
        assert cv2.imread(str(tmp_path / "figures" / name)).shape[1] > 500


def test_figures_can_be_drawn_of_a_single_image(folder: Path, tmp_path: Path) -> None:
    report = audit(TASK, load("sij_mri", folder)[:1])

    assert len(write_figures(report, TASK, tmp_path / "figures")) == 4


def test_nothing_is_written_into_the_data(run: Callable[..., Result], folder: Path) -> None:
    before = content(folder)

    for words in (("--json", folder / "audit.json"), ("--figures", folder / "figures")):
        result = run(*words)

        assert result.exit_code == 2
        assert "Nothing is written into a data folder" in result.stderr
    run()
    assert content(folder) == before


def test_a_place_that_cannot_be_written_to_is_named(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    result = run("--figures", tmp_path / "file" / "figures")

    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_who_draws_nothing_loads_no_plotting_library() -> None:
    code = "import sys, ml.data.auditing.figures, ml.data_commands; print('matplotlib' in sys.modules)"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout == "False\n"
