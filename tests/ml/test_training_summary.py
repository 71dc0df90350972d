"""What a training run tells of itself beside its weights, and to an MLflow server where there is one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from ml.data import Example
from ml.tasks import TaskSpec, tasks
from ml.training.configuration import Configuration, Stage
from ml.training.fitting.learning import Fitted
from ml.training.summary import write_summary
from ml.training.tracking import URI, TrackingUnavailable, check_tracking, track

SPEC = tasks()[0]
HISTORY = [
    {"stage": 0, "epoch": 0, "loss": 0.9, "validation": 0.95},
    {"stage": 1, "epoch": 0, "loss": 0.8, "validation": 0.60},
    {"stage": 1, "epoch": 1, "loss": 0.7, "validation": 0.75},
    {"stage": 2, "epoch": 0, "loss": 0.6, "validation": 0.70},
]


def configuration(spec: TaskSpec = SPEC) -> Configuration:
    """Two stages on one grid after one on a smaller grid."""
    stages = (Stage(32, 1, 4, 1e-3, ("encoder",)), Stage(64, 2, 4, 1e-3), Stage(64, 1, 4, 1e-4))
    return Configuration(spec.key, spec.models[0].key, 42, stages, "focal")


def run_folder(folder: Path) -> Path:
    (folder / "history.jsonl").write_text("\n".join(map(json.dumps, HISTORY)) + "\n")
    (folder / "weights.safetensors").write_bytes(b"weights")
    return folder


def examples(spec: TaskSpec, count: int) -> list[Example]:
    return [
        Example(
            f"i{n}", Path(f"{n}.png"), f"patient_{n // 2}", labels={head.key: n % 2 for head in spec.heads}
        )
        for n in range(count)
    ]


def summarised(folder: Path, spec: TaskSpec = SPEC, keep: Any = "best", val: int = 2) -> dict[str, Any]:
    parts = {"train": examples(spec, 6), "val": examples(spec, val)}
    run = Fitted(folder / "weights.safetensors", 0.75 if val else None, len(HISTORY))
    return write_summary(folder, spec, replace(configuration(spec), keep=keep), parts, run, 75.2)


@pytest.mark.parametrize("spec", tasks(), ids=lambda spec: spec.key)
def test_a_run_of_any_task_is_told_for_programs_and_for_people(spec: TaskSpec, tmp_path: Path) -> None:
    results = summarised(run_folder(tmp_path), spec)

    assert json.loads((tmp_path / "results.json").read_text()) == results
    assert results["parts"]["train"]["images"] == 6
    assert results["parts"]["train"]["patients"] == 3
    assert sum(results["parts"]["train"]["labels"][spec.heads[0].key].values()) == 6
    assert results["history"] == HISTORY
    text = (tmp_path / "summary.md").read_text()
    for said in (
        *("6 images of 3 patients", f"{spec.heads[0].labels[0]} 3", "4 epochs in 1 min 15 s", "0.7500"),
        *("stage 1: up to 1 epochs of 32 x 32", "frozen: encoder", "too good"),
    ):
        assert said in text


def test_the_epoch_kept_is_the_best_of_the_last_grid(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)

    assert summarised(folder)["best"]["of_run"] == 3
    assert summarised(folder, keep="last")["best"]["of_run"] == 4
    assert summarised(folder, val=0)["best"]["of_run"] == 4
    assert "no images were kept apart" in (folder / "summary.md").read_text()


def test_neither_names_a_patient(tmp_path: Path) -> None:
    summarised(run_folder(tmp_path))

    for name in ("results.json", "summary.md"):
        assert "patient_" not in (tmp_path / name).read_text()


class Server:
    """Takes what `mlflow` is told."""

    def __init__(self) -> None:
        self.parameters: dict[str, str] = {}
        self.metrics: list[tuple[int | None, dict[str, float]]] = []
        self.artifacts: list[str] = []
        self.runs: list[tuple[str, str]] = []
        self._experiment = ""

    def module(self) -> ModuleType:
        module = ModuleType("mlflow")
        module.__dict__.update(
            exceptions=SimpleNamespace(MlflowException=ConnectionAbortedError),
            set_experiment=lambda name: setattr(self, "_experiment", name),
            start_run=self._run,
            log_params=self.parameters.update,
            log_metrics=lambda metrics, step=None: self.metrics.append((step, metrics)),
            log_artifact=lambda file: self.artifacts.append(Path(file).name),
        )
        return module

    @contextmanager
    def _run(self, run_name: str) -> Iterator[None]:
        self.runs.append((self._experiment, run_name))
        yield


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()
    monkeypatch.setitem(sys.modules, "mlflow", server.module())
    monkeypatch.setenv(URI, "http://127.0.0.1:1")
    return server


def test_a_finished_run_is_logged_by_epoch_with_its_parameters_and_files(
    server: Server, tmp_path: Path
) -> None:
    results = summarised(run_folder(tmp_path))
    (tmp_path / "learning_curve.png").write_bytes(b"picture")

    track(tmp_path, results, configuration().to_plain())

    assert server.runs == [(f"sidelight/{SPEC.key}", SPEC.models[0].key)]
    assert server.parameters["stages.1.size"] == "64"
    assert server.parameters["loss"] == "focal"
    assert server.metrics[:2] == [
        (1, {"loss": 0.9, "validation": 0.95}),
        (2, {"loss": 0.8, "validation": 0.60}),
    ]
    assert server.metrics[-1] == (None, {"seconds": 75.2, "validation_figure": 0.75})
    assert server.artifacts == ["learning_curve.png", "results.json", "summary.md"]


def test_without_an_address_nothing_is_tracked(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(URI)

    check_tracking()
    track(tmp_path, summarised(run_folder(tmp_path)), {})

    assert not server.runs


def test_tracking_that_is_asked_for_and_not_installed_is_said_before_the_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setenv(URI, "http://127.0.0.1:1")

    with pytest.raises(TrackingUnavailable) as told:
        check_tracking()

    assert URI in told.value.sentence
    assert "pip install mlflow-skinny" in told.value.sentence


def test_a_server_that_takes_nothing_does_not_hide_where_the_run_lies(server: Server, tmp_path: Path) -> None:
    def refuse(_: object) -> None:
        raise ConnectionAbortedError("no answer")

    sys.modules["mlflow"].__dict__["log_params"] = refuse
    results = summarised(run_folder(tmp_path))

    with pytest.raises(TrackingUnavailable, match="no answer") as told:
        track(tmp_path, results, {})

    assert str(tmp_path) in told.value.sentence
