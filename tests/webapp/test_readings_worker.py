"""A real worker process: what it does with a reading, and what is left when it dies."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from ml.images.store import read_heatmap, read_mask
from tests.webapp.patience import wait_until
from tests.webapp.workers import Clinic, Stage, Workers, workers
from webapp.extensions import db, utc_now
from webapp.readings import claims
from webapp.readings.tables import Reading
from webapp.settings import Settings
from webapp.studies import upload as incoming

REGION, STATUS, LAST, LESION = "unet_best", "cnn_classifier", "hybrid_cnn_transformer", "lesion_mlp"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    # A lease far longer than any test: what is picked up again was not picked up because time passed.
    return Settings(data_dir=tmp_path / "data", min_free_mb=0, lease_seconds=600)


@pytest.fixture
def clinic(app: Flask) -> Clinic:
    return Clinic(app)


def pictures(settings: Settings, uuid: str) -> set[str]:
    return {path.name for path in (settings.data_dir / "studies" / uuid).iterdir()}


def test_a_queued_reading_is_read_with_pictures_and_summary(
    clinic: Clinic, crew: Workers, settings: Settings
) -> None:
    uuid = clinic.upload(REGION, STATUS)

    crew.start()
    reading = clinic.wait_for(uuid, "done")

    said = clinic.predictions(uuid)
    folder = settings.data_dir / "studies" / uuid
    assert set(said) == {REGION, STATUS}
    assert said[STATUS].labels == {"as_status": "Positive", "stage": "Early"}
    assert read_mask((folder / said[REGION].files["region"]).read_bytes()).shape == (64, 64)
    assert read_heatmap((folder / said[STATUS].files["heatmap_focused"]).read_bytes()).max() == 1
    assert (reading.summary_label, reading.summary_stage) == ("Positive", "Early")
    assert (reading.summary_risk, reading.summary_agreement) == ("MEDIUM", 1.0)
    assert reading.gate is not None
    assert reading.gate["kind"] == "STIR"
    assert reading.attempt == 1
    assert reading.ended_at is not None


def test_a_lesion_is_kept_with_its_mask_its_numbers_and_its_labels(
    clinic: Clinic, crew: Workers, settings: Settings
) -> None:
    uuid = clinic.upload(LESION)

    crew.start()
    reading = clinic.wait_for(uuid, "done")

    said = clinic.predictions(uuid)[LESION]
    mask = read_mask((settings.data_dir / "studies" / uuid / said.files["lesion"]).read_bytes())
    assert said.lesion is not None
    assert set(said.lesion) == {"pixels", "share_of_region", "area_mm2", "near_joint_share", "burden"}
    assert 0 < mask.sum() == said.lesion["pixels"] < mask.size
    assert said.lesion["area_mm2"] is None  # a PNG tells no pixel spacing
    assert said.labels == {"as_status": "Positive", "stage": "Early"}
    assert (said.region_px, said.focus) == (None, None)
    assert (reading.summary_label, reading.summary_stage) == ("Positive", "Early")


def test_a_worker_killed_in_the_middle_of_a_model_loses_no_reading(
    clinic: Clinic, crew: Workers, stage: Stage, settings: Settings
) -> None:
    stage.set(f"{STATUS}.block")
    uuid = clinic.upload(REGION, STATUS, LAST)
    crew.start()
    stage.wait_for(STATUS)

    os.kill(clinic.worker_pid() or 0, signal.SIGKILL)
    stage.clear(f"{STATUS}.block")
    reading = clinic.wait_for(uuid, "done")

    assert set(clinic.predictions(uuid)) == {REGION, STATUS, LAST}
    assert stage.calls == [REGION, STATUS, STATUS, LAST]
    assert reading.attempt == 2
    known = {name for p in reading.predictions for name in p.files.values()}
    assert pictures(settings, uuid) == known | {"image.png", "preview.png"}


def test_a_power_cut_loses_no_reading(clinic: Clinic, crew: Workers, stage: Stage) -> None:
    stage.set(f"{STATUS}.block")
    stage.set("fingerprint.none")
    uuid = clinic.upload(REGION, STATUS)
    crew.start()
    stage.wait_for(STATUS)

    crew.kill_all()
    stage.clear(f"{STATUS}.block")
    crew.start()

    assert clinic.wait_for(uuid, "done").attempt == 2
    assert stage.calls == [REGION, STATUS, STATUS]


def test_a_model_that_kills_its_worker_fails_its_reading_and_the_queue_goes_on(
    clinic: Clinic, crew: Workers, stage: Stage
) -> None:
    stage.set(f"{STATUS}.kill")
    deadly = clinic.upload(STATUS)
    harmless = clinic.upload(REGION)

    crew.start()
    reading = clinic.wait_for(deadly, "failed")
    clinic.wait_for(harmless, "done")

    assert stage.calls.count(STATUS) == claims.ATTEMPTS
    assert "3 times" in (reading.error or "")
    assert "CNN Classifier" in (reading.error or "")
    assert reading.predictions == []


def test_a_worker_told_to_stop_finishes_its_model_and_leaves_the_rest(
    clinic: Clinic, crew: Workers, stage: Stage
) -> None:
    stage.set(f"{REGION}.block")
    uuid = clinic.upload(REGION, STATUS)
    process = crew.start()
    stage.wait_for(REGION)

    process.send_signal(signal.SIGTERM)
    crew.wait_for_log("Shutting down")
    stage.clear(f"{REGION}.block")

    assert process.wait(timeout=120) == 0
    left = clinic.reading(uuid)
    assert (left.state, left.attempt, left.worker) == ("queued", 0, None)
    assert set(clinic.predictions(uuid)) == {REGION}
    assert clinic.worker_pid() is None
    crew.start()
    clinic.wait_for(uuid, "done")
    assert stage.calls == [REGION, STATUS]


def test_a_worker_whose_parent_is_gone_ends(clinic: Clinic, crew: Workers) -> None:
    process = crew.start()
    pid = wait_until(clinic.worker_pid, "a worker")

    process.kill()
    process.wait()

    wait_until(lambda: clinic.worker_pid() is None, f"worker {pid} to end")


def test_a_cancelled_reading_stops_before_its_next_model(
    app: Flask, clinic: Clinic, crew: Workers, stage: Stage
) -> None:
    stage.set(f"{REGION}.block")
    uuid = clinic.upload(REGION, STATUS)
    other = clinic.upload(LAST)
    crew.start()
    stage.wait_for(REGION)

    with app.app_context():
        assert claims.cancel(clinic.reading(uuid).id)
    stage.clear(f"{REGION}.block")

    clinic.wait_for(other, "done")
    assert clinic.state(uuid) == "cancelled"
    assert stage.calls == [REGION, LAST]
    assert clinic.predictions(uuid) == {}


def test_the_gate_stops_a_reading_before_any_model(clinic: Clinic, crew: Workers, stage: Stage) -> None:
    stage.set("gate.stop")
    uuid = clinic.upload(STATUS)

    crew.start()
    reading = clinic.wait_for(uuid, "stopped")

    assert reading.error == "This is no such image."
    assert stage.calls == []


def test_a_model_that_fails_does_not_take_the_others_along(
    clinic: Clinic, crew: Workers, stage: Stage
) -> None:
    stage.set(f"{STATUS}.fail")
    uuid = clinic.upload(REGION, STATUS)
    alone = clinic.upload(STATUS)

    crew.start()

    clinic.wait_for(uuid, "done")
    assert {key: p.state for key, p in clinic.predictions(uuid).items()} == {REGION: "done", STATUS: "failed"}
    reading = clinic.wait_for(alone, "failed")
    assert reading.error == "No model could read this image. The weights of cnn_classifier are missing."


def test_an_error_that_nobody_foresaw_fails_after_three_attempts_and_is_kept_for_the_log(
    clinic: Clinic, crew: Workers, stage: Stage
) -> None:
    stage.set(f"{STATUS}.raise")
    uuid = clinic.upload(REGION, STATUS)
    other = clinic.upload(REGION)

    crew.start()
    reading = clinic.wait_for(uuid, "failed")
    clinic.wait_for(other, "done")

    assert stage.calls.count(STATUS) == claims.ATTEMPTS
    assert "CNN Classifier" in (reading.error or "")
    assert "nobody foresaw this" in (reading.detail or "")
    assert "nobody foresaw this" not in (reading.error or "")


def test_an_image_that_is_gone_fails_its_reading_with_a_sentence(
    clinic: Clinic, crew: Workers, settings: Settings
) -> None:
    uuid = clinic.upload(STATUS)
    (settings.data_dir / "studies" / uuid / "image.png").unlink()

    crew.start()

    assert "upload the image again" in (clinic.wait_for(uuid, "failed").error or "")


def test_a_full_disk_fails_the_reading_and_leaves_nothing_half_written(
    clinic: Clinic, crew: Workers, stage: Stage, settings: Settings
) -> None:
    uuid = clinic.upload(REGION)
    stage.set("disk.full")

    crew.start()
    reading = clinic.wait_for(uuid, "failed")

    assert "disk" in (reading.error or "")
    assert reading.predictions == []
    assert pictures(settings, uuid) == {"image.png", "preview.png"}


def test_a_locked_database_delays_a_reading_and_loses_nothing(
    clinic: Clinic, crew: Workers, stage: Stage, settings: Settings
) -> None:
    stage.set(f"{REGION}.block")
    uuid = clinic.upload(REGION)
    crew.start()
    stage.wait_for(REGION)

    lock = sqlite3.connect(settings.data_dir / "sidelight.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    stage.clear(f"{REGION}.block")
    held_since = time.monotonic()
    # Longer than SQLite itself waits, so that the first try has failed.
    wait_until(lambda: time.monotonic() - held_since > 6, "the worker's patience to be tried")
    assert clinic.state(uuid) == "running"
    lock.execute("ROLLBACK")
    lock.close()

    clinic.wait_for(uuid, "done")
    assert stage.calls == [REGION]


def test_the_same_image_is_answered_from_the_earlier_prediction(
    clinic: Clinic, crew: Workers, stage: Stage, settings: Settings
) -> None:
    first = clinic.upload(REGION, STATUS, LESION)
    second = clinic.upload(REGION, STATUS, LAST, LESION)
    different = clinic.upload(REGION, seed=2)

    crew.start()
    for uuid in (first, second, different):
        clinic.wait_for(uuid, "done")

    assert stage.calls == [REGION, STATUS, LESION, LAST, REGION]
    studies = settings.data_dir / "studies"
    for model, kind in ((REGION, "region"), (LESION, "lesion")):
        ours, theirs = clinic.predictions(first)[model], clinic.predictions(second)[model]
        assert ours.lesion == theirs.lesion
        assert (studies / first / ours.files[kind]).read_bytes() == (
            studies / second / theirs.files[kind]
        ).read_bytes()


def test_what_the_gate_refuses_now_is_not_answered_from_earlier(
    clinic: Clinic, crew: Workers, stage: Stage
) -> None:
    crew.start()
    clinic.wait_for(clinic.upload(REGION, STATUS), "done")
    stage.set(f"{STATUS}.refuse")

    uuid = clinic.upload(REGION, STATUS)
    clinic.wait_for(uuid, "done")

    refused = clinic.predictions(uuid)[STATUS]
    assert (refused.state, refused.sentence) == ("not_applicable", "Not for such a slice.")
    assert refused.labels == {}


def test_a_worker_without_a_database_begins_once_there_is_one(
    app: Flask, clinic: Clinic, crew: Workers, settings: Settings
) -> None:
    uuid = clinic.upload(REGION)
    table = sqlite3.connect(settings.data_dir / "sidelight.db", isolation_level=None)
    table.execute("ALTER TABLE worker RENAME TO not_yet")
    crew.start()
    crew.wait_for_log("cannot begin")

    table.execute("ALTER TABLE not_yet RENAME TO worker")
    table.close()

    clinic.wait_for(uuid, "done")


def test_a_reading_whose_lease_ran_out_elsewhere_is_taken_over(
    app: Flask, clinic: Clinic, crew: Workers
) -> None:
    uuid = clinic.upload(REGION)
    with app.app_context():
        silent = {"state": "running", "worker": "of another host", "attempt": 1}
        gone = utc_now() - timedelta(seconds=1)
        db.session.execute(update(Reading).values(**silent, lease_until=gone))
        db.session.commit()

    crew.start()

    assert clinic.wait_for(uuid, "done").attempt == 2


def test_a_reading_without_a_bell_is_read(
    app: Flask, clinic: Clinic, crew: Workers, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "ring", lambda _: None)
    uuid = clinic.upload(REGION)

    crew.start()

    clinic.wait_for(uuid, "done")


def test_leases_are_renewed_while_a_model_works(
    app: Flask, clinic: Clinic, stage: Stage, settings: Settings, tmp_path: Path
) -> None:
    quick = replace(settings, lease_seconds=2)
    stage.set(f"{REGION}.block")
    uuid = clinic.upload(REGION)

    with workers(quick, stage, tmp_path / "worker.log") as crew:
        crew.start()
        stage.wait_for(REGION)
        first = clinic.reading(uuid).lease_until
        assert first is not None

        wait_until(
            lambda: (clinic.reading(uuid).lease_until or first) > first + timedelta(seconds=2), "renewal"
        )
        stage.clear(f"{REGION}.block")

        assert clinic.wait_for(uuid, "done").attempt == 1
