"""The publication's labels: from grey values alone, over the images that are labelled together."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.data import load
from ml.data.pixel_rules import RULES, PixelFeatures, features_of, labels_of

LUMBAR = Path(__file__).resolve().parents[4] / "shared" / "data" / "lumbar_mri"


def of(*rows: tuple[float, float, float, float]) -> list[PixelFeatures]:
    return [PixelFeatures(*row) for row in rows]


def test_features_are_those_of_the_whole_image_and_of_its_lower_half() -> None:
    pixels = np.zeros((100, 100), np.uint8)
    pixels[50:] = 200

    features = features_of(pixels)

    assert (features.mean, features.lower_mean, features.deviation) == (100, 200, 100)
    assert features.edges == pytest.approx(0.01, abs=0.002)


def test_rule_2_weighs_brightness_deviation_and_edges_and_the_lower_half_more() -> None:
    features = of(
        (0, 0, 0, 0),
        (9, 0, 0, 0),
        (0, 9, 0, 0),
        (9, 9, 0, 0),
        (0, 0, 0, 1),
        (0, 0, 5, 0),
        (9, 9, 0, 1),
        (9, 9, 5, 0),
        (0, 0, 5, 1),
        (9, 9, 5, 1),
    )  # scores 0, 0.12, 0.18, 0.3, 0.3, 0.4, 0.6, 0.7, 0.7, 1

    labels = labels_of(features, 2)

    assert [label["as_status"] for label in labels] == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert [label["stage"] for label in labels] == [0, 0, 0, 0, 0, 0, 1, 2, 2, 3]


def test_rule_1_wants_a_dark_image_of_high_deviation_and_takes_the_stage_from_the_edges() -> None:
    deviation = [0, 8, 7, 6, 5, 4, 3, 2, 1, 9]

    labels = labels_of(of(*((n, n, deviation[n], n) for n in range(10))), 1)

    assert [label["as_status"] for label in labels] == [0, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    assert [label["stage"] for label in labels] == [0, 0, 0, 1, 1, 2, 2, 3, 3, 3]


@given(st.integers(0, 2**32 - 1))
def test_rule_2_gives_the_published_counts_on_any_900_different_images(seed: int) -> None:
    values = np.random.default_rng(seed).random((900, 4))

    labels = labels_of(of(*values.tolist()), 2)

    assert Counter(label["as_status"] for label in labels) == {1: 432, 0: 468}
    assert Counter(label["stage"] for label in labels) == {0: 540, 1: 90, 2: 135, 3: 135}


@pytest.mark.parametrize("rule", RULES)
def test_images_that_are_all_the_same_are_all_normal(rule: int) -> None:
    assert labels_of(of(*[(7, 7, 0, 0)] * 3), rule) == [{"as_status": 0, "stage": 0}] * 3
    assert labels_of([], rule) == []


@pytest.mark.skipif(not LUMBAR.is_dir(), reason="the data set is not beside this checkout")
def test_rule_2_labels_the_lumbar_set_as_its_description_says() -> None:
    examples = load("lumbar", LUMBAR)

    assert Counter(e.labels["as_status"] for e in examples) == {1: 432, 0: 468}
    assert Counter(e.labels["stage"] for e in examples) == {0: 540, 1: 90, 2: 135, 3: 135}
    assert Counter(e.source for e in examples if e.labels["as_status"]) == {
        "SPIDER": 256,
        "MyoSegmenTUM": 176,
    }
    of_patient: dict[str | None, set[int]] = {}
    for example in examples:
        of_patient.setdefault(example.patient_id, set()).add(example.labels["as_status"])
    assert Counter(map(tuple, map(sorted, of_patient.values()))) == {(1,): 59, (0,): 39, (0, 1): 4}
    assert sum(e.labels == {"as_status": 1, "stage": 0} for e in examples) == 72
