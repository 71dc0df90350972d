"""OpenVINO and TensorFlow give the same masks; what cannot run on OpenVINO runs on TensorFlow; nothing calls home."""

import logging
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

import ml.runtimes
from ml.cards import card_file, weights_file, weights_sha256
from ml.networks import build
from ml.networks.weights import save_weights
from ml.registry import Registry, from_environment
from ml.runtimes import openvino, tensorflow
from ml.runtimes.region import agrees, fastest_region_function, lowest_precision
from tests import phantoms

ROOT = Path(__file__).resolve().parents[2]
MEASURED = {"bfloat16": {"dice": 0.998, "max_score_difference": 0.001, "n_images": 40}}

needs_bfloat16 = pytest.mark.skipif(
    not openvino.has_bfloat16(), reason="this processor has no bfloat16, so no network runs in it"
)


@pytest.fixture(scope="module")
def unet():
    """The Attention U-Net of the page, with random weights."""
    keras.utils.set_random_seed(7)
    return build("attention_unet:attention_unet", size=256)


@pytest.fixture(scope="module")
def pixels():
    """A drawn slice as networks get it."""
    return phantoms.sacroiliac_slice(256).astype(np.float32) / 255


@pytest.fixture
def without_openvino(monkeypatch):
    """A machine where OpenVINO is not installed."""
    monkeypatch.setitem(sys.modules, "ml.runtimes.openvino", None)
    monkeypatch.delattr(ml.runtimes, "openvino", raising=False)


@pytest.fixture(scope="module")
def models_with_one_measured_in_bfloat16(tmp_path_factory, unet):
    folder = tmp_path_factory.mktemp("models")
    weights = weights_file("sij_mri", "unet_best", folder)
    save_weights(unet, weights)
    card = {
        "task": "sij_mri",
        "key": "unet_best",
        "version": "1.0.0",
        "weights_sha256": weights_sha256(weights),
        "thresholds": {},
        "temperature": {},
        "precision": MEASURED,
    }
    card_file("sij_mri", "unet_best", folder).write_text(yaml.safe_dump(card))
    return folder


def small_network(*middle: layers.Layer) -> keras.Model:
    """A grey image of 12 x 20 through some layers to a map of shares."""
    inputs = layers.Input((12, 20, 1))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", bias_initializer="normal")(inputs)
    for layer in middle:
        x = layer(x)
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x), name="small")


def plainly(network: keras.Model, pixels: np.ndarray) -> np.ndarray:
    picture = pixels.reshape((1, *pixels.shape[:2], -1))
    return np.asarray(network(picture, training=False))[0, :, :, 0]


def test_both_runtimes_give_the_same_map_in_float32(unet, pixels):
    reference = tensorflow.region_function(unet)(pixels)

    fast = openvino.region_function(unet)(pixels)

    assert fast.shape == (256, 256)
    assert fast.dtype == np.float32
    np.testing.assert_allclose(fast, reference, atol=1e-4)


def test_a_map_given_before_is_not_overwritten_by_the_next(unet, pixels):
    run = openvino.region_function(unet)
    first = run(pixels)
    kept = first.copy()

    run(1 - pixels)

    np.testing.assert_array_equal(first, kept)


@needs_bfloat16
def test_bfloat16_is_near_to_float32(unet, pixels):
    exact = openvino.region_function(unet)(pixels)

    short = openvino.region_function(unet, "bfloat16")(pixels)

    np.testing.assert_allclose(short, exact, atol=0.05)


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
@pytest.mark.parametrize("kernel", [2, 3])
def test_a_convolution_after_an_enlargement_is_exact_up_to_the_borders(kernel, rows):
    keras.utils.set_random_seed(rows)
    inputs = layers.Input((rows, 4, 1))
    x = layers.Conv2D(3, 1)(inputs)
    x = layers.Conv2D(2, kernel, padding="same", bias_initializer="normal")(layers.UpSampling2D(2)(x))
    network = keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))
    pixels = np.random.default_rng(rows).random((rows, 4), np.float32)

    fast = openvino.region_function(network)(pixels)

    np.testing.assert_allclose(fast, plainly(network, pixels), atol=1e-5)


def test_an_enlargement_that_two_layers_use_is_still_there_for_the_second():
    keras.utils.set_random_seed(1)
    inputs = layers.Input((8, 8, 1))
    enlarged = layers.UpSampling2D(2)(layers.Conv2D(2, 3, padding="same")(inputs))
    joined = layers.Concatenate()([layers.Conv2D(2, 2, padding="same")(enlarged), enlarged])
    network = keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(joined))
    pixels = np.random.default_rng(1).random((8, 8), np.float32)

    fast = openvino.region_function(network)(pixels)

    np.testing.assert_allclose(fast, plainly(network, pixels), atol=1e-5)


@pytest.mark.parametrize("size", [(12, 20), (13, 9)], ids=["even", "odd"])
@pytest.mark.parametrize("reach", [1, 3, 5])
def test_strided_convolutions_of_each_channel_and_batch_norms_are_tensorflows(size, reach):
    inputs = layers.Input((*size, 2))
    x = layers.Conv2D(6, reach, 2, padding="same", use_bias=False)(inputs)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.DepthwiseConv2D(reach, 2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(scale=False)(x)
    network = keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))
    generator = np.random.default_rng(1)
    network.set_weights([generator.random(w.shape, np.float32) + 0.1 for w in network.get_weights()])
    pixels = generator.random((*size, 2), np.float32)

    fast = openvino.region_function(network)(pixels)

    np.testing.assert_allclose(fast, plainly(network, pixels), atol=1e-5)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20))
@settings(max_examples=200, deadline=None)
def test_two_halves_hold_sixteen_bits_of_a_number_and_each_is_a_bfloat16(values):
    numbers = np.array(values, np.float32)

    kernel = openvino._of_halves(numbers.reshape(1, 1, 1, -1))[0, 0]

    assert not (kernel[:2].view(np.uint32) & 0xFFFF).any()
    np.testing.assert_array_equal(kernel[0] + kernel[2], numbers)
    assert (np.abs(kernel[2]) <= np.abs(numbers) / 256 + 1e-38).all()


@pytest.mark.parametrize(
    "layer",
    [
        layers.LayerNormalization(),
        layers.Conv2D(2, 3, padding="valid"),
        layers.Conv2D(2, 3, padding="same", dilation_rate=2),
        layers.Conv2D(2, 3, padding="same", activation="gelu"),
        layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2),
        layers.ReLU(negative_slope=0.1),
        layers.UpSampling2D(2, interpolation="bilinear"),
        layers.MaxPooling2D(3),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_that_is_not_known_is_refused_and_runs_on_tensorflow(layer, caplog):
    network = small_network(layer)
    pixels = np.random.default_rng(1).random((12, 20), np.float32)

    with pytest.raises(openvino.NotConvertible):
        openvino.region_function(network)
    with caplog.at_level(logging.WARNING):
        run, precision = fastest_region_function(network, MEASURED)

    np.testing.assert_allclose(run(pixels), plainly(network, pixels), atol=1e-5)
    assert precision == "float32"
    assert "small runs on TensorFlow" in caplog.text


def test_without_openvino_networks_run_on_tensorflow_and_the_log_says_so(without_openvino, caplog):
    network = small_network()
    pixels = np.random.default_rng(1).random((12, 20), np.float32)

    with caplog.at_level(logging.WARNING):
        run, precision = fastest_region_function(network, MEASURED)

    np.testing.assert_allclose(run(pixels), plainly(network, pixels), atol=1e-5)
    assert precision == "float32"
    assert "OpenVINO cannot be imported" in caplog.text


def test_importing_and_using_openvino_opens_no_connection():
    script = """
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        sys.stderr.write(f"opened: {event} {arguments}")
        sys.exit(3)
sys.addaudithook(refuse)
import keras, numpy as np
from ml.runtimes import openvino
inputs = keras.Input((8, 8, 1))
network = keras.Model(inputs, keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(inputs))
openvino.region_function(network)(np.zeros((8, 8), np.float32))
from openvino.tools.ovc import telemetry_utils
print(telemetry_utils.tm.__name__)
"""

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "openvino.tools.ovc.telemetry_stub"


@pytest.mark.parametrize(
    "block",
    [
        {},
        {"dice": 0.9949, "max_score_difference": 0.001, "n_images": 40},
        {"dice": 0.999, "max_score_difference": 0.01, "n_images": 40},
        {"dice": 0.999, "n_images": 40},
    ],
)
def test_a_precision_that_was_not_measured_or_does_not_agree_is_not_used(block):
    assert not agrees(block)
    assert lowest_precision({"bfloat16": block}, has_bfloat16=True) == "float32"


def test_a_precision_that_agrees_is_used_where_the_processor_has_it():
    assert lowest_precision(MEASURED, has_bfloat16=True) == "bfloat16"
    assert lowest_precision(MEASURED, has_bfloat16=False) == "float32"


@needs_bfloat16
def test_a_ready_model_names_the_precision_it_works_in(models_with_one_measured_in_bfloat16):
    auto = Registry(models_with_one_measured_in_bfloat16)
    exact = Registry(models_with_one_measured_in_bfloat16, lower_precision=False)

    assert auto.model("sij_mri", "unet_best").precision == "bfloat16"
    assert exact.model("sij_mri", "unet_best").precision == "float32"


def test_the_setting_keeps_every_model_to_float32(models_with_one_measured_in_bfloat16, monkeypatch):
    monkeypatch.setenv("MODELS_DIR", str(models_with_one_measured_in_bfloat16))
    monkeypatch.setenv("PRECISION", "float32")

    assert from_environment().model("sij_mri", "unet_best").precision == "float32"


def test_a_precision_that_does_not_exist_is_refused(monkeypatch):
    monkeypatch.setenv("PRECISION", "float8")

    with pytest.raises(ValueError, match="float8"):
        from_environment()
