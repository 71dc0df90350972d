"""`train --cross-validate` leaves scores and folds in the places of its protocol, and validation images beside held-out ones."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from ml.data import Example
from ml.evaluation.cross_validation import cross_validated, read_protocols
from ml.tasks import task
from ml.training import cross_validate as folds_of_training

TASK = task("chest_xray")
MODEL = TASK.models[0].key
(HEAD,) = TASK.heads
CONFIGURATION = {
    "task": TASK.key,
    "model": MODEL,
    "seed": 1,
    "loss": "focal",
    "stages": [{"size": 32, "epochs": 1, "batch": 4, "learning_rate": 0.001}],
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two images each of 30 children to learn from and of 12 of the test part."""
    folder = tmp_path / "data"
    folder.mkdir()
    cv2.imwrite(str(folder / "grey.png"), np.full((64, 64), 90, np.uint8))
    with (folder / "labels.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["image_id", "file", "patient_id", "label", "part"])
        for number in range(84):
            patient = number // 2
            label = HEAD.labels[patient % 2]
            table.writerow(
                [f"i{number}", "grey.png", f"p{patient}", label, "train" if patient < 30 else "test"]
            )
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model with a recipe; instead of a network an answer that follows from the label and the image's name."""
    folder = tmp_path / "models" / TASK.key / MODEL
    folder.mkdir(parents=True)
    (folder / "train.yaml").write_text(yaml.safe_dump({"configuration": CONFIGURATION}))
    monkeypatch.setenv("MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setattr(folds_of_training, "fitted", lambda *_: None)
    monkeypatch.setattr(folds_of_training, "said_by", said_by)
    return folder


def said_by(*asked: Any) -> list[dict[str, float]]:
    examples: Sequence[Example] = asked[3]
    scores = [0.3 + 0.2 * e.labels[HEAD.key] + 0.02 * (int(e.image_id[1:]) % 7) for e in examples]
    return [{f"{HEAD.key}.{HEAD.labels[0]}": 1 - s, f"{HEAD.key}.{HEAD.labels[1]}": s} for s in scores]


def run(data: Path, protocol: str, out: Path) -> Path:
    return folds_of_training.cross_validate(TASK.key, MODEL, data, protocol, {}, out)


def fold_column(file: Path) -> list[str]:
    with file.open(newline="") as lines:
        return [row["fold"] for row in csv.DictReader(lines)]


def test_each_protocol_has_its_file_and_its_entry(home: Path, data: Path, tmp_path: Path) -> None:
    own = run(data, "official", tmp_path / "runs")
    other = run(data, "grouped", tmp_path / "more")

    assert (own, other) == (home / "out_of_fold.csv", home / "out_of_fold.grouped.csv")
    protocols = read_protocols(TASK, MODEL)
    assert {name: len(each.held_out) for name, each in protocols.items()} == {"official": 1, "grouped": 5}
    assert len(protocols["official"].held_out["official"]) == 12
    assert cross_validated(TASK, MODEL, data).report["n_images"] == 24
    assert cross_validated(TASK, MODEL, data, "grouped").report["n_images"] == 84


def test_a_single_division_tells_its_validation_images_too_and_several_folds_do_not(
    home: Path, data: Path, tmp_path: Path
) -> None:
    single = fold_column(run(data, "official", tmp_path / "runs"))
    several = fold_column(run(data, "grouped", tmp_path / "more"))

    assert single.count("official") == 24
    assert single.count("official:val") == 6
    assert not [fold for fold in several if ":" in fold]


def test_what_train_recorded_of_the_deployed_weights_stays(home: Path, data: Path, tmp_path: Path) -> None:
    deployed = {"patients": {"train": ["p1"], "val": []}, "result": {"epochs": 3}}
    (home / "train.yaml").write_text(yaml.safe_dump({"configuration": CONFIGURATION, **deployed}))

    run(data, "official", tmp_path / "runs")

    record = yaml.safe_load((home / "train.yaml").read_text())
    assert record["patients"] == deployed["patients"]
    assert list(record["cross_validation"]) == ["official"]


def test_without_deployed_weights_those_of_the_own_single_division_can_be_deployed(
    home: Path, data: Path, tmp_path: Path
) -> None:
    run(data, "grouped", tmp_path / "more")
    assert "patients" not in yaml.safe_load((home / "train.yaml").read_text())

    run(data, "official", tmp_path / "runs")

    patients = yaml.safe_load((home / "train.yaml").read_text())["patients"]
    assert (len(patients["train"]), len(patients["val"])) == (27, 3)
