"""What `python -m ml predict` tells and draws of a lesion, on a drawn slice with a drawn answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from ml import reading
from ml.cli import main
from ml.gate.findings import GateFindings
from ml.images.decode import DecodedImage
from ml.images.store import read_mask
from ml.lesion import lesion_of
from ml.tasks import task
from tests.phantoms import sacroiliac_region, sacroiliac_slice

SPEC = task("sij_mri")
LESION = next(model.key for model in SPEC.models if model.kind == "lesion")
PLACE = np.s_[100:120, 170:185]


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A drawn slice; what the lesion model shall find on it, by the names of `shares` and `spacing`."""
    answer: dict[str, Any] = {"shares": np.zeros((256, 256), np.float32), "spacing": (0.6, 0.6)}
    answer["shares"][PLACE] = 0.9
    answer["file"] = tmp_path / "slice.png"
    cv2.imwrite(str(answer["file"]), sacroiliac_slice())

    def read(image: DecodedImage, *_: object) -> Iterator[reading.Prediction]:
        yield reading.Prediction(
            model=LESION,
            version="1.0.0",
            weights_sha256="0" * 64,
            state="done",
            scores={"as_status": {"Negative": 0.1, "Positive": 0.9}, "stage": {"Early": 1.0}},
            labels={"as_status": "Positive", "stage": "Early"},
            risk="LOW",
            lesion=lesion_of(answer["shares"], sacroiliac_region(), 0.5, answer["spacing"], 0.0),
        )

    monkeypatch.setattr(reading, "check", lambda *_: GateFindings("STIR", {"STIR": 1.0}, "passed", None, {}))
    monkeypatch.setattr(reading, "read", read)
    return answer


def predict(drawn: dict[str, Any], *words: object) -> Result:
    command = ["predict", drawn["file"], "--task", SPEC.key, "--models", LESION, *words]
    result = CliRunner().invoke(main, [str(word) for word in command])
    assert result.exit_code == 0, result.output
    return result


def test_a_lesion_is_told_with_its_numbers(drawn: dict[str, Any]) -> None:
    (told,) = json.loads(predict(drawn, "--json", "-").stdout)

    (prediction,) = told["predictions"]
    lesion = prediction["lesion"]
    assert set(lesion) == {"pixels", "share_of_region", "area_mm2", "near_joint_share", "burden"}
    assert lesion["pixels"] == sacroiliac_region()[PLACE].sum() > 0
    assert lesion["area_mm2"] == pytest.approx(lesion["pixels"] * 0.36)
    assert (prediction["as_status"], prediction["stage"], prediction["region_px"]) == (1, "Early", None)


def test_a_lesion_is_kept_as_a_mask_and_drawn_over_the_slice(drawn: dict[str, Any], tmp_path: Path) -> None:
    predict(drawn, "--out", tmp_path / "out")

    mask = read_mask((tmp_path / "out" / f"slice-{LESION}-lesion.png").read_bytes())
    overlay = cv2.imread(str(tmp_path / "out" / f"slice-{LESION}-overlay.png")).astype(int)
    coloured = np.abs(overlay[..., 0] - overlay[..., 2]) > 10
    assert mask.any()
    assert (mask == (drawn["shares"] > 0.5) & sacroiliac_region()).all()
    assert (coloured == mask).all()
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    edge = mask & ~cv2.erode(mask.astype(np.uint8), cross).astype(bool)
    assert len(np.unique(overlay[edge], axis=0)) == 1
    assert len(np.unique(overlay[mask], axis=0)) > 1


def test_a_lesion_is_said_in_one_line(drawn: dict[str, Any]) -> None:
    known = predict(drawn).stdout
    drawn["spacing"] = None
    unknown = predict(drawn).stdout
    drawn["shares"][:] = 0
    none = predict(drawn).stdout

    assert "mm², " in known
    assert "100% of it near the sacroiliac joints (rough rule)" in known
    assert "area unknown" in unknown
    assert "of the bone in view" in unknown
    assert "no lesion outlined" in none
