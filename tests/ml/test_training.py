"""Training reads its configuration, sees only its own parts, and leaves weights with a record of what made them."""

import csv

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ml.training.augmentation import augment
from ml.training.configuration import Augmentation, ConfigurationError, read_configuration
from ml.training.losses import dice_bce, focal

CONFIGURATION = {
    "task": "sij_mri",
    "model": "unet_best",
    "seed": 1,
    "loss": "dice_bce",
    "stages": [{"size": 32, "epochs": 1, "batch": 4, "learning_rate": 0.001}],
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A models folder with one recipe."""
    folder = tmp_path / "models" / "sij_mri" / "unet_best"
    folder.mkdir(parents=True)
    (folder / "train.yaml").write_text(yaml.safe_dump({"configuration": CONFIGURATION}))
    monkeypatch.setenv("MODELS_DIR", str(tmp_path / "models"))
    return folder


@pytest.fixture
def drawn_data(tmp_path):
    """Eight bright squares on grey with their masks, from four drawn patients."""
    folder = tmp_path / "data"
    for name in ("images", "regions"):
        (folder / name).mkdir(parents=True)
    columns = [
        "image_id",
        "file",
        "region",
        "patient_id",
        "sequence",
        "as_status",
        "stage",
        "part",
        "region_kind",
        "pixel_mm",
    ]
    with (folder / "labels.csv").open("w", newline="") as lines:
        table = csv.DictWriter(lines, columns)
        table.writeheader()
        for number in range(8):
            picture = np.full((40, 40), 60, np.uint8)
            picture[10:30, 10:30] = 200
            for name, drawn in (("images", picture), ("regions", (picture > 100).astype(np.uint8) * 255)):
                cv2.imwrite(str(folder / name / f"{number}.png"), drawn)
            row = [number, f"images/{number}.png", f"regions/{number}.png", f"p{number % 4}", "STIR", "", ""]
            table.writerow(
                dict(
                    zip(
                        columns,
                        [*row, "val" if number % 4 == 3 else "train", "joint_region", 0.6],
                        strict=True,
                    )
                )
            )
    return folder


def test_a_run_leaves_weights_and_names_every_patient_that_it_saw(home, drawn_data, tmp_path):
    from ml.training.train import train

    out = train("sij_mri", "unet_best", drawn_data, {"stages.0.epochs": 2}, tmp_path / "out")

    record = yaml.safe_load((out / "train.yaml").read_text())
    assert record["patients"] == {"train": ["p0", "p1", "p2"], "val": ["p3"]}
    assert record["configuration"]["stages"][0]["epochs"] == 2
    assert len((out / "history.jsonl").read_text().splitlines()) == 2
    assert sorted(p.name for p in out.iterdir()) == ["history.jsonl", "train.yaml", "weights.safetensors"]


def test_an_override_reaches_into_lists_and_a_wrong_one_is_named(home):
    changed = read_configuration(home / "train.yaml", {"stages.0.size": 64, "augmentation.flip": False})

    assert changed.stages[0].size == 64
    assert not changed.augmentation.flip
    with pytest.raises(ConfigurationError, match="learnin_rate"):
        read_configuration(home / "train.yaml", {"learnin_rate": 1})
    with pytest.raises(ConfigurationError, match=r"stages\.7\.size"):
        read_configuration(home / "train.yaml", {"stages.7.size": 1})


@given(st.integers(0, 10_000))
def test_an_augmented_slice_stays_in_range_and_its_mask_moves_with_it(seed):
    pixels = np.zeros((48, 48), np.float32)
    pixels[18:30, 16:28] = 1.0
    bounds = Augmentation(bias_field=0, noise=0, contrast=0, gamma=0, blur=0)

    moved, mask = augment(pixels, pixels.copy(), bounds, np.random.default_rng(seed))

    assert moved.min() >= 0
    assert moved.max() <= 1
    assert np.allclose(moved, mask, atol=1e-5)
    assert moved.sum() > 50


def test_the_same_seed_gives_the_same_variant():
    pixels = np.random.default_rng(0).random((32, 32), np.float32)

    first, second = (augment(pixels, None, Augmentation(), np.random.default_rng(5))[0] for _ in range(2))

    assert np.array_equal(first, second)


def test_dice_bce_is_least_for_the_true_mask():
    true = np.zeros((1, 8, 8, 1), np.float32)
    true[0, 2:6, 2:6] = 1

    losses = [float(dice_bce(true, score)[0]) for score in (true, true * 0.5 + 0.25, 1 - true)]

    assert losses == sorted(losses)
    assert losses[0] < 0.01


def test_focal_loss_leaves_unknown_labels_out_and_counts_sure_errors_most():
    scores = np.array([[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]], np.float32)

    right, wrong, unknown = (float(v) for v in focal([1.0, 1.0])(np.array([0, 0, -1]), scores))

    assert unknown == 0
    assert wrong > 100 * right
