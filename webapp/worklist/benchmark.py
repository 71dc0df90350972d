"""How long the server takes for a page of the worklist, over a database that is made for it and thrown away.

`python -m webapp.worklist.benchmark`: a table for people on standard error, JSON on standard output.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from uuid import UUID

import click
from flask import Flask, session
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from ml.tasks import TaskSpec, offered
from webapp import create_app
from webapp.accounts.sessions import begin_session
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.readings.summary import RISKS, label_head, stage_head
from webapp.readings.tables import Prediction, Reading
from webapp.reviews.tables import Verdict
from webapp.settings import Settings
from webapp.sharing.tables import Share
from webapp.studies.tables import Image, Study
from webapp.worklist.tables import Label, Labelled

_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
_CHUNK = 5000
_OWNER, _COLLEAGUE, _CHIEF = 1, 2, 3


@dataclass(frozen=True)
class Timing:
    """One page asked for again and again: times in ms by the clock, and the median of the process's own time."""

    page: str
    min_ms: float
    median_ms: float
    max_ms: float
    cpu_ms: float


@click.command()
@click.option("--studies", default=100_000, show_default=True, type=click.IntRange(100))
@click.option("--rounds", default=9, show_default=True, type=click.IntRange(1))
def benchmark(studies: int, rounds: int) -> None:
    """Time pages of the worklist at many studies of one clinician."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder), min_free_mb=0))
        with app.app_context():
            db.create_all()
            _fill(studies)
            timings = [asdict(timing) for timing in _timed(app, studies, rounds)]
            db.engine.dispose()
    for timing in timings:
        click.echo(
            "{page:48} {min_ms:8.1f} {median_ms:8.1f} {max_ms:8.1f} {cpu_ms:8.1f}".format(**timing), err=True
        )
    click.echo(json.dumps({"studies": studies, "rounds": rounds, "pages": timings}))


def _timed(app: Flask, studies: int, rounds: int) -> Iterator[Timing]:
    owner = _client(app, _OWNER)
    click.echo(f"{'':48} {'min':>8} {'median':>8} {'max':>8} {'cpu':>8}  ms", err=True)
    middle = db.session.scalars(
        select(Study.uuid).order_by(Study.created_at).offset(studies // 2).limit(1)
    ).one()
    spec = offered()[0]
    addresses = {
        "first page": "/studies",
        "a page far down": f"/studies?after={middle}",
        "done (nearly all)": "/studies?state=done",
        "stopped (rare)": "/studies?state=stopped",
        "to judge": "/studies?state=done&verdict=without",
        "models disagree": "/studies?agreement=differ",
        "nothing matches": "/studies?from=2020-01-01&to=2020-01-02&state=failed",
        "a label": "/studies?label=1",
        **{f"by {column}": f"/studies?sort={column}" for column in ("patient", "task", "status", "stage")},
        **{f"by {column}": f"/studies?sort={column}" for column in ("agreement", "risk", "verdict")},
        "done, by stage": f"/studies?state=done&sort=stage&task={spec.key}",
    }
    for name, address in addresses.items():
        yield _asked(name, rounds, partial(_get, owner, address))
    for name, code in (
        ("search, one patient", "P-004242"),
        ("search, a few letters", "P-0"),
        ("search, none", "Q"),
    ):
        yield _asked(name, rounds, partial(_search, owner, _token(owner), code))
    for name, user in (("colleague, 1,000 shared", _COLLEAGUE), ("administrator, all", _CHIEF)):
        client = _client(app, user)
        yield _asked(name, rounds, partial(_get, client, "/studies"))
        yield _asked(f"{name}, by stage", rounds, partial(_get, client, "/studies?sort=stage"))


def _get(client: FlaskClient, address: str) -> int:
    return client.get(address).status_code


def _search(client: FlaskClient, token: str, code: str) -> int:
    return client.post("/studies/search", data={"csrf_token": token, "code": code}).status_code


def _asked(page: str, rounds: int, ask: Callable[[], int]) -> Timing:
    wall, cpu = [], []
    ask()  # statements are compiled and the file is in memory
    for _ in range(rounds):
        began, worked = time.perf_counter(), time.process_time()
        status = ask()
        cpu.append(1000 * (time.process_time() - worked))
        wall.append(1000 * (time.perf_counter() - began))
        if status != 200:
            raise click.ClickException(f"{page}: the server answered {status}.")
    return Timing(page, *(round(value, 1) for value in (min(wall), median(wall), max(wall), median(cpu))))


def _client(app: Flask, user_id: int) -> FlaskClient:
    client = app.test_client()
    with app.test_request_context():
        begin_session(db.session.get_one(User, user_id))
        db.session.commit()
        kept = dict(session)
    with client.session_transaction() as cookie:
        cookie.update(kept)
    return client


def _token(client: FlaskClient) -> str:
    return client.get("/studies").text.partition('name="csrf_token" value="')[2].partition('"')[0]


def _fill(studies: int) -> None:
    """Studies of one owner over two years, nearly all read; a tenth judged, a thousand shared, a thousand labelled."""
    people = ("owner", "colleague", "chief")
    users = [
        {"id": number, "email": f"{name}@clinic.example", "password_hash": "-", "state": "active"}
        | {"role": "admin" if name == "chief" else "clinician"}
        for number, name in enumerate(people, 1)
    ]
    db.session.execute(insert(User), users)
    db.session.execute(
        insert(Label), [{"id": 1, "user_id": _OWNER, "name": "teaching", "folded": "teaching"}]
    )
    rng = random.Random(42)  # noqa: S311 - the same database each time, nothing secret
    for first in range(1, studies + 1, _CHUNK):
        rows = [_study(rng, number, studies) for number in range(first, min(first + _CHUNK, studies + 1))]
        for table in (Study, Image, Reading, Prediction, Verdict):
            values = [row[table] for row in rows if table in row]
            if values:
                db.session.execute(insert(table), values)
    some = range(1, min(1000, studies) + 1)
    db.session.execute(insert(Labelled), [{"label_id": 1, "study_id": number} for number in some])
    shares = [{"study_id": number, "user_id": _COLLEAGUE, "shared_by": _OWNER} for number in some]
    db.session.execute(insert(Share), shares)
    db.session.commit()


def _study(rng: random.Random, number: int, studies: int) -> dict[type, dict[str, object]]:
    spec = rng.choice(offered())
    state = rng.choices(("done", "stopped", "failed", "queued"), (960, 20, 19, 1))[0]
    summary = _summary(rng, spec) if state == "done" else {}
    judged = state == "done" and rng.random() < 0.1
    about = {
        "id": number,
        "uuid": str(UUID(int=rng.getrandbits(128), version=4)),
        "user_id": _OWNER,
        "task": spec.key,
    }
    about |= {
        "patient_code": f"P-{rng.randrange(studies // 2):06d}",
        "created_at": _BEGIN + timedelta(seconds=rng.randrange(63_000_000)),
        "last_state": state,
        "owner_verdict": "agree" if judged else "",
        "owner_spoke": judged,
        "last_label": summary.get("summary_label") or "",
        "last_stage": summary.get("summary_stage") or "",
        "last_risk": summary.get("summary_risk") or "",
        "last_agreement": summary.get("summary_agreement", -1.0),
    }
    image = {
        "id": number,
        "study_id": number,
        "file": "image.png",
        "sha256": "0" * 64,
        "rows": 256,
        "columns": 256,
    }
    image |= {"format": "PNG", "sequence": "STIR"}
    none = dict.fromkeys(("summary_label", "summary_stage", "summary_risk", "summary_agreement"))
    reading = {
        "id": number,
        "study_id": number,
        "state": state,
        "models": [model.key for model in spec.models],
    }
    rows: dict[type, dict[str, object]] = {Study: about, Image: image, Reading: reading | none | summary}
    if judged:
        key = {"id": number, "study_id": number, "prediction_id": number, "user_id": _OWNER}
        rows[Verdict] = key | {"judgement": "agree", "signed_by": "owner@clinic.example"}
        model = {"model": spec.models[0].key, "version": "1.0.0", "state": "done", "seconds": 1.0}
        rows[Prediction] = {
            "id": number,
            "reading_id": number,
            "image_id": number,
            "precision": "float32",
        } | model
    return rows


def _summary(rng: random.Random, spec: TaskSpec) -> dict[str, object]:
    label, stage = label_head(spec), stage_head(spec)
    return {
        "summary_label": rng.choice(label.labels) if label else None,
        "summary_stage": rng.choice(stage.labels) if stage else None,
        "summary_risk": rng.choice(RISKS),
        "summary_agreement": rng.choice((0.5, 0.75, 1.0)),
    }


if __name__ == "__main__":
    benchmark()
