"""Models that are shown a lesion map learn, for each patient left out, from the map of a network that never saw the patient."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml import tasks
from ml.data import DataError, Example
from ml.images.lesion_map import SURENESS
from ml.networks import build
from ml.networks.weights import save_weights
from ml.training.inputs import lesion_maps
from ml.training.inputs.batches import load_prepared
from ml.training.inputs.lesion_maps import FOLDS, LesionMaps, LesionMapsOfFolds
from tests import phantoms

SPEC = tasks.task("sij_mri")
MODEL = next(model for model in SPEC.models if model.sees == "lesion_map")


class DrawnRegions:
    """Stands in for a region network: the middle half of each picture."""

    def of(self, example: Example) -> np.ndarray:
        rows, columns = cv2.imread(str(example.path), cv2.IMREAD_GRAYSCALE).shape
        region = np.zeros((rows, columns), np.float32)
        region[rows // 4 : 3 * rows // 4, columns // 4 : 3 * columns // 4] = 1
        return region


class DrawnRegionsOfFolds:
    def __init__(self, *_: object) -> None: ...

    def without(self, _: set[str]) -> DrawnRegions:
        return DrawnRegions()


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    made = []
    for number in range(4):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), phantoms.sacroiliac_slice())
        labels = {"as_status": number % 2, "stage": number % 4}
        made.append(Example(image_id=path.stem, path=path, patient_id=f"P{number // 2}", labels=labels))
    return made


@pytest.fixture
def folds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Networks of two folds, told apart by what they answer: the one without P0 is sure of everything."""
    monkeypatch.setenv("MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setattr(lesion_maps, "RegionsOfFolds", DrawnRegionsOfFolds)
    folder = tmp_path / "models" / SPEC.key / SPEC.lesion_model.key / FOLDS
    for patient, bias in (("P0", 9.0), ("P1", -9.0)):
        network = build(SPEC.lesion_model.network, size=1)
        for member in "ab":
            kernel, constant = network.get_layer(f"{member}3").weights
            kernel.assign(np.zeros(kernel.shape))
            constant.assign(np.full(constant.shape, bias))
        save_weights(network, folder / f"{patient}.safetensors")
    return folder


def test_a_patient_left_out_is_looked_at_by_the_network_that_never_saw_them(examples, folds):
    networks = LesionMapsOfFolds(SPEC, examples)

    sure, unsure = (networks.without({patient}).of(examples[0]) for patient in ("P0", "P1"))

    assert sure.max() > 0.99
    assert 0 < unsure.max() < 0.01
    assert not sure[:10].any()


def test_no_network_saw_neither_of_two_patients(examples, folds):
    with pytest.raises(DataError, match="P0, P1"):
        LesionMapsOfFolds(SPEC, examples).without({"P0", "P1"})


def test_a_lesion_network_that_is_missing_is_named(examples, folds):
    (folds / "P0.safetensors").unlink()

    with pytest.raises(DataError, match=r"P0\.safetensors is not there: train it first"):
        LesionMapsOfFolds(SPEC, examples).without({"P0"})


def test_a_model_learns_from_the_map_in_place_of_the_slice(examples, folds):
    maps = LesionMapsOfFolds(SPEC, examples).without({"P0"})
    shares = maps.of(examples[0])

    shown = load_prepared(examples[:1], SPEC, MODEL, 64, maps).pixels[0, ..., 0]

    assert shown[32, 32] == pytest.approx(shares.max() ** SURENESS, rel=1e-3)
    assert not shown[:8].any()


def test_without_a_map_such_a_model_learns_nothing(examples):
    with pytest.raises(DataError, match="is shown the map of"):
        load_prepared(examples, SPEC, MODEL, 64)


def test_a_model_that_is_shown_the_slice_needs_no_map(examples):
    slices = load_prepared(examples, SPEC, replace(MODEL, sees="slice"), 64).pixels

    assert slices[0, :8].any()


def test_an_image_without_bone_has_an_empty_map(examples, folds, tmp_path):
    class NoRegions(DrawnRegions):
        def of(self, example: Example) -> np.ndarray:
            return np.zeros_like(super().of(example))

    shares, bright_share = LesionMaps(SPEC, folds / "P0.safetensors", NoRegions()).found(examples[0])

    assert not shares.any()
    assert bright_share == 0.0
