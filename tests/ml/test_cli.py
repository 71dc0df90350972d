"""`python -m ml` from outside: what it prints, what it writes, and how it ends."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

from ml.cards import card_file, models_dir
from ml.cli import main
from ml.images.store import read_heatmap, read_mask
from ml.tasks import ModelSpec, TaskSpec, offered, task, tasks
from tests.ml.bad_files import encoded
from tests.phantoms import colour_photograph, noise, sacroiliac_region, sacroiliac_slice

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "sij_mri"
real_slices = pytest.mark.skipif(not DATA.is_dir(), reason="the data set is not beside this checkout")

REGISTERED = [(spec, model) for spec in offered() for model in spec.models]
EACH_TASK = pytest.mark.parametrize("spec", tasks(), ids=lambda spec: spec.key)
PROMISED = {"predict", "train", "evaluate", "models", "card", "benchmark"}

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """`run("models", "--task", ...)` in this process."""
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def run_outside(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same as a person types it, in a process of its own."""
    command = [sys.executable, "-m", "ml", *map(str, words)]
    repository = Path(__file__).resolve().parents[2]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=repository,
        env={**os.environ, **environment},
        check=False,
    )


def first_classifier(spec: TaskSpec) -> ModelSpec:
    return next(model for model in spec.models if model.kind == "classification")


def is_a_sentence_without_trace(result: Result, *words: str) -> None:
    assert isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.stderr
    assert not result.stdout
    for word in words:
        assert word in result.stderr


def test_help_names_every_command_and_each_command_explains_itself(run: Run) -> None:
    assert set(main.commands) >= PROMISED
    overview = run("--help").stdout
    for command in main.commands:
        assert command in overview
        assert run(command, "--help").exit_code == 0
        assert main.commands[command].help


@EACH_TASK
def test_models_lists_every_key_with_its_state(run: Run, spec: TaskSpec) -> None:
    rows = [line.split() for line in run("models", "--task", spec.key).stdout.splitlines()]

    assert [row[1] for row in rows] == [model.key for model in spec.models]
    assert {row[0] for row in rows} == {spec.key}
    assert all(row[2] in {"intact", "missing", "mismatch", "no"} for row in rows)


@EACH_TASK
def test_the_default_is_one_word_and_nothing_else(run: Run, spec: TaskSpec) -> None:
    assert run("models", "--task", spec.key, "--default").stdout == f"{spec.default_model}\n"


def test_models_tells_missing_weights_from_weights_of_another_card(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, model = REGISTERED[0]
    folder = tmp_path / spec.key / model.key
    folder.mkdir(parents=True)
    shutil.copy(card_file(spec.key, model.key), folder)
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    assert "missing" in run("models", "--task", spec.key).stdout.splitlines()[0]

    (folder / "weights.safetensors").write_bytes(b"not those")

    assert "mismatch" in run("models", "--task", spec.key).stdout.splitlines()[0]


@pytest.mark.parametrize("words", [["models"], ["card"], ["--help"], ["predict", "x", "--task", "none"]])
def test_quick_commands_load_no_network_framework(words: list[str]) -> None:
    code = f"""
import sys
from ml.cli import main
try:
    main({words!r})
except SystemExit:
    pass
print([name for name in ("tensorflow", "keras", "openvino") if name in sys.modules], file=sys.stderr)
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "words",
    [
        ["predict", "x.png", "--task", "sij"],
        ["train", "sij", "unet_best", "--data", "x"],
        ["evaluate", "sij", "unet_best", "--data", "x"],
        ["models", "--task", "sij"],
        ["card", "--task", "sij"],
        ["benchmark", "--task", "sij"],
    ],
    ids=lambda words: words[0],
)
def test_an_unknown_task_is_answered_with_the_known_ones(run: Run, words: list[str]) -> None:
    result = run(*words)

    assert result.exit_code == 2
    is_a_sentence_without_trace(result, "“sij”", tasks()[0].key)


@EACH_TASK
def test_an_unknown_model_is_answered_with_the_known_ones(run: Run, spec: TaskSpec, tmp_path: Path) -> None:
    for words in (
        ["predict", "x.png", "--task", spec.key, "--models", f"{spec.models[0].key},oracle"],
        ["train", spec.key, "oracle", "--data", tmp_path],
        ["evaluate", spec.key, "oracle", "--data", tmp_path],
    ):
        result = run(*words)

        assert result.exit_code == 2
        is_a_sentence_without_trace(result, "“oracle”", spec.models[0].key)


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_data_folder_that_holds_no_data_set_is_named(run: Run, command: str, tmp_path: Path) -> None:
    spec, model = REGISTERED[0]
    for folder in (tmp_path / "nowhere", tmp_path):
        result = run(command, spec.key, model.key, "--data", folder)

        assert result.exit_code == 2
        is_a_sentence_without_trace(result, str(folder))


def test_a_table_without_rows_or_columns_is_named(run: Run, tmp_path: Path) -> None:
    spec, model = REGISTERED[0]
    for content in ("", "image_id,file\n", "\x00\xff"):
        (tmp_path / "labels.csv").write_bytes(content.encode("latin-1"))

        result = run("evaluate", spec.key, model.key, "--data", tmp_path)

        assert result.exit_code == 2
        is_a_sentence_without_trace(result, str(tmp_path))


@pytest.mark.parametrize("override", ["epochs", "=3", "a=[1"])
def test_an_override_is_a_key_and_a_value(run: Run, override: str, tmp_path: Path) -> None:
    spec, model = REGISTERED[0]

    result = run("train", spec.key, model.key, "--data", tmp_path, "--override", override)

    assert result.exit_code == 2
    is_a_sentence_without_trace(result, override)


def test_overrides_are_taken_as_numbers_and_lists_where_they_are_such() -> None:
    from ml.cli import _override

    assert _override("stages.0.epochs=3") == ("stages.0.epochs", 3)
    assert _override("stages.0.learning_rate=1e-3") == ("stages.0.learning_rate", 0.001)
    assert _override("train_parts=[train, val]") == ("train_parts", ["train", "val"])
    assert _override("loss=bce") == ("loss", "bce")


def test_nothing_is_ever_written_into_a_data_folder(run: Run, tmp_path: Path) -> None:
    spec, model = REGISTERED[0]

    figures = run("evaluate", spec.key, model.key, "--data", tmp_path, "--json", tmp_path / "figures.json")
    weights = run("train", spec.key, model.key, "--data", tmp_path, "--out", tmp_path / "out")

    assert figures.exit_code == weights.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_card_accepts_whole_cards_and_names_what_a_broken_one_lacks(run: Run, tmp_path: Path) -> None:
    whole = card_file(REGISTERED[0][0].key, REGISTERED[0][1].key)
    broken = tmp_path / "card.yaml"
    broken.write_text("task: sij_mri\nkey: unet_best\n")

    assert run("card", whole).exit_code == 0
    result = run("card", whole, broken, tmp_path / "none.yaml")

    assert result.exit_code == 1
    assert "known_failures: missing" in result.stdout
    assert "none.yaml: card: missing" in result.stdout


def test_every_deployed_card_is_complete_and_its_weights_are_intact(run: Run) -> None:
    result = run("card")

    assert result.exit_code == 0, result.stdout


@EACH_TASK
def test_files_that_cannot_be_read_fail_alone_and_each_says_why(
    run: Run, spec: TaskSpec, tmp_path: Path
) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.jpg").write_bytes(encoded(noise(), "JPEG")[:900])
    files = [tmp_path / name for name in ("empty.png", "text.png", "cut.jpg", "nowhere.png")]

    result = run("predict", *files, "--task", spec.key, "--json", tmp_path / "out" / "readings.json")

    assert result.exit_code == 1
    readings = json.loads((tmp_path / "out" / "readings.json").read_text())
    assert [reading["file"] for reading in readings] == [str(file) for file in files]
    assert {reading["state"] for reading in readings} == {"failed"}
    assert all(len(reading["error"]) > 20 for reading in readings)
    assert [reading["predictions"] for reading in readings] == [[]] * 4


def test_an_empty_folder_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".hidden.png").write_bytes(encoded(noise(), "PNG"))

    result = run("predict", tmp_path, "--task", tasks()[0].key)

    assert result.exit_code == 2
    is_a_sentence_without_trace(result, str(tmp_path))


def test_what_is_no_such_image_is_stopped_and_that_is_no_failure(run: Run, tmp_path: Path) -> None:
    (tmp_path / "photograph.png").write_bytes(encoded(colour_photograph(), "PNG"))

    result = run("predict", tmp_path, "--task", "sij_mri", "--json", "-")

    (reading,) = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (reading["state"], reading["predictions"]) == ("stopped", [])
    assert reading["error"] == reading["gate"]["sentence"]


@pytest.fixture(scope="module")
def two_slices(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], Path, int]:
    """A folder with a STIR slice, a T1 slice and a text read by all models: its JSON, its pictures, its end."""
    folder = tmp_path_factory.mktemp("two_slices")
    (folder / "in" / "deeper").mkdir(parents=True)
    for name, place in (("1003_stir_10", folder / "in"), ("1003_t1_11", folder / "in" / "deeper")):
        shutil.copy(DATA / "images" / f"{name}.png", place)
    (folder / "in" / "a.png").write_text("no picture")
    words = [
        "predict",
        folder / "in",
        "--task",
        "sij_mri",
        "--out",
        folder / "out",
        "--json",
        folder / "all.json",
    ]
    result = CliRunner().invoke(main, [str(word) for word in words])
    return json.loads((folder / "all.json").read_text()), folder / "out", result.exit_code


@real_slices
def test_a_folder_is_read_whole_past_its_bad_file(two_slices: tuple[list[dict[str, Any]], Path, int]) -> None:
    readings, _, status = two_slices

    assert {Path(reading["file"]).name: reading["state"] for reading in readings} == {
        "a.png": "failed",
        "1003_stir_10.png": "done",
        "1003_t1_11.png": "done",
    }
    assert status == 1


@real_slices
def test_a_reading_says_what_every_model_says(two_slices: tuple[list[dict[str, Any]], Path, int]) -> None:
    spec = next(spec for spec in tasks() if spec.key == "sij_mri")
    reading = next(r for r in two_slices[0] if "stir" in r["file"])

    assert set(reading) == {"file", "state", "error", "gate", "predictions"}
    assert [p["model"] for p in reading["predictions"]] == [model.key for model in spec.models]
    for prediction in reading["predictions"]:
        assert prediction["state"] == "done"
        assert len(prediction["weights_sha256"]) == 64
        if spec.model(prediction["model"]).kind == "region":
            assert prediction["region_px"] > 0
            assert prediction["as_status"] is prediction["stage"] is None
        else:
            assert prediction["as_status"] in (0, 1)
            assert prediction["stage"] in spec.head("stage").labels
            for head in spec.heads:
                assert sum(prediction["scores"][head.key].values()) == pytest.approx(1)


@real_slices
def test_a_t1_slice_gets_a_region_but_no_status(two_slices: tuple[list[dict[str, Any]], Path, int]) -> None:
    reading = next(r for r in two_slices[0] if "t1" in r["file"])

    states = {p["model"]: p["state"] for p in reading["predictions"]}

    spec = next(spec for spec in tasks() if spec.key == "sij_mri")
    assert states == {
        model.key: "done" if model.kind == "region" else "not_applicable" for model in spec.models
    }


@real_slices
def test_pictures_lie_on_the_grid_of_the_slice(two_slices: tuple[list[dict[str, Any]], Path, int]) -> None:
    readings, out, _ = two_slices
    reading = next(r for r in readings if "stir" in r["file"])
    grid = cv2.imread(reading["file"], cv2.IMREAD_GRAYSCALE).shape

    for prediction in reading["predictions"]:
        stored = {name: Path(file) for name, file in prediction["files"].items()}
        assert all(
            file.name == f"1003_stir_10-{prediction['model']}-{name}.png" for name, file in stored.items()
        )
        assert cv2.imread(str(stored["overlay"])).shape == (*grid, 3)
        if "region" in stored:
            region = read_mask(stored["region"].read_bytes())
            assert region.shape == grid
            assert region.sum() == prediction["region_px"]
        elif "lesion" in stored:
            lesion = read_mask(stored["lesion"].read_bytes())
            assert lesion.shape == grid
            assert lesion.sum() == prediction["lesion"]["pixels"]
        else:
            for name in ("heatmap", "heatmap_focused"):
                heatmap = read_heatmap(stored[name].read_bytes())
                assert heatmap.shape == grid
                assert heatmap.max() in (0, 1)
    assert sorted(file.name for file in out.iterdir()) == sorted(
        Path(file).name for r in readings for p in r["predictions"] for file in p["files"].values()
    )


@real_slices
def test_files_of_one_name_do_not_overwrite_each_others_pictures(run: Run, tmp_path: Path) -> None:
    model = first_classifier(tasks()[0]).key
    for folder in ("a", "b"):
        (tmp_path / "in" / folder).mkdir(parents=True)
        shutil.copy(DATA / "images" / "1003_stir_10.png", tmp_path / "in" / folder / "slice.png")

    run("predict", tmp_path / "in", "--task", "sij_mri", "--models", model, "--out", tmp_path / "out")

    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert {f"slice-{model}-heatmap.png", f"slice-2-{model}-heatmap.png"} <= names


@pytest.fixture
def drawn_data(tmp_path: Path) -> Path:
    """A `Dataset` of drawn slices, one of them without labels and one without a mask; no patients in it."""
    folder = tmp_path / "Dataset"
    for name in ("images", "masks", "annotations"):
        (folder / name).mkdir(parents=True)
    cv2.imwrite(str(folder / "masks" / "mask.png"), sacroiliac_region().astype(np.uint8) * 255)
    lines = ["image_id,image_path,mask_path,AS_status,stage,part"]
    for n, (mask, labels) in enumerate([("masks/mask.png", ","), ("", "1,2"), ("", "0,0")]):
        cv2.imwrite(str(folder / "images" / f"{n}.png"), sacroiliac_slice(seed=n, oedema=n % 2))
        lines.append(f"img_{n},images/{n}.png,{mask},{labels},test")
    (folder / "annotations" / "dataset.csv").write_text("\n".join(lines))
    return folder


def test_train_writes_weights_and_what_made_them_and_leaves_the_data_alone(
    run: Run, drawn_data: Path, tmp_path: Path
) -> None:
    spec, model = tasks()[0], first_classifier(tasks()[0])
    rows = [f"{part}{n},images/{n}.png,,{n % 2},{n},{part}" for part in ("train", "val") for n in (1, 2)]
    table = "\n".join(["image_id,image_path,mask_path,AS_status,stage,part", *rows])
    (drawn_data / "annotations" / "dataset.csv").write_text(table)
    before = content(drawn_data)
    stage = "stages=[{size: 256, epochs: 1, batch: 2, learning_rate: 1.0e-3}]"
    words = ["--data", drawn_data, "--out", tmp_path / "out", "--override", stage, "--override", "seed=7"]

    result = run("train", spec.key, model.key, *words)

    assert result.exit_code == 0, result.output
    assert result.stdout == f"{tmp_path / 'out'}\n"
    assert content(drawn_data) == before
    assert (tmp_path / "out" / "weights.safetensors").stat().st_size > model.parameters
    record = yaml.safe_load((tmp_path / "out" / "train.yaml").read_text())
    assert record["configuration"]["seed"] == 7


def content(folder: Path) -> dict[Path, tuple[int, int]]:
    return {file: (file.stat().st_size, file.stat().st_mtime_ns) for file in folder.rglob("*")}


@pytest.mark.parametrize("model", task("sij_mri").models, ids=lambda model: model.key)
def test_evaluate_measures_each_model_on_what_is_labelled(
    run: Run, model: ModelSpec, drawn_data: Path, tmp_path: Path
) -> None:
    spec = task("sij_mri")
    before = content(drawn_data)
    file = tmp_path / "figures.json"

    result = run("evaluate", spec.key, model.key, "--data", drawn_data, "--part", "test", "--json", file)

    assert result.exit_code == 0, result.output
    assert content(drawn_data) == before
    report = json.loads(file.read_text())
    region = {"iou", "dice", "by_region_kind", "by_sequence"}
    labels = {"accuracy", "auc", "sensitivity", "specificity", "stage_accuracy", "stage_quadratic_kappa"}
    expected = region if model.kind == "region" else labels | {"recall_by_stage"}
    assert expected | {"n_images", "n_patients", "n_patients_seen_in_training", "n_gated"} <= report.keys()
    assert report["n_images"] == (1 if model.kind == "region" else 2)
    assert report["n_patients"] is report["n_patients_seen_in_training"] is None
    for name in (expected & report.keys()) - {"by_region_kind", "by_sequence", "recall_by_stage"}:
        assert report[f"{name}_ci95"] is None
        assert 0 <= report[name] <= 1 or name.endswith("kappa")


def test_a_part_without_images_gives_nulls_and_says_so(run: Run, drawn_data: Path) -> None:
    model = first_classifier(tasks()[0])

    result = run("evaluate", tasks()[0].key, model.key, "--data", drawn_data, "--part", "tset", "--json", "-")

    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert (report["n_images"], report["auc"]) == (0, None)
    assert "Its parts: test" in result.stderr


@real_slices
@pytest.mark.parametrize("state", ["missing", "mismatch"])
def test_a_model_without_its_weights_fails_with_a_sentence(state: str, tmp_path: Path) -> None:
    spec = tasks()[0]
    models = tmp_path / "models"
    shutil.copytree(models_dir() / "gate", models / "gate")
    broken = models / spec.key / first_classifier(spec).key
    broken.mkdir(parents=True)
    shutil.copy(card_file(spec.key, broken.name), broken)
    if state == "mismatch":
        (broken / "weights.safetensors").write_bytes(b"not those")
    image = DATA / "images" / "1003_stir_10.png"
    words = ["predict", image, "--task", spec.key, "--models", broken.name, "--json", "-"]

    result = run_outside(*words, MODELS_DIR=str(models))

    assert result.returncode == 1
    (reading,) = json.loads(result.stdout)
    assert reading["state"] == "failed"
    assert spec.model(broken.name).name in reading["predictions"][0]["sentence"]


def test_it_runs_as_a_module() -> None:
    result = run_outside("models", "--default", "--task", tasks()[0].key)

    assert (result.returncode, result.stdout, result.stderr) == (0, f"{tasks()[0].default_model}\n", "")
