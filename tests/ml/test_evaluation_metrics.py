"""Metrics: as scikit-learn computes them, by brute force where it does not."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn import metrics as reference

from ml.evaluation import metrics
from ml.evaluation.metrics import weighted

unhurried = settings(deadline=None)
masks = arrays.arrays(bool, (6, 5))
stages = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)
scored = st.lists(st.tuples(st.booleans(), st.integers(0, 5).map(lambda n: n / 5)), min_size=1, max_size=40)
called = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40)


@unhurried
@given(masks, masks)
def test_overlap_is_symmetric_and_bounded_and_iou_follows_from_dice(a: np.ndarray, b: np.ndarray) -> None:
    iou, dice = metrics.iou(a, b), metrics.dice(a, b)

    assert iou == metrics.iou(b, a)
    assert dice == metrics.dice(b, a)
    assert 0 <= iou <= dice <= 1
    assert math.isclose(iou, dice / (2 - dice))


@unhurried
@given(masks, masks)
def test_overlap_is_that_of_scikit_learn(a: np.ndarray, b: np.ndarray) -> None:
    assert math.isclose(metrics.iou(a, b), reference.jaccard_score(a.ravel(), b.ravel(), zero_division=1.0))
    assert math.isclose(metrics.dice(a, b), reference.f1_score(a.ravel(), b.ravel(), zero_division=1.0))


def test_two_empty_masks_agree_wholly_and_one_empty_mask_not_at_all() -> None:
    empty, full = np.zeros((4, 4), bool), np.ones((4, 4), bool)

    assert (metrics.iou(empty, empty), metrics.dice(empty, empty)) == (1.0, 1.0)
    assert (metrics.iou(empty, full), metrics.dice(full, empty)) == (0.0, 0.0)


@unhurried
@given(scored)
def test_auc_is_that_of_scikit_learn_with_ties(pairs: list[tuple[bool, float]]) -> None:
    positive, scores = np.array([p for p, _ in pairs]), np.array([s for _, s in pairs])

    auc = metrics.auc(positive, scores)

    if positive.all() or not positive.any():
        assert auc is None
    else:
        assert auc == pytest.approx(reference.roc_auc_score(positive, scores))
        assert auc == pytest.approx(1 - metrics.auc(positive, -scores))


@unhurried
@given(stages)
def test_quadratic_kappa_is_that_of_scikit_learn_and_bounded(pairs: list[tuple[int, int]]) -> None:
    true, predicted = np.array(pairs).T

    kappa = float(weighted.quadratic_kappa(confusion(true, predicted, 4))[0])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = reference.cohen_kappa_score(true, predicted, weights="quadratic", labels=range(4))
    if math.isnan(kappa):
        assert len(set(true) | set(predicted)) == 1
    else:
        assert kappa == pytest.approx(expected)
        assert -1 - 1e-9 <= kappa <= 1 + 1e-9


@unhurried
@given(stages)
def test_recalls_and_precisions_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    true, predicted = np.array(pairs).T
    options = {"labels": range(4), "average": None, "zero_division": np.nan}

    recalls = weighted.recalls(confusion(true, predicted, 4))[0]
    precisions = weighted.precisions(confusion(true, predicted, 4))[0]

    assert recalls == pytest.approx(reference.recall_score(true, predicted, **options), nan_ok=True)
    assert precisions == pytest.approx(reference.precision_score(true, predicted, **options), nan_ok=True)


@unhurried
@given(called, st.sampled_from([1, 2]))
def test_f_scores_are_those_of_scikit_learn(pairs: list[tuple[bool, bool]], beta: int) -> None:
    positive, said = np.array(pairs).T

    score = weighted.f_score(confusion(positive.astype(int), said.astype(int), 2), beta)[0]

    expected = reference.fbeta_score(positive, said, beta=beta, zero_division=np.nan)
    assert score == pytest.approx(expected, nan_ok=True)


def confusion(true: np.ndarray, predicted: np.ndarray, labels: int) -> np.ndarray:
    return weighted.confusions(true, predicted, labels, np.ones((1, len(true))))


@unhurried
@given(stages)
def test_the_confusion_matrix_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    true, predicted = np.array(pairs).T

    expected = reference.confusion_matrix(true, predicted, labels=range(4))

    assert (metrics.confusion(true, predicted, 4) == expected).all()


@unhurried
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=40))
def test_calibration_error_is_the_mean_distance_of_the_bins_from_the_diagonal(
    pairs: list[tuple[bool, float]],
) -> None:
    bins: dict[int, list[tuple[bool, float]]] = {}
    for positive, score in pairs:
        bins.setdefault(min(int(score * 10), 9), []).append((positive, score))
    expected = 0.0
    for inside in bins.values():
        share = sum(positive for positive, _ in inside) / len(inside)
        confidence = sum(score for _, score in inside) / len(inside)
        expected += len(inside) / len(pairs) * abs(share - confidence)

    error = calibration_error(np.array([p for p, _ in pairs]), np.array([s for _, s in pairs]))

    assert error == pytest.approx(expected, abs=1e-12)


def test_scores_that_say_how_often_they_are_right_have_no_calibration_error() -> None:
    positive = np.array([True] * 3 + [False] * 7)

    assert calibration_error(positive, np.full(10, 0.3)) == pytest.approx(0)
    assert calibration_error(positive, np.full(10, 0.9)) == pytest.approx(0.6)
    assert math.isnan(calibration_error(positive[:0], np.zeros(0)))


def calibration_error(right: np.ndarray, scores: np.ndarray) -> float:
    return float(weighted.calibration_error(right, scores, np.ones((1, len(scores))))[0])


def outline(mask: np.ndarray) -> list[tuple[int, int]]:
    """The pixels of a mask with a neighbour outside it, found one by one."""
    rows, columns = mask.shape
    found = []
    for row, column in np.argwhere(mask):
        around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
        if not all(0 <= r < rows and 0 <= c < columns and mask[r, c] for r, c in around):
            found.append((row, column))
    return found


def brute_force_hausdorff95(a: np.ndarray, b: np.ndarray, pixel_mm: float) -> float:
    directed = []
    for one, other in ((outline(a), outline(b)), (outline(b), outline(a))):
        nearest = [min(math.dist(pixel, target) for target in other) for pixel in one]
        directed.append(np.percentile(nearest, 95) * pixel_mm)
    return max(directed)


@unhurried
@given(arrays.arrays(bool, (7, 9)), arrays.arrays(bool, (7, 9)), st.sampled_from([0.5952, 1.0, 2.5]))
def test_hausdorff_distance_is_that_of_brute_force(a: np.ndarray, b: np.ndarray, pixel_mm: float) -> None:
    distance = metrics.hausdorff95_mm(a, b, pixel_mm)

    if not a.any() or not b.any():
        assert distance is None
    else:
        assert distance == pytest.approx(brute_force_hausdorff95(a, b, pixel_mm))
        assert distance == metrics.hausdorff95_mm(b, a, pixel_mm)


def test_the_inside_of_a_mask_has_no_part_in_its_distance() -> None:
    full, ring = np.ones((9, 9), bool), np.ones((9, 9), bool)
    ring[1:-1, 1:-1] = False

    assert metrics.hausdorff95_mm(full, ring, 1.0) == 0
    assert metrics.hausdorff95_mm(full, full, 1.0) == 0


def test_a_shift_is_measured_in_mm_and_a_stray_pixel_hardly_counts() -> None:
    square = np.zeros((40, 40), bool)
    square[10:20, 10:20] = True
    shifted = np.roll(square, 4, axis=1)
    stray = square.copy()
    stray[39, 39] = True

    assert metrics.hausdorff95_mm(square, shifted, 0.5) == pytest.approx(2.0)
    assert metrics.hausdorff95_mm(square, stray, 0.5) == 0


def test_without_a_pixel_size_there_is_no_distance() -> None:
    assert metrics.hausdorff95_mm(np.ones((3, 3), bool), np.ones((3, 3), bool), None) is None
