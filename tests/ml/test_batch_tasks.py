"""`python -m ml predict` on a folder, for every task: each file answers or fails alone, and prepared pixels stay as they are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ml.batch import read_example
from ml.cli import main
from ml.data import load
from ml.images.decode import DecodedImage
from ml.tasks import tasks
from tests.ml.drawn_world import World, drawn_world


@pytest.fixture(scope="module", params=tasks(), ids=lambda spec: spec.key)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with drawn_world(request.param, tmp_path_factory.mktemp("world")) as drawn:
        yield drawn


def predict(world: World, folder: Path, *words: object) -> Result:
    command = ["predict", folder, "--task", world.spec.key, "--models", world.spec.default_model, *words]
    return CliRunner().invoke(main, [str(word) for word in command])


@pytest.fixture
def folder(world: World, tmp_path: Path) -> Path:
    """An image of each label, and between them a text, an empty file and one that is cut."""
    folder = tmp_path / "in"
    folder.mkdir()
    for label in range(len(world.spec.heads[0].labels)):
        shutil.copy(world.data / f"images/{label}_0.png", folder)
    (folder / "0_text.png").write_text("no picture")
    (folder / "1_empty.png").write_bytes(b"")
    (folder / "1_cut.png").write_bytes((world.data / "images/1_0.png").read_bytes()[:60])
    return folder


def test_each_file_of_a_folder_is_answered_or_fails_alone(world: World, folder: Path, tmp_path: Path) -> None:
    result = predict(world, folder, "--prepared", "--json", tmp_path / "all.json", "--out", tmp_path / "out")

    assert result.exit_code == 1
    readings = {Path(each["file"]).name: each for each in json.loads((tmp_path / "all.json").read_text())}
    head = world.spec.heads[0]
    for name in ("0_text.png", "1_empty.png", "1_cut.png"):
        assert readings[name]["state"] == "failed"
        assert readings[name]["error"].endswith((".", "?", "!"))
    for number, label in enumerate(head.labels):
        reading = readings[f"{number}_0.png"]
        (said,) = reading["predictions"]
        assert (reading["state"], reading["error"], said["state"]) == ("done", None, "done")
        assert said[head.key] == head.answer(label)
        assert sum(said["scores"][head.key].values()) == pytest.approx(1)
        assert 0 <= said["uncertainty"] <= 1
        assert said["risk"] in ("LOW", "MEDIUM", "HIGH")
        assert Path(said["files"]["overlay"]).is_file()
        assert f"{head.name} {label} " in result.stdout


def test_whether_the_files_are_prepared_reaches_every_model(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ml import reading

    seen: list[bool] = []

    def read(image: DecodedImage, *_: object) -> Iterator[reading.Prediction]:
        seen.append(image.prepared)
        return iter(())

    monkeypatch.setattr(reading, "read", read)
    predict(world, folder)
    predict(world, folder, "--prepared")

    images = len(world.spec.heads[0].labels)
    assert seen == [False] * images + [True] * images


def test_an_example_is_as_prepared_as_its_data_set_has_it(world: World) -> None:
    (example, *_) = load(world.spec.key, world.data)

    image = read_example(example)

    assert example.prepared
    assert image.prepared
    assert image.pixels.dtype == np.uint8
