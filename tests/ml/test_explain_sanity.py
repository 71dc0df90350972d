"""Heatmaps of randomised weights: the test tells a heatmap of the weights from one that only repeats the picture."""

import keras
import numpy as np
import pytest
from keras import layers

CHANNELS = 8


def network(maps: layers.Layer, logits: layers.Dense) -> keras.Model:
    """A layer `maps`, averaged over the picture, to two logits."""
    inputs = layers.Input((24, 24, 1))
    answer = logits(layers.GlobalAveragePooling2D()(maps(inputs)))
    return keras.Model(inputs, layers.Softmax(name="answer")(answer))


def network_that_tells_bright_from_dark() -> keras.Model:
    """Of its eight maps the first speaks for label 1 where it is bright, the second for label 0 where it is dark."""
    made = network(
        layers.Conv2D(CHANNELS, 3, padding="same", activation="relu", name="maps"),
        layers.Dense(2, use_bias=False, name="answer_logits"),
    )
    kernel, bias = np.zeros((3, 3, 1, CHANNELS)), np.zeros(CHANNELS)
    kernel[1, 1, 0, :2] = 1, -1
    bias[:2] = -0.5, 0.5
    made.get_layer("maps").set_weights([kernel, bias])
    answer = np.zeros((CHANNELS, 2))
    answer[:2] = [[-4, 4], [4, -4]]
    made.get_layer("answer_logits").set_weights([answer])
    return made


@pytest.fixture
def slices() -> np.ndarray:
    """Two slices of noise with a bright square, (2, 24, 24, 1)."""
    pixels = np.random.default_rng(1).random((2, 24, 24, 1)).astype(np.float32) * 0.6
    pixels[:, 5:12, 8:15] += 0.4
    return pixels


def test_with_randomised_weights_the_heatmap_changes_and_the_trained_network_does_not(slices):
    from ml.explain.sanity import sanity

    trained = network_that_tells_bright_from_dark()
    before = [values.copy() for values in trained.get_weights()]

    found = sanity(trained, "maps", "answer", slices, [1, 1])

    assert found.after_logits.shape == found.after_all.shape == (2,)
    assert np.abs(found.after_logits).max() < 0.8
    assert np.abs(found.after_all).max() < 0.8
    assert all(np.array_equal(*pair) for pair in zip(before, trained.get_weights(), strict=True))


def test_weights_that_stay_the_same_give_the_same_heatmap(slices):
    from ml.explain.sanity import sanity

    always_the_same = network(
        layers.Conv2D(1, 1, kernel_initializer="ones", name="maps"),
        layers.Dense(2, kernel_initializer="ones", name="answer_logits"),
    )

    found = sanity(always_the_same, "maps", "answer", slices, [1, 1])

    assert found.after_logits == pytest.approx(1)
    assert found.after_all == pytest.approx(1)


def test_the_first_step_randomises_the_logits_alone(slices):
    from ml.explain.sanity import sanity

    made = network(
        layers.Conv2D(1, 1, use_bias=False, kernel_initializer="zeros", name="maps"),
        layers.Dense(2, use_bias=False, kernel_initializer="ones", name="answer_logits"),
    )
    made.set_weights([np.ones((1, 1, 1, 1)), np.array([[-4.0, 4.0]])])

    found = sanity(made, "maps", "answer", slices, [1, 1])

    assert found.after_logits == pytest.approx(1)
    assert np.array_equal(found.after_all, [0, 0])  # a randomised network that shows nothing


def test_a_heatmap_that_shows_nothing_has_no_correlation(slices):
    from ml.explain.sanity import sanity

    made = network(
        layers.Conv2D(1, 1, use_bias=False, name="maps"),
        layers.Dense(2, use_bias=False, name="answer_logits"),
    )
    made.set_weights([np.ones((1, 1, 1, 1)), np.array([[-4.0, 4.0]])])

    found = sanity(made, "maps", "answer", slices, [0, 1])

    assert np.isnan(found.after_all).tolist() == [True, False]


def test_the_answered_label_is_explained_unless_another_is_asked_for_and_a_seed_repeats_itself(slices):
    from ml.explain.sanity import sanity

    made = network_that_tells_bright_from_dark()
    dark_and_bright = np.stack([slices[0] * 0.1, np.ones_like(slices[1])])
    dark_and_bright[1, :3] = 0.6

    answered = sanity(made, "maps", "answer", dark_and_bright)

    asked = sanity(made, "maps", "answer", dark_and_bright, [0, 1])
    assert np.array_equal(answered.after_all, asked.after_all, equal_nan=True)
    other = sanity(made, "maps", "answer", dark_and_bright, [1, 0])
    assert np.isnan(other.after_all).all()  # nothing speaks for these labels
