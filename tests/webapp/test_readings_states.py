"""Claims, sweeps and summaries, without a worker process."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from ml.tasks import task
from tests.webapp.workers import Clinic
from webapp import create_app
from webapp.extensions import db, utc_now
from webapp.readings import claims, sweep
from webapp.readings.heartbeat import dead_workers, this_host
from webapp.readings.queue import queue, rung
from webapp.readings.summary import summarise
from webapp.readings.tables import Reading, Worker
from webapp.settings import Settings, SettingsError
from webapp.transactions import committed

LEASE = timedelta(seconds=30)
SPEC = task("sij_mri")


@pytest.fixture
def clinic(app: Flask) -> Clinic:
    return Clinic(app)


@pytest.fixture
def reading_id(app: Flask, clinic: Clinic) -> Iterator[int]:
    """A reading that waits, inside an application context."""
    reading = clinic.reading(clinic.upload("cnn_classifier"))
    with app.app_context():
        yield reading.id


def row(reading_id: int) -> Reading:
    db.session.expire_all()
    return db.session.get_one(Reading, reading_id)


def change(**values: object) -> None:
    db.session.execute(update(Reading).values(**values))
    db.session.commit()


def test_only_one_worker_gets_a_reading(reading_id: int) -> None:
    assert claims.claim(reading_id, "first", LEASE)
    assert not claims.claim(reading_id, "second", LEASE)
    assert (row(reading_id).worker, row(reading_id).attempt) == ("first", 1)


def test_a_claim_whose_lease_ran_out_is_anybodys(reading_id: int) -> None:
    claims.claim(reading_id, "first", timedelta(seconds=-1))

    assert claims.claim(reading_id, "second", LEASE)
    assert not claims.renew(reading_id, "first", LEASE)
    assert not claims.end(reading_id, "first", "done")
    with pytest.raises(claims.LostClaim):
        committed(lambda: claims.hold(reading_id, "first", current_model="x"))
    assert claims.end(reading_id, "second", "done")


@pytest.mark.parametrize("state", ["done", "failed", "stopped", "cancelled"])
def test_what_has_ended_stays_as_it_is(reading_id: int, state: str) -> None:
    change(state=state, worker="w")

    assert not claims.claim(reading_id, "w", LEASE)
    assert not claims.cancel(reading_id)
    assert not claims.end(reading_id, "w", "done")
    assert not claims.give_back(reading_id, "w", attempt_counts=True)
    assert claims.put_back_silent(["w"]) == 0
    assert row(reading_id).state == state


def test_a_reading_is_not_begun_a_fourth_time(reading_id: int) -> None:
    for _ in range(claims.ATTEMPTS):
        assert claims.claim(reading_id, "w", LEASE)
        claims.put_back_silent(["w"])

    assert not claims.claim(reading_id, "w", LEASE)
    sweep.put_back_and_ring("other")
    assert row(reading_id).state == "running"
    change(lease_until=utc_now() - LEASE)
    assert not claims.claim(reading_id, "w", LEASE)
    sweep.put_back_and_ring("other")
    assert row(reading_id).state == "failed"
    assert "3 times" in (row(reading_id).error or "")


def test_a_sweep_rings_once_for_each_waiting_reading(reading_id: int) -> None:
    queue().huey.flush()

    sweep.put_back_and_ring("w")
    sweep.put_back_and_ring("w")

    assert rung() == {reading_id}
    assert queue().huey.pending_count() == 1


def test_a_sweep_leaves_a_working_worker_alone(reading_id: int) -> None:
    db.session.add(Worker(id="elsewhere", host="other host", pid=1))
    db.session.add(Worker(id="here", host=this_host(), pid=os.getppid()))
    db.session.commit()
    for worker in ("elsewhere", "here"):
        change(state="queued", attempt=0)
        claims.claim(reading_id, worker, LEASE)

        sweep.put_back_and_ring("w")

        assert row(reading_id).state == "running"


def test_a_worker_whose_pid_is_now_ours_is_dead(reading_id: int) -> None:
    db.session.add(Worker(id="before the restart", host=this_host(), pid=os.getpid()))
    db.session.add(Worker(id="me", host=this_host(), pid=os.getpid()))
    db.session.commit()

    assert [worker.id for worker in dead_workers("me")] == ["before the restart"]


def test_stray_files_are_removed_once_they_are_old(
    app: Flask, clinic: Clinic, settings: Settings, reading_id: int
) -> None:
    studies = settings.data_dir / "studies"
    kept = next(studies.iterdir())
    old = [kept / "unet_best-region-0000.png", kept / ".half.part", studies / "no-such-study" / "image.png"]
    young = [kept / "young.png", studies / "young-study" / "image.png"]
    for path in (*old, *young):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    two_hours_ago = time.time() - 7200
    for path in (*old, kept / "image.png", kept / "preview.png", old[2].parent):
        os.utime(path, (two_hours_ago, two_hours_ago))

    removed = sweep.remove_stray_files()

    assert removed == 3
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in (*young, kept / "image.png", kept / "preview.png"))


def test_a_busy_database_is_tried_again_until_it_is_free(app: Flask) -> None:
    tries = []

    def work() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        return "written"

    with app.app_context():
        assert committed(work) == "written"
        with pytest.raises(OperationalError):
            committed(lambda: tries.clear() or work(), patience_seconds=0)


@pytest.mark.parametrize("address", ["amqp://host", "http://host"])
def test_a_queue_of_an_unknown_kind_is_refused_with_a_sentence(settings: Settings, address: str) -> None:
    app = create_app(replace(settings, queue_url=address))

    with app.app_context(), pytest.raises(SettingsError, match="redis://"):
        queue()


@dataclass
class Said:
    """A prediction as the summary sees it."""

    model: str = "cnn_classifier"
    state: str = "done"
    labels: dict[str, str] = field(default_factory=dict)
    risk: str | None = None


def said(status: str, stage: str, risk: str = "LOW") -> Said:
    return Said(labels={"as_status": status, "stage": stage}, risk=risk)


def test_the_summary_is_the_majoritys_with_the_highest_risk() -> None:
    summary = summarise(
        SPEC,
        [said("Positive", "Early"), said("Positive", "Early", "HIGH"), said("Negative", "Normal", "MEDIUM")],
    )

    assert (summary.label, summary.stage, summary.risk) == ("Positive", "Early", "HIGH")
    assert summary.agreement == pytest.approx(2 / 3)


def test_no_majority_is_named_where_there_is_none() -> None:
    summary = summarise(SPEC, [said("Positive", "Early"), said("Negative", "Early")])

    assert (summary.label, summary.stage, summary.agreement) == (None, "Early", 0.5)


def test_failed_and_region_models_have_no_vote() -> None:
    failed = said("Negative", "Normal", "HIGH")
    failed.state = "failed"
    region = Said(model="unet_best")

    summary = summarise(SPEC, [said("Positive", "Early"), failed, region])

    assert (summary.label, summary.risk, summary.agreement) == ("Positive", "LOW", 1.0)
    assert summarise(SPEC, [region]).agreement is None


def test_a_lesion_model_votes_as_a_classification_model_does() -> None:
    lesion = said("Negative", "Normal", "HIGH")
    lesion.model = "lesion_mlp"

    summary = summarise(SPEC, [said("Positive", "Early"), said("Positive", "Early"), lesion])

    assert (summary.label, summary.stage, summary.risk) == ("Positive", "Early", "HIGH")
    assert summary.agreement == pytest.approx(2 / 3)


@given(
    st.lists(
        st.tuples(st.sampled_from(SPEC.heads[0].labels), st.sampled_from(SPEC.heads[1].labels)), min_size=1
    )
)
def test_a_named_majority_is_more_than_half(votes: list[tuple[str, str]]) -> None:
    summary = summarise(SPEC, [said(*vote) for vote in votes])

    stages = [stage for _, stage in votes]
    assert (summary.stage is not None) == (2 * max(map(stages.count, stages)) > len(stages))
    assert summary.stage is None or 2 * stages.count(summary.stage) > len(stages)
    assert 0 < (summary.agreement or 0) <= 1


def test_the_worker_alone_imports_the_networks() -> None:
    web = Path(__file__).resolve().parents[2] / "webapp"

    importing = {
        str(path.relative_to(web)) for path in web.rglob("*.py") if "import ml.reading" in path.read_text()
    }

    assert importing == {"readings/worker.py"}
