"""Every network of every task, as published, on any image size that it allows."""

import numpy as np
import pytest

from ml import tasks
from ml.networks import build
from ml.networks.attention_unet import attention_unet
from ml.networks.weights import WeightsDoNotFit, load_weights, save_weights

MODELS = [
    pytest.param(spec, model, id=f"{spec.key}-{model.key}") for spec in tasks.tasks() for model in spec.models
]


@pytest.mark.parametrize(("spec", "model"), MODELS)
def test_a_network_has_exactly_the_parameters_of_its_task(spec, model):
    network = build(model.network, size=model.input_size)

    assert network.count_params() == model.parameters


def test_the_sacroiliac_networks_have_the_published_parameter_counts():
    published = {
        "attention_unet": 7_869_572,
        "unet_best": 7_869_572,
        "cnn_classifier": 16_870_790,
        "classifier_best": 16_197_551,
        "hybrid_cnn_transformer": 4_838_319,
    }

    parameters = {m.key: m.parameters for m in tasks.task("sij_mri").models}
    assert {key: parameters[key] for key in published} == published


def test_the_first_network_of_every_other_task_is_the_published_one():
    published = {
        "kidney_stone": ("efficientnet_b4", 18_600_033),
        "kidney_ct": ("mobilenet_v2", 451_332),
        "chest_xray": ("five_block_cnn", 4_852_002),
        "bone_xray": ("efficientnet_b0", 4_053_414),
    }

    for task, (key, parameters) in published.items():
        first = tasks.task(task).models[0]
        assert (first.key, first.parameters) == (key, parameters)


@pytest.mark.parametrize(("spec", "model"), MODELS)
def test_a_classification_network_answers_every_head_with_scores_that_add_up_to_one(spec, model):
    if model.kind != "classification":
        assert build(model.network, size=64).output_shape == (None, 64, 64, 1), model.key
        return
    network = build(model.network, size=model.input_size)

    said = network.predict(np.zeros((1, model.input_size, model.input_size, 1), np.float32), verbose=0)

    outputs = said if isinstance(said, list) else [said]
    assert [output.shape for output in outputs] == [(1, len(head.labels)) for head in spec.heads]
    assert all(output.sum() == pytest.approx(1, abs=1e-5) for output in outputs)


def test_the_hybrids_front_shows_the_backbone_pixels_from_0_to_255():
    from keras import Model

    network = build("hybrid_dense:hybrid_dense", size=64)
    front = Model(network.inputs, network.get_layer("grey_to_colour").output)

    shown = front.predict(np.full((1, 64, 64, 1), 0.5, np.float32), verbose=0)

    assert np.allclose(shown, 127.5)


def test_weights_come_back_from_half_precision_as_they_went(tmp_path):
    network, other = attention_unet(32), attention_unet(32)
    file = tmp_path / "weights.safetensors"

    save_weights(network, file)
    load_weights(other, file)

    for before, after in zip(network.get_weights(), other.get_weights(), strict=True):
        expected = before.astype(np.float16).astype(np.float32) if before.ndim > 1 else before
        assert np.array_equal(expected, after)
    assert file.stat().st_size < network.count_params() * 2.1


def test_weights_fit_however_many_networks_the_process_built_before(tmp_path):
    file = tmp_path / "weights.safetensors"
    save_weights(build("hybrid_dense:hybrid_dense", size=64), file)

    load_weights(build("hybrid_dense:hybrid_dense", size=64), file)


def test_weights_of_another_network_are_refused(tmp_path):
    file = tmp_path / "weights.safetensors"
    save_weights(attention_unet(32), file)

    with pytest.raises(WeightsDoNotFit, match="no tensor"):
        load_weights(build("cnn_classifier:cnn_classifier", size=32), file)
