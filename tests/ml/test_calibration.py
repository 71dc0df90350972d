"""Thresholds by the rules that tasks name, against a search over every cut between two scores."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as reference

from ml.evaluation.calibration import threshold_of


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Scores that know something of what is positive."""
    generator = np.random.default_rng(6)
    positive = generator.random(300) < 0.3
    return np.clip(generator.normal(0.35 + 0.25 * positive, 0.15), 0.02, 0.98), positive


def cuts(scores: np.ndarray) -> np.ndarray:
    ordered = np.unique(scores)
    return np.concatenate([(ordered[1:] + ordered[:-1]) / 2, [ordered[0] - 0.001]])


@pytest.mark.parametrize(
    ("rule", "figure"),
    [
        ("youden", lambda true, called: reference.balanced_accuracy_score(true, called)),
        ("f2", lambda true, called: reference.fbeta_score(true, called, beta=2)),
    ],
)
def test_no_other_threshold_is_better_by_its_rule(
    drawn: tuple[np.ndarray, np.ndarray], rule: str, figure: Callable[[np.ndarray, np.ndarray], float]
) -> None:
    scores, positive = drawn

    chosen = threshold_of(scores, positive, rule)

    best = max(figure(positive, scores >= cut) for cut in cuts(scores))
    assert figure(positive, scores >= chosen) == pytest.approx(best)


@pytest.mark.parametrize("least", [0.8, 0.97, 1.0])
def test_the_highest_threshold_that_finds_enough_of_the_positives(
    drawn: tuple[np.ndarray, np.ndarray], least: float
) -> None:
    scores, positive = drawn

    chosen = threshold_of(scores, positive, f"sensitivity:{least}")

    assert (scores[positive] >= chosen).mean() >= least
    higher = [cut for cut in cuts(scores) if cut > chosen + 1e-3]
    assert all((scores[positive] >= cut).mean() < least for cut in higher)


def test_a_missed_positive_weighs_more_by_f2(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    assert threshold_of(*drawn, "f2") < threshold_of(*drawn, "youden")


def test_a_rule_that_nobody_knows_is_refused(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="best"):
        threshold_of(*drawn, "best")
