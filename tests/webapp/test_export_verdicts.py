"""Verdicts as a data set: what readers said is what training reads, and no name or patient code leaves with it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskCliRunner

from ml.cli import main as ml_commands
from ml.data import load
from ml.data.example import NOTHING, Example
from ml.data.region_mask import read_region_mask
from ml.images.decode import decode
from ml.images.store import mask_png
from tests.ml.dicom_files import dicom_bytes, dicom_dataset
from tests.phantoms import sacroiliac_slice
from tests.webapp.every_task import SPECS, answers
from tests.webapp.program import Script
from tests.webapp.reading_room import LESION, REGION, STATUS, finish, finish_with, last_reading
from tests.webapp.workers import slice_png
from webapp.exports.training_set.agreeing import majority
from webapp.extensions import db

SIDE = 64
VERDICTS = "/studies/{uuid}/verdicts"
AGREE = {"verdict": "agree"}
NORMAL = {"verdict": "disagree", "reason": "answer", "answer_as_status": "Negative", "answer_stage": "Normal"}
MODERATE = {
    "verdict": "disagree",
    "reason": "answer",
    "answer_as_status": "Positive",
    "answer_stage": "Moderate",
}
WRONG = {"verdict": "disagree", "reason": "outline"}
SAME = {"answer_as_status": "Positive", "answer_stage": "Early"}


def readers(app: Flask, n: int) -> list[Script]:
    return [Script(app, f"reader{i}@clinic.example") for i in range(n)]


def study(
    app: Flask, script: Script, seed: int = 1, code: str = "SIJ-0417", data: bytes | None = None
) -> str:
    """A study that all three models have read as Positive and Early."""
    uuid = script.uploaded(data=data or slice_png(seed), models=[REGION, STATUS, LESION], patient_code=code)
    finish(app, uuid)
    return uuid


def sign(
    script: Script, uuid: str, model: str = STATUS, outline: np.ndarray | None = None, **fields: str
) -> None:
    form: dict[str, object] = {"model": model, **fields}
    if outline is not None:
        form["outline"] = (io.BytesIO(mask_png(outline)), "outline.png")
    answer = script.post(f"/studies/{uuid}/verdicts", VERDICTS, data=form)
    assert answer.status_code == 201, answer.text


def box(top: int, left: int, high: int = 10, wide: int = 10) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top : top + high, left : left + wide] = True
    return mask


def export(runner: FlaskCliRunner, out: Path, task: str = "sij_mri") -> str:
    result = runner.invoke(args=["export-verdicts", task, str(out)])
    assert result.exit_code == 0, result.output
    return result.output


def labels(example: Example) -> tuple[int | None, int | None]:
    return example.labels.get("as_status"), example.labels.get("stage")


def test_labels_and_outlines_come_back_as_they_were_signed(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    (script,) = readers(app, 1)
    agreed, corrected, empty = (study(app, script, seed) for seed in (1, 2, 3))
    sign(script, agreed, **AGREE)
    sign(script, corrected, **NORMAL)
    sign(script, corrected, REGION, box(5, 6), **WRONG)
    sign(script, corrected, LESION, box(20, 30), **{**WRONG, **NORMAL, "reason": "outline"})
    nothing = np.zeros((SIDE, SIDE), bool)
    sign(script, empty, REGION, nothing, **WRONG)
    sign(script, empty, LESION, nothing, **WRONG, **SAME)

    said = export(runner, tmp_path / "set")

    found = {decode(e.path.read_bytes()).pixels.tobytes(): e for e in load("sij_mri", tmp_path / "set")}
    one, two, three = (found[decode(slice_png(seed)).pixels.tobytes()] for seed in (1, 2, 3))
    assert [labels(example) for example in (one, two, three)] == [(1, 1), (0, 0), (1, 1)]
    assert (one.region_path, one.votes_path) == (None, None)
    assert np.array_equal(read_region_mask(two, (SIDE, SIDE)), box(5, 6))
    assert two.votes_path is not None
    assert np.array_equal(decode(two.votes_path.read_bytes()).pixels, box(20, 30) * np.uint8(240))
    assert (three.region_path, three.region_kind) == (None, NOTHING)
    assert three.votes_path is not None
    assert not decode(three.votes_path.read_bytes()).pixels.any()
    assert "Images: 3, of 1 known patients" in said
    assert "AS status: Negative 1, Positive 2." in said
    assert "of a region 2, of a lesion 2" in said


def test_nothing_tells_who_the_patient_or_the_reader_is(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    (script,) = readers(app, 1)
    for seed, code in ((1, "SIJ-0417"), (2, "SIJ-0417"), (3, "SIJ-0500"), (4, "")):
        sign(script, study(app, script, seed, code), note="seen at St Elsewhere", **AGREE)

    said = export(runner, tmp_path / "set")
    export(runner, tmp_path / "again")

    examples = load("sij_mri", tmp_path / "set")
    patients = [example.patient_id for example in examples]
    assert len(set(patients) - {None}) == 2
    assert patients.count(None) == 1
    assert "Without a patient code, or with several: 1" in said
    assert sorted(map(str, patients)) == sorted(
        str(e.patient_id) for e in load("sij_mri", tmp_path / "again")
    )
    files = [path for path in (tmp_path / "set").rglob("*") if path.is_file()]
    told = b"".join(path.read_bytes() for path in files) + " ".join(path.name for path in files).encode()
    for secret in (b"0417", b"0500", b"clinic.example", b"Elsewhere"):
        assert secret not in told


def test_of_several_readers_the_majority_counts_and_ties_are_left_out(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    scripts = readers(app, 3)
    three = [study(app, script, 1) for script in scripts]  # the same file, uploaded by each
    for script, uuid, verdict in zip(scripts, three, (AGREE, NORMAL, MODERATE), strict=True):
        sign(script, uuid, **verdict)
    two = [study(app, script, 2) for script in scripts[:2]]
    for script, uuid, verdict, left in zip(scripts, two, (AGREE, NORMAL), (10, 15), strict=False):
        sign(script, uuid, **verdict)
        sign(script, uuid, REGION, box(10, left), **WRONG)
        sign(
            script, uuid, LESION, box(10, left), **{**verdict, **WRONG, **(SAME if verdict is AGREE else {})}
        )

    said = export(runner, tmp_path / "set")

    first, second = sorted(load("sij_mri", tmp_path / "set"), key=lambda example: -len(example.labels))
    assert labels(first) == (1, None)  # two of three say Positive, each another stage
    assert labels(second) == (None, None)
    assert np.array_equal(read_region_mask(second, (SIDE, SIDE)), box(10, 15, 10, 5))
    assert second.votes_path is not None
    votes = decode(second.votes_path.read_bytes()).pixels
    assert np.array_equal(votes, 120 * box(10, 10).astype(np.uint8) + 120 * box(10, 15).astype(np.uint8))
    assert "Left out: images without a majority of readers (AS status): 1." in said
    assert "Left out: images without a majority of readers (Stage): 2." in said
    assert "judged by several readers: 2" in said


def test_what_must_not_be_learned_from_is_left_out_and_said(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    (script,) = readers(app, 1)
    kept, unusable, deleted, anyway, outline_only, lost = (study(app, script, seed) for seed in range(1, 7))
    sign(script, kept, **NORMAL)
    sign(script, kept, **AGREE)
    sign(script, unusable, **AGREE)
    sign(script, unusable, verdict="unusable", reason="quality")
    for uuid in (deleted, anyway, lost):
        sign(script, uuid, **AGREE)
    sign(script, outline_only, REGION, **AGREE)
    with app.app_context():
        last_reading(deleted).study.deleted_at = last_reading(deleted).created_at
        last_reading(anyway).anyway_reason = "only image there is"
        db.session.commit()
        image = last_reading(lost).study.images[0].file
    settings = app.extensions["settings"]
    (settings.data_dir / "studies" / lost / image).unlink()

    said = export(runner, tmp_path / "set")

    (example,) = load("sij_mri", tmp_path / "set")
    assert labels(example) == (1, 1)
    for line in (
        "verdicts that were superseded: 2",
        "verdicts that call the prediction unusable: 1",
        "verdicts on deleted studies: 1",
        "verdicts on images that were read anyway, outside validated input: 1",
        "verdicts on an outline without an outline of the reader's own: 1",
        "verdicts whose image is not there any more: 1",
    ):
        assert f"Left out: {line}." in said
        assert f"- {line}" in (tmp_path / "set" / "README.md").read_text()


def test_the_image_keeps_its_depth_and_its_spacing_and_the_audit_takes_the_set(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    (script,) = readers(app, 1)
    pixels = sacroiliac_slice(SIDE).astype(np.uint16) * 15
    uuid = study(app, script, data=dicom_bytes(dicom_dataset(pixels, PixelSpacing=[0.5, 0.5])))
    sign(script, uuid, REGION, box(5, 6), **WRONG)
    sign(script, uuid, **AGREE)
    sign(script, study(app, script, 2), **NORMAL)
    export(runner, tmp_path / "set")

    by_spacing = {example.pixel_mm: example for example in load("sij_mri", tmp_path / "set")}
    assert np.array_equal(decode(by_spacing[0.5].path.read_bytes()).pixels, pixels)
    audited = CliRunner().invoke(ml_commands, ["audit", "sij_mri", "--data", str(tmp_path / "set")])
    prepared = CliRunner().invoke(
        ml_commands,
        ["prepare", "sij_mri", "--source", str(tmp_path / "set"), "--out", str(tmp_path / "prepared")],
    )
    assert audited.exit_code == 0, audited.output
    assert prepared.exit_code == 0, prepared.output
    assert len(load("sij_mri", tmp_path / "prepared")) == 2


@pytest.mark.usefixtures("_all_offered")
def test_every_task_exports_its_own_labels(app: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    (script,) = readers(app, 1)
    for spec in SPECS:
        voter = next(model for model in spec.models if model.kind != "region")
        uuid = script.uploaded(task=spec.key, models=[voter.key])
        finish_with(app, uuid, answers(spec, 1))
        sign(script, uuid, voter.key, **AGREE)

        export(runner, tmp_path / spec.key, spec.key)

        (example,) = load(spec.key, tmp_path / spec.key)
        assert example.labels == {head.key: 1 for head in spec.heads}


def test_nothing_is_overwritten_and_nothing_half_is_left(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    out = tmp_path / "set"
    empty = runner.invoke(args=["export-verdicts", "sij_mri", str(out)])
    unknown = runner.invoke(args=["export-verdicts", "none", str(out)])
    (script,) = readers(app, 1)
    sign(script, study(app, script), **AGREE)
    out.mkdir()
    (out / "mine.txt").write_text("kept")
    full = runner.invoke(args=["export-verdicts", "sij_mri", str(out)])

    assert "No verdict of this task gives a label or an outline." in empty.output
    assert "There is no task" in unknown.output
    assert "is not empty" in full.output
    assert [result.exit_code for result in (empty, unknown, full)] == [1, 1, 1]
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("said", "label"),
    [(["a"], "a"), (["a", "b"], None), (["a", "a", "b"], "a"), (["a", "a", "b", "c"], None), ([], None)],
)
def test_a_majority_is_more_than_half(said: list[str], label: str | None) -> None:
    assert majority(said) == label
