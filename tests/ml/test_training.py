"""Training reads its configuration, sees only its own parts, and leaves weights with a record of what made them."""

import csv

import cv2
import keras
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from ml.training.configuration import Augmentation, ConfigurationError, read_configuration
from ml.training.fitting.differential_rates import AdamWithRates
from ml.training.fitting.losses import batch_dice_bce, dice_bce, focal
from ml.training.inputs.augmentation import augment
from ml.training.inputs.batches import AugmentedBatches, Prepared

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
    assert sorted(p.name for p in out.iterdir()) == [
        "history.jsonl",
        "learning_curve.png",
        "results.json",
        "summary.md",
        "train.yaml",
        "weights.safetensors",
    ]


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
    bounds = Augmentation(bias_field=0, noise=0, contrast=0, gamma=0, blur=0, elastic=0.02)

    moved, mask = augment(pixels[..., None], pixels.copy(), bounds, np.random.default_rng(seed))

    assert moved.min() >= 0
    assert moved.max() <= 1
    assert np.allclose(moved[..., 0], mask, atol=1e-5)
    assert moved.sum() > 50


def test_brightness_changes_the_slice_and_not_what_is_known_beside_it():
    pixels = np.full((32, 32, 2), 0.5, np.float32)
    bounds = Augmentation(flip=False, rotation=0, scale=0, shift=0)

    moved, _ = augment(pixels, None, bounds, np.random.default_rng(3))

    assert not np.allclose(moved[..., 0], 0.5, atol=0.01)
    assert np.allclose(moved[..., 1], 0.5)


def test_the_same_seed_gives_the_same_variant():
    pixels = np.random.default_rng(0).random((32, 32, 1), np.float32)

    first, second = (augment(pixels, None, Augmentation(), np.random.default_rng(5))[0] for _ in range(2))

    assert np.array_equal(first, second)


def test_over_a_batch_marking_nothing_is_no_way_out_where_half_of_the_images_have_no_mask():
    true = np.zeros((2, 8, 8, 1), np.float32)
    true[0, 2:4, 2:4] = 1
    nothing = np.full_like(true, 1e-4)
    rough = nothing.copy()
    rough[:, 2:6, 2:6] = 0.5

    by_image, by_batch = (
        [float(np.mean(loss(true, score))) for score in (nothing, rough)]
        for loss in (dice_bce, batch_dice_bce)
    )

    assert by_image[0] < by_image[1]
    assert by_batch[1] < by_batch[0]


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


@pytest.mark.parametrize("seed", [0, 1])
def test_order_and_variants_follow_from_seed_and_epoch_alone(seed):
    prepared = Prepared(np.random.default_rng(0).random((6, 16, 16, 1), np.float32), np.ones((6, 16, 16)), {})
    whole, later = (
        AugmentedBatches(prepared, None, Augmentation(), 2, seed, first_epoch=first) for first in (0, 2)
    )
    for _ in range(2):
        whole.on_epoch_end()

    assert all(np.array_equal(whole[i][0], later[i][0]) for i in range(3))
    assert not np.array_equal(whole[0][0], AugmentedBatches(prepared, None, Augmentation(), 2, seed)[0][0])


def test_a_layer_of_a_lower_rate_moves_less():
    network = keras.Sequential(
        [keras.layers.Input((1,)), keras.layers.Dense(1, name="slow_one"), keras.layers.Dense(1, name="fast")]
    )
    network.compile(AdamWithRates({"slow": 0.1, "slow_on": 0.5}, learning_rate=0.01), loss="mse")
    before = [keras.ops.convert_to_numpy(w) for w in network.get_weights()]

    network.train_on_batch(np.ones((4, 1)), np.full((4, 1), 9.0))

    slow, _, fast, _ = (np.abs(a - b).max() for a, b in zip(before, network.get_weights(), strict=True))
    # Adam's first step is the learning rate itself, whatever the gradient.
    assert slow == pytest.approx(0.005, rel=1e-3)
    assert fast == pytest.approx(0.01, rel=1e-3)


def test_a_run_that_was_interrupted_ends_like_one_that_was_not(home, drawn_data, tmp_path, monkeypatch):
    from ml.training.fitting.validation import Keeper
    from ml.training.train import train

    overrides = {"stages.0.epochs": 3, "stages.0.size": 16}
    whole = train("sij_mri", "unet_best", drawn_data, overrides, tmp_path / "whole")
    ends = Keeper.on_epoch_end

    def cut_off(keeper, epoch, logs=None):
        ends(keeper, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Keeper, "on_epoch_end", cut_off)
    with pytest.raises(KeyboardInterrupt):
        train("sij_mri", "unet_best", drawn_data, overrides, tmp_path / "cut")
    monkeypatch.setattr(Keeper, "on_epoch_end", ends)
    resumed = train("sij_mri", "unet_best", drawn_data, overrides, tmp_path / "cut")

    assert len((resumed / "history.jsonl").read_text().splitlines()) == 3
    first, second = (load_file(folder / "weights.safetensors") for folder in (whole, resumed))
    assert all(np.allclose(first[name], second[name], atol=2e-3) for name in first)
    assert not (resumed / "resume.npz").exists()
