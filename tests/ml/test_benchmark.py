"""The benchmark says what it promises. How fast anything is, no test asks."""

import json
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from keras import layers

from ml import tasks
from ml.benchmark import agreement
from ml.benchmark.agreement import _dice
from ml.benchmark.operations import gflop_of_forward_pass
from ml.cards import card_file, weights_file, weights_sha256
from ml.cli import main
from ml.data import Example
from ml.networks import build
from ml.networks.weights import save_weights
from ml.registry import ModelUnavailable
from tests import phantoms

TASK = tasks.task("sij_mri")
EXTENT = {"burden_slope": 0.5, "bright_slope": 2.5, "cuts": [-3.0, -2.0]}


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """Random weights for all models of the task."""
    folder = tmp_path_factory.mktemp("models")
    keras.utils.set_random_seed(3)
    for model in TASK.models:
        weights = weights_file(TASK.key, model.key, folder)
        save_weights(build(model.network, size=model.input_size), weights)
        card = {
            "task": TASK.key,
            "key": model.key,
            "version": "1.0.0",
            "weights_sha256": weights_sha256(weights),
            "thresholds": {"region": {}, "classification": {"as_status": 0.4}, "lesion": {"lesion": 0.9}}[
                model.kind
            ],
            "readout": {"slope": 1.0, "cut": -4.0, "extent": EXTENT},
            "temperature": {},
        }
        card_file(TASK.key, model.key, folder).write_text(yaml.safe_dump(card))
    return folder


@pytest.fixture(scope="module")
def run(models, tmp_path_factory):
    """One tiny benchmark: what it printed, and what it wrote."""
    file = tmp_path_factory.mktemp("out") / "benchmark.json"
    arguments = ["benchmark", "--task", TASK.key, "--runs", "1", "--json", str(file)]
    result = CliRunner().invoke(main, arguments, env={"MODELS_DIR": str(models)})
    assert result.exit_code == 0, result.output
    return result.output, json.loads(file.read_text())


def test_it_times_each_model_against_the_plain_way(run):
    _, report = run

    assert list(report["models"]) == [model.key for model in TASK.models]
    for facts in report["models"].values():
        assert facts["ratio"] == pytest.approx(facts["plain_seconds"] / facts["seconds"], rel=0.05)
        assert facts["precision"] == "float32"
        assert facts["gflop"] > 0


def test_every_float32_output_equals_the_plain_one(run):
    _, report = run

    for key, facts in report["models"].items():
        assert facts["difference_float32"] <= 1e-3, key
    assert report["reading"]["float32"]["equal"]


def test_it_times_the_whole_reading_and_says_how_near_the_machines_limit_that_is(run):
    _, report = run

    for facts in (report["reading"], report["reading"]["float32"]):
        assert {"seconds", "plain_seconds", "ratio", "gflop_per_second", "share_of_limit"} <= set(facts)
    assert report["limit_gflop_per_second"] > 0


def test_it_measures_cold_start_and_memory_of_both_ways_in_processes_of_their_own(run):
    _, report = run

    for figure in ("cold_start_seconds", "peak_memory_mb"):
        assert set(report[figure]) == {"sidelight", "plain"}
        assert min(report[figure].values()) > 0


def test_it_prints_a_table_of_the_same(run):
    printed, _ = run

    for words in (*(model.key for model in TASK.models), "whole reading", "cold start", "peak memory"):
        assert words in printed


def test_missing_weights_end_in_a_sentence(tmp_path):
    result = CliRunner().invoke(main, ["benchmark", "--task", TASK.key], env={"MODELS_DIR": str(tmp_path)})

    assert result.exit_code == 1
    assert "The weights of U-Net Best cannot be timed: missing." in result.output


def test_agreement_is_measured_on_a_data_set_and_printed_for_the_cards(models, tmp_path):
    columns = "image_id,file,region,patient_id,sequence,as_status,stage,part,region_kind"
    cv2.imwrite(str(tmp_path / "drawn.png"), phantoms.sacroiliac_slice())
    (tmp_path / "labels.csv").write_text(f"{columns}\ndrawn.png,drawn.png,,p1,STIR,,,test,\n")
    arguments = ["benchmark", "--task", TASK.key, "--agreement", "--data", str(tmp_path)]

    result = CliRunner().invoke(main, arguments, env={"MODELS_DIR": str(models)})

    assert result.exit_code == 0, result.output
    printed = yaml.safe_load(result.stdout)
    assert list(printed) == [model.key for model in TASK.models if model.kind == "region"]
    for block in printed.values():
        facts = block["precision"]["bfloat16"]
        assert facts["n_images"] == 1
        assert 0 <= facts["lowest_dice"] <= facts["dice"] <= 1
        assert facts["max_score_difference"] <= facts["max_pixel_difference"]


@pytest.mark.parametrize("arguments", [["--agreement"], ["--data", "."]])
def test_agreement_and_a_data_set_belong_together(arguments):
    result = CliRunner().invoke(main, ["benchmark", "--task", TASK.key, *arguments])

    assert result.exit_code == 2


def test_agreement_of_a_model_without_weights_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))

    with pytest.raises(ModelUnavailable, match="U-Net Best"):
        agreement(TASK.key, "unet_best", [Example("a", tmp_path / "a.png")])


def test_dice_of_masks_counts_what_both_have():
    one = np.array([[True, True], [False, False]])
    other = np.array([[True, False], [False, False]])

    assert _dice(one, one) == 1
    assert _dice(one, other) == pytest.approx(2 / 3)
    assert _dice(~one & one, ~one & one) == 1


def test_operations_are_two_for_each_product_of_the_forward_pass():
    inputs = layers.Input((10, 10, 4))
    x = layers.Conv2D(8, 3, padding="same")(inputs)
    x = layers.DepthwiseConv2D(3, strides=2, padding="same")(x)
    x = layers.Dense(5)(layers.Flatten()(x))
    network = keras.Model(inputs, x)

    operations = gflop_of_forward_pass(network) * 1e9

    assert operations == pytest.approx(2 * (100 * 9 * 4 * 8 + 25 * 9 * 8 + 200 * 5))
