"""Heatmaps point at what moved the score, and the focus keeps them where it says."""

import keras
import numpy as np
import pytest
from keras import layers

from ml.explain.focus import focused, normalised
from ml.tasks import tasks


def network_that_looks_at_one_corner():
    """A score for label 1 that grows with the brightness of the upper left quarter only."""
    inputs = layers.Input((32, 32, 1))
    x = layers.Conv2D(1, 1, use_bias=False, kernel_initializer="ones", name="maps")(inputs)
    x = layers.Cropping2D(((0, 16), (0, 16)))(x)
    x = layers.GlobalAveragePooling2D()(x)
    kernel = keras.initializers.Constant(np.array([[-4.0, 4.0]]))
    logits = layers.Dense(2, kernel_initializer=kernel, name="answer_logits")(x)
    return keras.Model(inputs, layers.Softmax(name="answer")(logits))


def test_grad_cam_gives_logits_and_a_map_that_is_the_gradient_weighted_feature_map():
    from ml.explain.grad_cam import with_grad_cam

    network = network_that_looks_at_one_corner()
    pixels = np.zeros((1, 32, 32, 1), np.float32)
    pixels[0, 4:8, 4:8] = 1.0

    logits, heatmap = with_grad_cam(network, "maps", "answer", [0.0, 0.0])(pixels, 1)

    assert logits["answer"][1] > logits["answer"][0]
    assert np.asarray(heatmap)[4:8, 4:8].min() == pytest.approx(1.0)
    assert np.asarray(heatmap).sum() == pytest.approx(16.0)


def network_that_tells_bright_from_dark():
    """Brightness over 0.5 speaks for label 1 and against label 0, darkness the other way round."""
    inputs = layers.Input((32, 32, 1))
    x = layers.Conv2D(2, 1, activation="relu", name="maps")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    logits = layers.Dense(2, use_bias=False, name="answer_logits")(x)
    network = keras.Model(inputs, layers.Softmax(name="answer")(logits))
    network.get_layer("maps").set_weights([np.array([[[[1.0, -1.0]]]]), np.array([-0.5, 0.5])])
    network.get_layer("answer_logits").set_weights([np.array([[-4.0, 4.0], [4.0, -4.0]])])
    return network


@pytest.fixture
def bright_square():
    """A dark slice with a bright square, (32, 32) bool."""
    square = np.zeros((32, 32), bool)
    square[4:8, 20:26] = True
    return square


@pytest.mark.parametrize("label", ["Negative", "Positive"])
def test_where_the_answer_is_known_each_label_is_explained_by_exactly_what_speaks_for_it(
    label, bright_square
):
    from ml.explain.grad_cam import with_grad_cam

    explain = with_grad_cam(network_that_tells_bright_from_dark(), "maps", "answer", [0.0, 0.0])
    pixels = bright_square.astype(np.float32)[None, :, :, None]

    _, heatmap = explain(pixels, ["Negative", "Positive"].index(label))

    speaks_for_it = bright_square if label == "Positive" else ~bright_square
    assert np.array_equal(np.asarray(heatmap), speaks_for_it.astype(np.float32))


def test_a_limit_of_grad_cam_what_looks_alike_is_marked_even_where_the_score_does_not_look():
    from ml.explain.grad_cam import with_grad_cam

    explain = with_grad_cam(network_that_looks_at_one_corner(), "maps", "answer", [0.0, 0.0])
    pixels = np.zeros((1, 32, 32, 1), np.float32)
    pixels[0, 4:8, 4:8] = 1.0
    score, _ = explain(pixels, 1)

    pixels[0, 24:28, 24:28] = 1.0
    same_score, heatmap = explain(pixels, 1)

    assert np.array_equal(score["answer"], same_score["answer"])
    assert np.asarray(heatmap)[24:28, 24:28].min() == 1.0


def test_the_threshold_decides_which_label_is_explained():
    from ml.explain.grad_cam import with_grad_cam

    network = network_that_looks_at_one_corner()
    pixels = np.full((1, 32, 32, 1), 0.5, np.float32)

    _, for_positive = with_grad_cam(network, "maps", "answer", [0.0, 0.0])(pixels, -1)
    _, for_negative = with_grad_cam(network, "maps", "answer", [0.0, -100.0])(pixels, -1)

    assert np.asarray(for_positive).max() == pytest.approx(1.0)
    assert np.asarray(for_negative).max() == 0.0  # nothing in the picture speaks for label 0


def test_a_heatmap_is_focused_on_the_region_and_its_maximum_there_is_one():
    heatmap = np.zeros((10, 10), np.float32)
    heatmap[0, 0], heatmap[5, 5] = 1.0, 0.4
    region = np.zeros((10, 10), bool)
    region[4:7, 4:7] = True

    inside, focus = focused(heatmap, region, (0.5, 0.9, 0.3, 0.7))

    assert focus == "region"
    assert inside[5, 5] == 1.0
    assert inside[0, 0] == 0.0


@pytest.mark.parametrize("region", [None, np.zeros((10, 10), bool)])
def test_without_a_region_the_published_box_is_used_and_named(region):
    inside, focus = focused(np.ones((10, 10), np.float32), region, (0.5, 0.9, 0.3, 0.7))

    rows, columns = np.nonzero(inside)
    assert focus == "box"
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 8, 3, 6)


def test_an_empty_heatmap_stays_empty():
    assert normalised(np.zeros((4, 4), np.float32)).max() == 0


def network_of_a_small_and_a_large_answer():
    """Map 0 answers to brightness over 0.5, map 1 to darkness; both speak for label 1 alike, by the mean of their places."""
    inputs = layers.Input((8, 8, 1))
    x = layers.Conv2D(2, 1, activation="relu", name="maps")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    logits = layers.Dense(2, use_bias=False, name="answer_logits")(x)
    network = keras.Model(inputs, layers.Softmax(name="answer")(logits))
    network.get_layer("maps").set_weights([np.array([[[[2.0, -2.0]]]]), np.array([-1.0, 1.0])])
    network.get_layer("answer_logits").set_weights([np.array([[0.0, 64.0], [0.0, 64.0]])])
    return network


def heatmap_of(method, network, pixels, label=1):
    from ml.explain.methods import EXPLAINING

    explain = EXPLAINING[method](network, "maps", "answer", [0.0, 0.0])
    return np.asarray(explain(pixels[None, :, :, None].astype(np.float32), label)[1])


def test_grad_cam_plus_plus_weighs_a_small_answer_up_against_a_large_one():
    pixels = np.full((8, 8), 0.5)
    pixels[1, 1] = 1.0
    pixels[4:8, 4:8] = 0.0

    equal = heatmap_of("grad_cam", network_of_a_small_and_a_large_answer(), pixels)
    weighed = heatmap_of("grad_cam_plus_plus", network_of_a_small_and_a_large_answer(), pixels)

    # the gradient is 1 at every place of both maps; a weight is the sum of 1 / (2 + the sum of its map)
    assert equal[1, 1] == equal[5, 5] == 1.0
    assert weighed[1, 1] == 1.0
    assert weighed[4:8, 4:8] == pytest.approx((1 / (2 + 16)) / (1 / (2 + 1)))
    assert weighed[0, 0] == 0.0


def network_with_a_place_for_and_a_place_against():
    """The upper left pixel speaks for label 1, the lower right one against it as much; other places say nothing."""
    inputs = layers.Input((4, 4, 1))
    x = layers.Conv2D(1, 1, use_bias=False, kernel_initializer="ones", name="maps")(inputs)
    kernel = np.zeros((16, 2))
    kernel[0, 1], kernel[15, 1] = 1.0, -1.0
    logits = layers.Dense(2, use_bias=False, name="answer_logits")(layers.Flatten()(x))
    network = keras.Model(inputs, layers.Softmax(name="answer")(logits))
    network.get_layer("answer_logits").set_weights([kernel])
    return network


def test_what_speaks_against_a_label_hides_nothing_from_grad_cam_plus_plus():
    network, pixels = network_with_a_place_for_and_a_place_against(), np.zeros((4, 4))
    pixels[0, 0] = 1.0

    assert heatmap_of("grad_cam", network, pixels).max() == 0.0
    assert np.array_equal(heatmap_of("grad_cam_plus_plus", network, pixels), pixels)


def test_a_map_that_is_mostly_below_zero_turns_no_sign_in_grad_cam_plus_plus():
    pixels = np.zeros((8, 8))
    pixels[1, 1] = 1.0
    network = network_of_a_small_and_a_large_answer()
    network.get_layer("maps").activation = keras.activations.linear
    network.get_layer("answer_logits").set_weights([np.array([[0.0, 64.0], [0.0, 0.0]])])

    assert np.array_equal(heatmap_of("grad_cam_plus_plus", network, pixels), pixels)


@pytest.mark.parametrize("spec", tasks(), ids=lambda spec: spec.key)
def test_each_task_says_in_its_words_which_heatmap_its_models_give(spec):
    names = {"grad_cam": "Grad-CAM", "grad_cam_plus_plus": "Grad-CAM++"}

    (said,) = {d.text for d in spec.wording.definitions if "Grad-CAM" in d.text} or {names[spec.heatmap]}

    assert ("Grad-CAM++" in said) == (spec.heatmap == "grad_cam_plus_plus")
