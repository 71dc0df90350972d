"""A probe takes one shortcut away and leaves the rest; a model that lives by it falls, another does not."""

from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from ml import tasks
from ml.data import DataError, Example
from ml.networks.weights import save_weights
from ml.probing import PROBES, probed
from ml.probing.shortcuts import border_masked, corners_masked, cropped, equalised

SIDE = 96


def middle_and_corner() -> np.ndarray:
    picture = np.full((SIDE, SIDE), 0.2, np.float32)
    picture[40:56, 40:56] = 0.8
    picture[:8, :8] = 1.0
    return picture


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_keeps_shape_and_range_and_leaves_the_original_alone(name: str) -> None:
    picture = middle_and_corner()

    changed = PROBES[name](picture)

    assert changed.shape == picture.shape
    assert changed.min() >= 0.0
    assert changed.max() <= 1.0
    assert np.array_equal(picture, middle_and_corner())


def test_masks_take_the_corner_and_keep_the_middle() -> None:
    for mask in (border_masked, corners_masked):
        changed = mask(middle_and_corner())
        assert changed[0, 0] == pytest.approx(0.2)
        assert changed[48, 48] == pytest.approx(0.8)


def test_a_crop_enlarges_the_middle_and_equalising_forgets_brightness() -> None:
    picture = middle_and_corner()

    assert (cropped(picture) > 0.7).sum() > (picture[8:-8, 8:-8] > 0.7).sum()
    assert np.array_equal(equalised(picture), equalised(picture * 0.5))


class TestAModelThatLooksAtOneCorner:
    @pytest.fixture
    def weights(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A network whose score is the brightness of the picture's first rows and columns."""

        def corner_network(size: int) -> keras.Model:
            inputs = keras.Input((size, size, 1))
            corner = keras.layers.Cropping2D(((0, size - 8), (0, size - 8)))(inputs)
            mean = keras.layers.GlobalAveragePooling2D()(corner)
            logits = keras.layers.Dense(4, name="label_logits")(mean)
            return keras.Model(inputs, keras.layers.Softmax(name="label")(logits))

        monkeypatch.setattr("ml.probing.build", lambda network, size: corner_network(size))
        network = corner_network(SIDE)
        network.get_layer("label_logits").set_weights([np.array([[8.0, -8.0, 0.0, 0.0]]), np.zeros(4)])
        save_weights(network, tmp_path / "weights.safetensors")
        return tmp_path / "weights.safetensors"

    @pytest.fixture
    def examples(self, tmp_path: Path) -> list[Example]:
        """Twelve patients; those with label 0 have a letter in the corner."""
        found = []
        for number in range(12):
            picture = np.full((224, 224), 60 + number, np.uint8)
            if number % 2 == 0:
                picture[:30, :30] = 250
            file = tmp_path / f"{number}.png"
            cv2.imwrite(str(file), picture)
            labels = {"finding": number % 2}
            found.append(Example(f"i{number}", file, patient_id=f"p{number}", labels=labels, prepared=True))
        return found

    def test_it_falls_to_chance_when_the_corners_are_masked(self, weights, examples) -> None:
        task = tasks.task("kidney_ct")

        report = probed(task, task.model("mobilenet_v2"), {weights: examples})

        assert report["auc"] == pytest.approx(1.0)
        assert report["probes"]["corners_masked"]["auc"] < 0.8
        assert report["probes"]["corners_masked"]["auc_change"] < -0.2
        assert report["probes"]["blurred"]["auc_change"] == pytest.approx(0.0, abs=0.05)
        assert report["n_images"] == report["n_patients"] == 12

    def test_without_an_image_left_it_says_so(self, weights) -> None:
        task = tasks.task("kidney_ct")

        with pytest.raises(DataError, match="did not learn from"):
            probed(task, task.model("mobilenet_v2"), {weights: []})


def test_a_model_without_labels_cannot_be_probed() -> None:
    task = tasks.task("bone_xray")

    with pytest.raises(DataError, match="gives no labels"):
        probed(task, task.model("tumour_unet"), {})
