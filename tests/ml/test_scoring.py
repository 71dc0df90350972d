"""Scores, labels, uncertainty and risk of error follow from logits and card."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import scoring, tasks
from ml.evaluation.calibration import temperature_of, threshold_of
from ml.registry import decision_offsets

TASK = tasks.task("sij_mri")
STATUS, STAGE = TASK.head("as_status"), TASK.head("stage")


def card(threshold=0.5, temperature=1.0):
    return SimpleNamespace(
        key="drawn",
        thresholds={"as_status": threshold},
        temperature={"as_status": temperature, "stage": temperature},
    )


logit = st.floats(-20, 20)


@given(st.lists(logit, min_size=4, max_size=4), st.floats(0.25, 8))
def test_scores_add_up_to_one_whatever_the_temperature(logits, temperature):
    scores = scoring.scores_of(STAGE, np.array(logits), card(temperature=temperature))

    assert sum(scores.values()) == pytest.approx(1)
    assert list(scores) == ["Normal", "Early", "Moderate", "Advanced"]


@given(logit, logit, st.floats(0.02, 0.98), st.floats(0.25, 8))
def test_the_label_shown_is_the_label_that_the_heatmap_explains(negative, positive, threshold, temperature):
    logits = np.array([negative, positive], np.float32)
    scores = scoring.scores_of(STATUS, logits, card(threshold, temperature))
    if abs(scores["Positive"] - threshold) < 1e-4:
        return  # the last digit decides

    label = scoring.label_of(STATUS, scores, card(threshold, temperature))
    explained = int(np.argmax(logits + decision_offsets(STATUS, card(threshold, temperature))))

    assert STATUS.labels[explained] == label


@pytest.mark.parametrize(
    ("scores", "label"),
    [
        ((0.4, 0.25, 0.25, 0.1), "Early"),
        ((0.6, 0.1, 0.1, 0.2), "Normal"),
        ((0.3, 0.1, 0.2, 0.4), "Moderate"),
        ((0.1, 0.1, 0.1, 0.7), "Advanced"),
    ],
)
def test_a_stage_is_the_one_at_which_half_of_the_scores_is_reached(scores, label):
    assert scoring.label_of(STAGE, dict(zip(STAGE.labels, scores, strict=True)), card()) == label


def test_equal_scores_are_wholly_uncertain_and_one_sure_score_is_not():
    even = {"as_status": {"Negative": 0.5, "Positive": 0.5}, "stage": dict.fromkeys(STAGE.labels, 0.25)}
    sure = {
        "as_status": {"Negative": 0.0, "Positive": 1.0},
        "stage": dict(zip(STAGE.labels, (0, 0, 0, 1.0), strict=True)),
    }

    assert scoring.uncertainty_of(TASK, even) == pytest.approx(1)
    assert scoring.risk_of(TASK, even) == "HIGH"
    assert scoring.uncertainty_of(TASK, sure) == 0
    assert scoring.risk_of(TASK, sure) == "LOW"


def test_a_network_that_is_too_sure_gets_a_temperature_above_one():
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 2, 4000)
    honest = np.where(labels[:, None] == np.arange(2), 1.0, 0.0) + generator.normal(0, 1, (4000, 2))

    honest_temperature = temperature_of(honest, labels)

    assert temperature_of(honest * 3, labels) == pytest.approx(3 * honest_temperature, rel=0.02)


def test_the_threshold_separates_what_can_be_separated():
    scores = np.array([0.1, 0.2, 0.3, 0.7, 0.8])

    assert threshold_of(scores, scores > 0.5) == pytest.approx(0.5)
    assert threshold_of(scores, np.zeros(5, bool)) == 0.5


def test_an_answer_that_is_no_number_is_an_error_and_never_a_score():
    with pytest.raises(scoring.NotANumber):
        scoring.scores_of(STATUS, np.array([np.nan, 1.0]), card())
