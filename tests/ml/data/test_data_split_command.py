"""`python -m ml split`: who trains, who stops the training and who is held out, in a file."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ml.cli import main
from ml.data import load
from ml.data.preparing import prepare_dataset
from ml.data.split import PROTOCOLS, folds
from ml.tasks import task
from tests.ml.data.drawn_sources import lumbar_source, write_image, write_table
from tests.phantoms import noise

Run = Callable[..., Result]

SUGGESTED = ("part_stratified", "part_center", "md5")
"""Protocols whose parts stand in the tables of other tasks."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two drawn images of each of fourteen patients, half of them positive, each patient in one part."""
    parts = ["train"] * 8 + ["val"] * 2 + ["test"] * 4
    rows = [
        {
            "image_id": f"i{number}",
            "file": f"{number}.png",
            "patient_id": f"p{number // 2}",
            "part": parts[number // 2],
            "as_status": number // 2 % 2,
        }
        for number in range(28)
    ]
    for row in rows:
        write_image(tmp_path / "data" / row["file"], noise(64))
    write_table(tmp_path / "data/labels.csv", rows)
    return tmp_path / "data"


@pytest.fixture
def run(data: Path) -> Run:
    """`run("grouped", out)`: the command on the drawn data."""
    words = ["split", "sij_mri", "--data", str(data), "--protocol"]
    return lambda protocol, out: CliRunner().invoke(main, [*words, protocol, "--out", str(out)])


def written(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("protocol", [protocol for protocol in PROTOCOLS if protocol not in SUGGESTED])
def test_every_image_of_every_fold_is_written_with_its_side(
    protocol: str, run: Run, data: Path, tmp_path: Path
) -> None:
    result = run(protocol, tmp_path / "out/split.csv")

    assert result.exit_code == 0, result.output
    expected = [
        {"image_id": e.image_id, "patient_id": e.patient_id, "fold": fold.name, "part": part}
        for fold in folds(load("sij_mri", data), protocol, "as_status")
        for part, side in (("train", fold.train), ("val", fold.val), ("held_out", fold.held_out))
        for e in side
    ]
    assert written(tmp_path / "out/split.csv") == expected


def test_the_published_split_is_named_leaky(run: Run, tmp_path: Path) -> None:
    assert "published, LEAKY" in run("published", tmp_path / "split.csv").stdout


def test_parts_that_tear_patients_apart_are_named_leaky_too(tmp_path: Path) -> None:
    prepare_dataset(task("lumbar"), lumbar_source(tmp_path / "source"), tmp_path / "data")
    words = ["split", "lumbar", "--data", str(tmp_path / "data"), "--protocol", "parts", "--out"]

    result = CliRunner().invoke(main, [*words, str(tmp_path / "split.csv")])

    assert "parts, LEAKY" in result.stdout


@pytest.mark.parametrize(
    "protocol", [protocol for protocol in PROTOCOLS if protocol not in (*SUGGESTED, "published")]
)
def test_a_split_by_patient_is_not(protocol: str, run: Run, tmp_path: Path) -> None:
    result = run(protocol, tmp_path / "split.csv")

    assert result.exit_code == 0
    assert "LEAKY" not in result.stdout
    rows = written(tmp_path / "split.csv")
    for fold in {row["fold"] for row in rows}:
        patients = {part: {r["patient_id"] for r in rows if (r["fold"], r["part"]) == (fold, part)}
                    for part in ("train", "held_out")}  # fmt: skip
        assert not patients["train"] & patients["held_out"]


def test_patients_that_are_not_named_cannot_be_split(run: Run, data: Path, tmp_path: Path) -> None:
    table = data / "labels.csv"
    table.write_text(table.read_text().replace(",p3,", ",,"))

    result = run("grouped", tmp_path / "split.csv")

    assert result.exit_code == 2
    assert "cannot be split by patient" in result.stderr
    assert not (tmp_path / "split.csv").exists()
    published = run("published", tmp_path / "split.csv").stdout
    assert "not known" in published
    assert "published, LEAKY" in published


def test_too_few_images_for_a_protocol_are_a_sentence(tmp_path: Path) -> None:
    source = lumbar_source(tmp_path / "source", 3)
    words = ["split", "lumbar", "--data", str(source), "--protocol", "published", "--out"]

    result = CliRunner().invoke(main, [*words, str(tmp_path / "split.csv")])

    assert result.exit_code == 2
    assert "The protocol published cannot divide this data set" in result.stderr


def test_nothing_is_written_into_the_data(run: Run, data: Path) -> None:
    result = run("grouped", data / "split.csv")

    assert result.exit_code == 2
    assert not (data / "split.csv").exists()


def test_an_unknown_protocol_is_answered_with_the_known_ones(run: Run, tmp_path: Path) -> None:
    result = run("by_chance", tmp_path / "split.csv")

    assert result.exit_code == 2
    assert all(protocol in result.stderr for protocol in PROTOCOLS)
