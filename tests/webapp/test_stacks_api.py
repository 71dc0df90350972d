"""Stacks for programs: several files in, answers slice by slice out, nothing while they are sealed."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.webapp.program import Script
from tests.webapp.reading_room import LESION, REGION, STATUS
from tests.webapp.series import SPACING_MM, sent, series
from tests.webapp.stack_room import AREA_MM2, finish_stack
from tests.webapp.workers import slice_png
from webapp.accounts.tables import User
from webapp.extensions import db


@pytest.fixture
def script(app: Flask) -> Script:
    return Script(app)


def send(script: Script, files: list[bytes]) -> Any:
    form = {"task": "sij_mri", "models": [REGION, STATUS, LESION], "image": sent(files)}
    return script.post("/studies", "/studies", data=form)


def test_a_stack_is_answered_slice_by_slice_with_its_findings(app: Flask, script: Script) -> None:
    answer = send(script, series(4))
    uuid = answer.get_json()["uuid"]
    finish_stack(app, uuid, {STATUS: (1, 3, 4), LESION: (3,)})

    study = script.study(uuid)

    assert [one["slice"] for one in study["slices"]] == [1, 2, 3, 4]
    assert [one["place_mm"] for one in study["slices"]] == pytest.approx(
        [i * SPACING_MM for i in range(4)], abs=1e-3
    )
    said = {(p["slice"], p["model"]): p for p in study["predictions"]}
    assert len(said) == len(study["predictions"]) == 12
    assert [said[n, STATUS]["as_status"] for n in (1, 2, 3, 4)] == [1, 0, 1, 1]
    found = {one["model"]: one for one in study["findings"]}
    assert found[STATUS]["slices"] == [[3, 4], [1]]
    assert found[LESION]["lesion_area_mm2"] == AREA_MM2
    assert found[LESION]["lesion_volume_mm3"] == pytest.approx(AREA_MM2 * SPACING_MM, rel=1e-3)
    pictures = {script.client.get(said[n, REGION]["region"], headers=script.headers).data for n in (1, 4)}
    assert len(pictures) == 2


def test_a_verdict_names_its_slice(app: Flask, script: Script) -> None:
    uuid = send(script, series(3)).get_json()["uuid"]
    finish_stack(app, uuid, {})

    told = script.client.post(
        f"/api/v1/studies/{uuid}/verdicts?slice=2",
        headers=script.headers,
        data={"model": STATUS, "verdict": "agree"},
    )

    script.checked(told, "post", "/studies/{uuid}/verdicts")
    assert [verdict["slice"] for verdict in told.get_json()["verdicts"]] == [2]


def test_one_request_makes_one_study(script: Script) -> None:
    answer = send(script, [slice_png(1), slice_png(2)])

    assert answer.status_code == 422
    assert "more than one study" in answer.get_json(force=True)["detail"]
    assert script.get("/studies", "/studies").get_json()["total"] == 0


def test_findings_are_sealed_with_the_predictions(app: Flask, script: Script) -> None:
    uuid = send(script, series(3)).get_json()["uuid"]
    finish_stack(app, uuid, {STATUS: (1, 2)})
    with app.app_context():
        db.session.query(User).update({"second_reader": True})
        db.session.commit()

    study = script.study(uuid)

    assert (study["sealed"], study["predictions"], study["findings"]) == (True, [], [])
    assert len(study["slices"]) == 3
