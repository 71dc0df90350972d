"""A frozen front is computed once and shared by folds; what comes after it learns, and long series do not drown others."""

import csv

import cv2
import keras
import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file

from ml.training.configuration import Augmentation
from ml.training.inputs.batches import Prepared, chances
from ml.training.inputs.cached_features import FrontMaps, divided

LABELS = ("Cyst", "Normal", "Stone", "Tumor")
CONFIGURATION = {
    "task": "kidney_ct",
    "model": "mobilenet_v2",
    "seed": 1,
    "loss": "cross_entropy",
    "sampling": "balanced",
    "train_parts": [],
    "validation_parts": [],
    "stages": [
        {
            "size": 32,
            "epochs": 2,
            "batch": 8,
            "learning_rate": 0.01,
            "cached": "out_relu",
            "variants": 2,
        }
    ],
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A models folder with one recipe."""
    folder = tmp_path / "models" / "kidney_ct" / "mobilenet_v2"
    folder.mkdir(parents=True)
    (folder / "train.yaml").write_text(yaml.safe_dump({"configuration": CONFIGURATION}))
    monkeypatch.setenv("MODELS_DIR", str(tmp_path / "models"))
    return folder


@pytest.fixture
def drawn_data(tmp_path):
    """Four brightnesses as four labels, six blocks of each."""
    folder = tmp_path / "data"
    (folder / "images").mkdir(parents=True)
    with (folder / "labels.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["image_id", "file", "original_name", "patient_id", "label", "part_md5"])
        for number in range(24):
            place = number % 4
            cv2.imwrite(
                str(folder / "images" / f"{number}.png"), np.full((40, 40), 40 + 60 * place, np.uint8)
            )
            label = LABELS[place]
            table.writerow(
                [number, f"images/{number}.png", f"{label}- ({number}).jpg", f"b{number}", label, "train"]
            )
    return folder


def small_network():
    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(3, 3, name="front")(inputs)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(2, name="back")(x))


def prepared(count=6):
    generator = np.random.default_rng(0)
    return Prepared(
        generator.random((count, 8, 8, 1), np.float32),
        None,
        {"finding": np.arange(count, dtype=np.int32) % 2},
        tuple(f"i{n}" for n in range(count)),
        tuple(f"p{n}" for n in range(count)),
    )


def test_what_lies_before_the_cut_stays_and_what_comes_after_it_learns(home, drawn_data, tmp_path):
    from ml.networks import build
    from ml.training.train import train

    out = train("kidney_ct", "mobilenet_v2", drawn_data, {}, tmp_path / "out")

    keras.utils.set_random_seed(1)
    untrained = build("mobilenet_v2:mobilenet_v2", size=32)
    trained = load_file(out / "weights.safetensors")
    front = np.asarray(untrained.get_layer("Conv1").kernel).astype(np.float16)
    back = np.asarray(untrained.get_layer("label_logits").bias)
    assert np.array_equal(trained["Conv1/kernel"], front)
    assert not np.array_equal(trained["label_logits/bias"], back)
    assert yaml.safe_load((out / "train.yaml").read_text())["images"] == {"train": 24, "val": 0}


def test_folds_share_the_maps_of_one_front_and_not_those_of_another(monkeypatch):
    network, images = small_network(), prepared()
    front, _ = divided(network, "front")
    maps = FrontMaps(Augmentation(), seed=3)
    asked = []
    predict = keras.Model.predict
    monkeypatch.setattr(
        keras.Model,
        "predict",
        lambda self, x, **options: (asked.append(len(x)), predict(self, x, **options))[1],
    )

    first = maps.of(front, images, 1)
    again = maps.of(front, images, 1)
    maps.of(divided(small_network(), "front")[0], images, 1)

    assert asked == [6, 6]
    assert all(a is b for a, b in zip(first, again, strict=True))


def test_a_variant_follows_from_seed_and_image_whatever_other_images_there_are():
    front, _ = divided(small_network(), "front")
    few, many = prepared(3), prepared(6)

    of_few = FrontMaps(Augmentation(), seed=3).of(front, few, 1)
    of_many = FrontMaps(Augmentation(), seed=3).of(front, many, 1)
    plain = FrontMaps(Augmentation(), seed=3).of(front, few, 0)

    assert np.allclose(of_few, of_many[:3], atol=1e-3)
    assert not np.allclose(of_few, plain, atol=1e-2)


def test_cross_entropy_learns_on_when_a_score_is_sure():
    from ml.training.fitting.losses import label_loss

    network = small_network()
    sure = keras.Sequential([network, keras.layers.Rescaling(1e6), keras.layers.Softmax()])
    sure.compile("sgd", loss=label_loss("cross_entropy", [1.0, 1.0]), jit_compile=False)
    images = prepared()

    sure.train_on_batch(images.pixels, images.labels["finding"])

    assert all(np.isfinite(values).all() for values in network.get_weights())


def test_labels_come_equally_often_and_a_long_series_counts_by_its_root():
    labels = np.array([0] * 16 + [0] * 4 + [1] * 2, np.int32)
    patients = ("long",) * 16 + ("short",) * 4 + ("other",) * 2
    images = Prepared(
        np.zeros((22, 1, 1, 1)), None, {"finding": labels}, tuple(map(str, range(22))), patients
    )

    drawn = chances(images, "finding")

    assert drawn[labels == 0].sum() == pytest.approx(0.5)
    assert drawn[labels == 1].sum() == pytest.approx(0.5)
    assert drawn[:16].sum() == pytest.approx(2 * drawn[16:20].sum())


def test_a_classifier_starts_from_the_encoder_that_learned_to_outline(tmp_path, monkeypatch):
    from ml.networks import build
    from ml.networks.weights import save_weights
    from ml.training.configuration import Configuration
    from ml.training.fitting import starting_weights

    outlining = build("lite0_unet:lite0_unet", size=64)
    save_weights(outlining, tmp_path / "bone_xray" / "tumour_unet" / "weights.safetensors")
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    monkeypatch.setattr(starting_weights, "_imagenet", lambda *_: [])
    monkeypatch.setattr(starting_weights, "_put_lite0_into_encoder", lambda *_: None)
    classifier = build("lite0_classifier:three_labels", size=64)

    configuration = Configuration(
        "bone_xray", "lite0_classifier", 1, (), "focal", start_from="encoder_of:tumour_unet"
    )
    starting_weights.put_starting_weights(classifier, configuration)

    for name in ("grey_to_colour", "stem_conv", "encode15_project_conv"):
        learned, taken = (np.asarray(n.get_layer(name).kernel) for n in (outlining, classifier))
        assert np.allclose(learned, taken, atol=1e-3)
