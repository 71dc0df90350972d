"""Why Hybrid v1 has no attention map, and what its Grad-CAM rests on instead."""

import keras
import numpy as np
import pytest

from ml.networks.hybrid_transformer import HEATMAP_LAYER, hybrid_transformer

BLOCKS = ("block1", "block2")


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """The network with random weights; at 64 pixels its feature maps are 2 x 2."""
    return hybrid_transformer(64)


@pytest.fixture
def tokens() -> np.ndarray:
    """What three slices might look like to a block: (3, 1, 1280)."""
    return np.random.default_rng(1).normal(0, 1, (3, 1, 1280)).astype(np.float32)


def test_the_transformer_is_given_a_single_token(network):
    assert network.get_layer("token").output.shape[1:] == (1, 1280)


@pytest.mark.filterwarnings("ignore:You are using a softmax")  # Keras knows it, too
@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("scale", [1, 1000])
def test_every_head_attends_wholly_to_that_token_whatever_the_weights(network, tokens, block, scale):
    attention = copy_of(network.get_layer(f"{block}_attention"), tokens)
    attention.set_weights([scale * values for values in attention.get_weights()])

    _, scores = attention(tokens, tokens, return_attention_scores=True)

    assert scores.shape == (3, 4, 1, 1)
    assert (np.asarray(scores) == 1).all()


@pytest.mark.parametrize("block", BLOCKS)
def test_so_attention_is_a_linear_map_of_the_token_in_which_queries_and_keys_have_no_part(
    network, tokens, block
):
    attention = copy_of(network.get_layer(f"{block}_attention"), tokens)
    of = {variable.path.split("/", 1)[1]: np.asarray(variable) for variable in attention.weights}
    value = np.einsum("ntc,chk->nthk", tokens, of["value/kernel"]) + of["value/bias"]
    linear = np.einsum("nthk,hkc->ntc", value, of["attention_output/kernel"]) + of["attention_output/bias"]

    attended = np.asarray(attention(tokens, tokens))

    assert np.allclose(attended, linear, atol=1e-4)
    for variable in attention.weights:
        if "/query/" in variable.path or "/key/" in variable.path:
            variable.assign(np.full(variable.shape, 7.0))
    assert np.array_equal(np.asarray(attention(tokens, tokens)), attended)


def test_a_third_of_the_parameters_therefore_never_reaches_the_answer(network):
    idle = sum(
        int(np.prod(variable.shape))
        for variable in network.weights
        if "_attention/query/" in variable.path or "_attention/key/" in variable.path
    )

    assert idle == 5_246_976
    assert network.count_params() == 16_197_551


def test_every_place_of_the_feature_maps_weighs_the_same_so_grad_cam_averages_nothing_away(network):
    import tensorflow as tf

    inner = keras.Model(
        network.inputs,
        [network.get_layer(HEATMAP_LAYER).output, network.get_layer("binary_output_logits").output],
    )
    pixels = tf.constant(np.random.default_rng(2).random((1, 64, 64, 1)), tf.float32)

    with tf.GradientTape() as tape:
        tape.watch(pixels)
        features, logits = inner(pixels, training=False)
        score = logits[0, 1]
    gradient = np.asarray(tape.gradient(score, features))[0].reshape(-1, 1280)

    assert np.abs(gradient).max() > 0
    assert np.allclose(gradient, gradient[0], rtol=1e-5, atol=0)


def copy_of(attention: keras.layers.Layer, tokens: np.ndarray) -> keras.layers.Layer:
    """The same layer with weights of its own, which a test may change."""
    copy = type(attention).from_config(attention.get_config())
    copy(tokens, tokens)
    copy.set_weights(attention.get_weights())
    return copy
