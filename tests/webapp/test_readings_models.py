"""The worker with the real networks and their real weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask

from ml import cards
from ml.images.store import read_heatmap, read_mask
from ml.tasks import task
from tests.webapp.workers import Clinic, Workers
from webapp.settings import Settings

SPEC = task("sij_mri")
MISSING, DAMAGED = "attention_unet", "classifier_best"


@pytest.fixture
def damaged_models(tmp_path: Path) -> Path:
    """The folder of models, with one model's weights gone and one byte of another's changed."""
    folder = tmp_path / "models"
    shutil.copytree(cards.models_dir(), folder)
    cards.weights_file(SPEC.key, MISSING, folder).unlink()
    weights = cards.weights_file(SPEC.key, DAMAGED, folder)
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    return folder


def test_models_whose_weights_are_missing_or_changed_say_so_and_the_others_read(
    app: Flask, crew: Workers, damaged_models: Path, settings: Settings
) -> None:
    clinic = Clinic(app)
    uuid = clinic.upload()

    parent = crew.start(REAL_MODELS="1", MODELS_DIR=str(damaged_models))
    clinic.wait_for(uuid, "done", seconds=540)

    said = clinic.predictions(uuid)
    assert {key for key, p in said.items() if p.state == "failed"} == {MISSING, DAMAGED}
    assert all(said[key].sentence for key in (MISSING, DAMAGED))
    folder = settings.data_dir / "studies" / uuid
    for model in SPEC.models:
        prediction = said[model.key]
        if prediction.state != "done":
            continue
        assert prediction.weights_sha256 == cards.read_card(SPEC.key, model.key).weights_sha256
        if model.kind == "region":
            assert read_mask((folder / prediction.files["region"]).read_bytes()).shape == (64, 64)
            continue
        assert set(prediction.labels) == {head.key for head in SPEC.heads}
        assert all(
            sum(scores.values()) == pytest.approx(1, abs=1e-4) for scores in prediction.scores.values()
        )
        if model.kind == "lesion":
            assert prediction.lesion is not None
            mask = read_mask((folder / prediction.files["lesion"]).read_bytes())
            assert mask.sum() == prediction.lesion["pixels"]
        else:
            assert read_heatmap((folder / prediction.files["heatmap"]).read_bytes()).shape == (64, 64)
    assert loads_tensorflow(clinic.worker_pid() or 0)
    assert not loads_tensorflow(parent.pid)


def loads_tensorflow(pid: int) -> bool:
    return "tensorflow" in Path(f"/proc/{pid}/maps").read_text()
