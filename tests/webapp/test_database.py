"""The schema that migrations make, and how SQLite is opened."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy.exc import IntegrityError

from webapp import create_app
from webapp.accounts.tables import ApiToken, User
from webapp.database import bind_migrations
from webapp.extensions import db
from webapp.readings.tables import Prediction, Reading
from webapp.reviews.reveals import is_independent, reveal
from webapp.reviews.tables import OwnAnswer, Verdict
from webapp.settings import REPOSITORY, Settings, current_settings
from webapp.studies.tables import Study


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Flask]:
    """An application whose database was never made."""
    app = create_app(Settings(data_dir=tmp_path))
    bind_migrations(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def _run(*statements: str) -> None:
    with db.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def differences() -> list[object]:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, db.metadata))


def test_the_migrated_schema_is_the_one_of_the_tables(empty: Flask) -> None:
    upgrade()

    assert differences() == []


def test_migrating_twice_changes_nothing(empty: Flask) -> None:
    upgrade()
    upgrade()

    assert differences() == []


def test_migrations_go_back_to_nothing_and_up_again(empty: Flask) -> None:
    upgrade()
    downgrade(revision="base")
    upgrade()

    assert differences() == []


def test_a_database_without_lesions_keeps_its_predictions(empty: Flask) -> None:
    upgrade(revision="0001")
    _run(
        "INSERT INTO user VALUES (1, 'a@b.example', 'x', 'clinician', 'active', 'dark', '2026-01-01')",
        "INSERT INTO study VALUES (1, 'u', 1, 'sij_mri', NULL, NULL, '2026-01-01', NULL)",
        "INSERT INTO image (id, study_id, position, file, sha256, rows, columns, format, warnings)"
        " VALUES (1, 1, 0, 'image.png', 's', 64, 64, 'PNG', '[]')",
        "INSERT INTO reading (id, study_id, latest, state, models, attempt, created_at)"
        " VALUES (1, 1, 1, 'done', '[\"unet_best\"]', 1, '2026-01-01')",
        "INSERT INTO prediction (id, reading_id, image_id, model, version, state, scores, labels, seconds, precision,"
        " region_px, files, created_at) VALUES (1, 1, 1, 'unet_best', '1.0.0', 'done', '{}', '{}', 1.5, 'float32',"
        " 8, '{\"region\": \"r.png\"}', '2026-01-01')",
    )

    upgrade()

    kept = db.session.get_one(Prediction, 1)
    assert (kept.model, kept.region_px, kept.files, kept.lesion) == (
        "unet_best",
        8,
        {"region": "r.png"},
        None,
    )
    kept.lesion = {"pixels": 3, "area_mm2": None}
    db.session.commit()
    db.session.expire_all()
    assert db.session.get_one(Prediction, 1).lesion == {"pixels": 3, "area_mm2": None}
    db.session.close()
    downgrade(revision="0001")
    with db.engine.connect() as connection:
        left = connection.execute(db.text("SELECT model, region_px FROM prediction")).all()
    assert [tuple(row) for row in left] == [("unet_best", 8)]


def test_on_postgresql_lesions_are_one_new_column() -> None:
    written = StringIO()
    options = {"as_sql": True, "output_buffer": written}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    revision = import_module("migrations.versions.0002_lesions")

    with Operations.context(context):
        revision.upgrade()
        revision.downgrade()

    statements = [line for line in written.getvalue().splitlines() if line]
    assert statements == [
        "ALTER TABLE prediction ADD COLUMN lesion JSON;",
        "ALTER TABLE prediction DROP COLUMN lesion;",
    ]


def test_on_postgresql_the_worklist_copies_no_table() -> None:
    written = StringIO()
    options = {"as_sql": True, "output_buffer": written}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    revision = import_module("migrations.versions.0006_worklist")

    with Operations.context(context):
        revision.upgrade()
        revision.downgrade()

    statements = written.getvalue()
    assert (
        statements.count("ALTER TABLE study ADD COLUMN")
        == statements.count("ALTER TABLE study DROP COLUMN")
        == 7
    )
    assert statements.count("WHERE ended_at IS NULL;") == 1
    assert "_alembic_tmp" not in statements


def test_readings_from_before_read_anyway_are_kept_there_and_back(empty: Flask) -> None:
    upgrade(revision="0002")
    _run(
        "INSERT INTO user VALUES (1, 'a@b.example', 'x', 'clinician', 'active', 'dark', '2026-01-01')",
        "INSERT INTO study VALUES (1, 'u', 1, 'sij_mri', NULL, NULL, '2026-01-01', NULL)",
        "INSERT INTO reading (id, study_id, latest, state, models, attempt, created_at, gate)"
        " VALUES (1, 1, 1, 'stopped', '[\"unet_best\"]', 1, '2026-01-01', '{\"kind\": \"other\"}')",
    )

    upgrade()

    kept = db.session.get_one(Reading, 1)
    assert (kept.state, kept.gate, kept.outside_validated_input) == ("stopped", {"kind": "other"}, False)
    kept.anyway_reason, kept.anyway_by = "only image there is", "a@b.example"
    db.session.commit()
    db.session.close()
    downgrade(revision="0002")
    with db.engine.connect() as connection:
        left = connection.execute(db.text("SELECT id, state, latest FROM reading")).all()
        twice = "INSERT INTO reading (id, study_id, latest, state, models, attempt, created_at)"
        with pytest.raises(IntegrityError):  # still one latest reading a study
            connection.execute(db.text(f"{twice} VALUES (2, 1, 1, 'queued', '[]', 0, '2026-01-01')"))
    assert [tuple(row) for row in left] == [(1, "stopped", 1)]


def test_what_was_read_before_verdicts_is_kept_there_and_back(empty: Flask) -> None:
    upgrade(revision="0003")
    _run(
        "INSERT INTO user VALUES (1, 'a@b.example', 'x', 'clinician', 'active', 'light', '2026-01-01')",
        "INSERT INTO session VALUES (1, 't', 1, '2026-01-01', '2026-01-02', '2026-01-01', '', '')",
        "INSERT INTO study VALUES (1, 'u', 1, 'sij_mri', NULL, NULL, '2026-01-01', NULL)",
        "INSERT INTO image (id, study_id, position, file, sha256, rows, columns, format, warnings)"
        " VALUES (1, 1, 0, 'image.png', 's', 64, 64, 'PNG', '[]')",
        "INSERT INTO reading (id, study_id, latest, state, models, attempt, created_at)"
        " VALUES (1, 1, 1, 'done', '[\"unet_best\"]', 1, '2026-01-01')",
        "INSERT INTO prediction (id, reading_id, image_id, model, version, state, scores, labels, seconds, precision,"
        " files, created_at) VALUES (1, 1, 1, 'unet_best', '1.0.0', 'done', '{}', '{}', 1.5, 'float32', '{}', '2026-01-01')",
    )

    upgrade()

    user = db.session.get_one(User, 1)
    assert (user.theme, user.second_reader, len(user.sessions)) == ("light", False, 1)
    signed = {"study_id": 1, "user_id": 1, "signed_by": user.email}
    db.session.add(Verdict(prediction_id=1, judgement="unusable", reason="quality", **signed))
    db.session.add(OwnAnswer(labels={"stage": None}, **signed))
    db.session.commit()
    db.session.close()
    downgrade(revision="0003")
    with db.engine.connect() as connection:
        left = connection.execute(db.text("SELECT email, theme FROM user")).all()
        sessions = connection.execute(db.text("SELECT count(*) FROM session")).scalar()
    assert ([tuple(row) for row in left], sessions) == ([("a@b.example", "light")], 1)


def test_studies_from_before_the_worklist_know_what_was_read_and_judged(empty: Flask) -> None:
    upgrade(revision="0004")
    study = "INSERT INTO study VALUES ({0}, 'u{0}', 1, 'sij_mri', NULL, NULL, '2026-01-0{0}', NULL)"
    reading = (
        "INSERT INTO reading (id, study_id, latest, state, models, attempt, created_at, summary_label, summary_stage,"
        " summary_risk, summary_agreement) VALUES ({0}, {1}, {2}, '{3}', '[]', 1, '2026-01-01', {4}, NULL, 'LOW', 0.75)"
    )
    verdict = (
        "INSERT INTO verdict VALUES ({0}, {1}, 1, {2}, '{3}', '{{}}', '', '', 'a@b.example', '2026-01-0{0}')"
    )
    _run(
        "INSERT INTO user VALUES (1, 'a@b.example', 'x', 'clinician', 'active', 'dark', '2026-01-01', 0)",
        "INSERT INTO user VALUES (2, 'c@b.example', 'x', 'admin', 'active', 'dark', '2026-01-01', 0)",
        *(study.format(number) for number in (1, 2, 3)),
        reading.format(1, 1, 0, "failed", "'Negative'"),
        reading.format(2, 1, 1, "done", "'Positive'"),
        reading.format(3, 2, 1, "queued", "NULL"),
        "INSERT INTO image (id, study_id, position, file, sha256, rows, columns, format, warnings)"
        " VALUES (1, 1, 0, 'image.png', 's', 64, 64, 'PNG', '[]')",
        "INSERT INTO prediction (id, reading_id, image_id, model, version, state, scores, labels, seconds, precision,"
        " files, created_at) VALUES (1, 2, 1, 'm', '1', 'done', '{}', '{}', 1.5, 'float32', '{}', '2026-01-01')",
        verdict.format(1, 1, 1, "disagree"),
        verdict.format(2, 1, 1, "agree"),
        verdict.format(3, 2, 2, "agree"),
        "INSERT INTO own_answer VALUES (1, 3, 1, '{}', '', 'a@b.example', '2026-01-01')",
    )

    upgrade()

    told = [
        (
            one.last_state,
            one.last_label,
            one.last_risk,
            one.last_agreement,
            one.owner_verdict,
            one.owner_spoke,
        )
        for one in db.session.scalars(db.select(Study).order_by(Study.id))
    ]
    assert told == [
        ("done", "Positive", "LOW", 0.75, "agree", True),
        ("queued", "", "LOW", 0.75, "", False),
        ("", "", "", -1.0, "", True),
    ]
    db.session.close()
    downgrade(revision="0004")
    with db.engine.connect() as connection:
        left = connection.execute(
            db.text("SELECT count(*) FROM study JOIN reading ON study.id = study_id")
        ).scalar()
    assert left == 3


def test_verdicts_from_before_outlines_are_kept_there_and_back(empty: Flask) -> None:
    upgrade(revision="0004")
    _run(
        "INSERT INTO user VALUES (1, 'a@b.example', 'x', 'clinician', 'active', 'light', '2026-01-01', 1)",
        "INSERT INTO study VALUES (1, 'u', 1, 'sij_mri', NULL, NULL, '2026-01-01', NULL)",
        "INSERT INTO image (id, study_id, position, file, sha256, rows, columns, format, warnings)"
        " VALUES (1, 1, 0, 'image.png', 's', 64, 64, 'PNG', '[]')",
        "INSERT INTO reading (id, study_id, latest, state, models, attempt, created_at)"
        " VALUES (1, 1, 1, 'done', '[\"unet_best\"]', 1, '2026-01-01')",
        "INSERT INTO prediction (id, reading_id, image_id, model, version, state, scores, labels, seconds, precision,"
        " files, created_at) VALUES (1, 1, 1, 'unet_best', '1.0.0', 'done', '{}', '{}', 1.5, 'float32', '{}', '2026-01-01')",
        "INSERT INTO verdict VALUES (1, 1, 1, 1, 'disagree', '{}', 'outline', '', 'a@b.example', '2026-01-01')",
        "INSERT INTO own_answer VALUES (1, 1, 1, '{}', '', 'a@b.example', '2026-01-01')",
    )

    upgrade()

    kept = db.session.get_one(Verdict, 1)
    assert (kept.judgement, kept.outline_file, kept.outline_px) == ("disagree", None, None)
    assert is_independent(db.session.get_one(OwnAnswer, 1))  # nobody knows otherwise
    reveal(db.session.get_one(User, 1), [kept.study])
    db.session.close()
    downgrade(revision="0004")
    with db.engine.connect() as connection:
        left = connection.execute(db.text("SELECT judgement, reason FROM verdict")).all()
    assert [tuple(row) for row in left] == [("disagree", "outline")]


def test_two_that_migrate_at_once_do_not_disturb_each_other(empty: Flask) -> None:
    command = [sys.executable, "-m", "flask", "--app", "webapp", "db", "upgrade"]
    environment = os.environ | {"DATA_DIR": str(current_settings().data_dir)}

    both = [
        subprocess.Popen(command, cwd=REPOSITORY, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    assert [(process.communicate()[1], process.returncode) for process in both] == [("", 0), ("", 0)]
    assert differences() == []


def test_readers_do_not_wait_for_the_writer(app: Flask, settings: Settings) -> None:
    with app.app_context():
        assert db.session.execute(db.text("PRAGMA journal_mode")).scalar() == "wal"
        writer = sqlite3.connect(settings.data_dir / "sidelight.db", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")

        count = db.session.scalar(db.select(db.func.count(User.id)))

        writer.close()
    assert count == 0


def test_foreign_keys_are_kept(app: Flask) -> None:
    with app.app_context():
        db.session.add(ApiToken(user_id=404, name="of nobody", token_hash="0"))
        with pytest.raises(IntegrityError):
            db.session.commit()


def test_a_transaction_that_read_first_may_still_write_after_another_wrote(
    app: Flask, settings: Settings
) -> None:
    with app.app_context():
        db.session.add(User(email="a@b.example", password_hash="x"))
        db.session.commit()
        user = db.session.scalars(db.select(User)).one()
        other = sqlite3.connect(settings.data_dir / "sidelight.db")
        other.execute("UPDATE user SET role = 'admin'")
        other.commit()
        other.close()

        user.theme = "light"
        db.session.commit()

        assert (user.role, user.theme) == ("admin", "light")


OPEN_AT_ONCE = """
import os, sqlite3, sys, time
from pathlib import Path
from sqlalchemy import create_engine
import webapp.database
barrier, last = Path(sys.argv[1]), int(sys.argv[2])
for turn in range(last):
    (barrier / f"{turn}-{sys.argv[3]}").touch()
    until = time.monotonic() + 60
    while len(list(barrier.glob(f"{turn}-*"))) < 3:
        assert time.monotonic() < until, "another process has given up"
        os.sched_yield()
    engine = create_engine(f"sqlite:///{barrier / 'new'}-{turn}.db")
    with engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        connection.exec_driver_sql(f"CREATE TABLE t_{sys.argv[3]} (id INTEGER)")
    engine.dispose()
"""


def test_processes_that_open_a_new_database_in_the_same_moment_all_get_it(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AT_ONCE, str(tmp_path), "40", str(number)],
            cwd=REPOSITORY,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]

    assert [process.communicate()[1] for process in processes] == ["", "", ""]
