"""Figures: as scikit-learn computes them, by hand where it does not, over exactly the labelled images."""

import json
import math
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn import metrics as reference

from ml.data import DataError, Example
from ml.evaluation import Answer, Scores, evaluate_classification, evaluate_region, metrics
from ml.evaluation.intervals import patient_interval
from ml.tasks import Head, TaskSpec, tasks

unhurried = settings(deadline=None)
masks = arrays.arrays(bool, (6, 5))
stages = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)
scored = st.lists(st.tuples(st.booleans(), st.integers(0, 5).map(lambda n: n / 5)), min_size=1, max_size=40)


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

    kappa = metrics.quadratic_kappa(true, predicted, 4)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = reference.cohen_kappa_score(true, predicted, weights="quadratic", labels=range(4))
    if kappa is None:
        assert len(set(true) | set(predicted)) == 1
    else:
        assert kappa == pytest.approx(expected)
        assert -1 - 1e-9 <= kappa <= 1 + 1e-9


@unhurried
@given(stages)
def test_recalls_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    true, predicted = np.array(pairs).T
    expected = reference.recall_score(true, predicted, labels=range(4), average=None, zero_division=np.nan)

    for label in range(4):
        recall = metrics.recall(true, predicted, label)
        assert recall is None if np.isnan(expected[label]) else recall == pytest.approx(expected[label])


def test_sensitivity_and_specificity_are_the_recalls_of_the_two_labels() -> None:
    positive = np.array([True, True, True, False, False])
    called = np.array([True, False, True, False, True])

    assert metrics.sensitivity(positive, called) == pytest.approx(2 / 3)
    assert metrics.specificity(positive, called) == pytest.approx(1 / 2)
    assert metrics.sensitivity(~positive & positive, called) is None
    assert metrics.specificity(positive | ~positive, called) is None


@unhurried
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0, 1)), min_size=2, max_size=30),
    st.integers(0, 2**32 - 1),
)
def test_an_interval_is_ordered_within_the_values_and_repeatable(
    rows: list[tuple[str, float]], seed: int
) -> None:
    patients, values = [patient for patient, _ in rows], np.array([value for _, value in rows])

    interval = patient_interval(patients, lambda index: metrics.mean(values[index]), draws=50, seed=seed)

    if len(set(patients)) < 2:
        assert interval is None
    else:
        assert interval is not None
        low, high = interval
        assert values.min() - 1e-9 <= low <= high <= values.max() + 1e-9
        again = patient_interval(patients, lambda index: metrics.mean(values[index]), draws=50, seed=seed)
        assert interval == again


def test_an_interval_is_drawn_by_patient_and_not_by_image() -> None:
    values = np.repeat([0.0, 1.0], 500)
    by_two_patients = patient_interval(["a"] * 500 + ["b"] * 500, lambda i: metrics.mean(values[i]))
    by_many = patient_interval([str(n) for n in range(1000)], lambda i: metrics.mean(values[i]))

    assert by_two_patients == [0.0, 1.0]
    assert by_many == pytest.approx([0.469, 0.531], abs=0.01)


def test_there_is_no_interval_where_a_patient_is_unknown() -> None:
    assert patient_interval(["a", "b", None], lambda index: 0.5) is None


def test_there_is_no_interval_where_most_draws_have_no_value() -> None:
    positive, scores = np.array([True, False, True]), np.array([0.9, 0.1, 0.8])

    assert patient_interval(["a", "a", "b"], lambda i: metrics.auc(positive[i], scores[i])) is not None
    assert patient_interval(["a", "b"], lambda i: None) is None


@pytest.fixture
def drawn(tmp_path: Path) -> Callable[..., Example]:
    """Examples with drawn masks: `draw(name, mask, ...)`."""

    def draw(name: str, mask: np.ndarray | None, **fields: object) -> Example:
        region = None
        if mask is not None:
            region = tmp_path / f"{name}-mask.png"
            cv2.imwrite(str(region), mask)
        return Example(image_id=name, path=tmp_path / name, region_path=region, **fields)

    return draw


def half(value: int = 255) -> np.ndarray:
    mask = np.zeros((8, 8), np.uint8)
    mask[:4] = value
    return mask


def test_regions_are_measured_only_where_a_mask_was_drawn(drawn: Callable[..., Example]) -> None:
    whole, quarter = np.ones((8, 8), np.float32), np.zeros((8, 8), np.float32)
    quarter[:2] = 1.0
    examples = [
        drawn("one", half(), patient_id="a", region_kind="joint_region", sequence="STIR"),
        drawn("two", half(), patient_id="a", region_kind="joint_region", sequence="T1W"),
        drawn("three", half(), patient_id="b", region_kind="pelvic_bone", sequence="T1W"),
        drawn("four", None, patient_id="c"),
    ]
    answers = {"one": Answer(whole), "two": Answer(quarter, gated=True), "three": Answer(whole)}

    report = evaluate_region(examples, lambda example: answers[example.image_id], trained_on=["b", "z"])

    assert report["iou"] == pytest.approx(0.5)
    assert report["dice"] == pytest.approx(2 / 3)
    assert (report["n_images"], report["n_patients"]) == (3, 2)
    assert (report["n_patients_seen_in_training"], report["n_gated"], report["n_unreadable"]) == (1, 1, 0)
    assert {kind: group["n_images"] for kind, group in report["by_region_kind"].items()} == {
        "joint_region": 2,
        "pelvic_bone": 1,
    }
    assert report["by_region_kind"]["joint_region"]["iou_ci95"] is None
    assert report["by_sequence"]["T1W"]["n_patients"] == 2
    assert report["iou_ci95"] == [0.5, 0.5]


@pytest.mark.parametrize("value", [1, 255])
def test_masks_of_one_and_of_255_say_the_same(value: int, drawn: Callable[..., Example]) -> None:
    probability = (half() > 0).astype(np.float32)

    report = evaluate_region([drawn("one", half(value))], lambda _: Answer(probability))

    assert report["iou"] == 1.0


def test_a_mask_of_another_size_is_brought_to_the_grid_of_the_image(drawn: Callable[..., Example]) -> None:
    probability = np.zeros((16, 16), np.float32)
    probability[:8] = 0.7

    assert evaluate_region([drawn("one", half())], lambda _: Answer(probability))["iou"] == 1.0


def test_without_patients_and_kinds_the_rest_is_still_reported(drawn: Callable[..., Example]) -> None:
    report = evaluate_region(
        [drawn("one", half())], lambda _: Answer(np.ones((8, 8), np.float32)), trained_on=[]
    )

    assert report["n_patients"] is None
    assert report["n_patients_seen_in_training"] is None
    assert report["iou_ci95"] is None
    assert list(report["by_region_kind"]) == ["region"]
    assert list(report["by_sequence"]) == ["unknown"]


def test_an_unreadable_image_is_counted_and_the_rest_is_measured(drawn: Callable[..., Example]) -> None:
    examples = [drawn("one", half()), drawn("two", half())]

    report = evaluate_region(
        examples, lambda e: Answer((half() > 0).astype(np.float32)) if e.image_id == "one" else None
    )

    assert (report["iou"], report["n_images"], report["n_unreadable"]) == (1.0, 1, 1)


def test_a_mask_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_text("no picture")
    example = Example("one", tmp_path / "one.png", region_path=tmp_path / "mask.png")

    with pytest.raises(DataError, match=r"mask\.png"):
        evaluate_region([example], lambda _: Answer(np.ones((8, 8), np.float32)))


@pytest.fixture
def spec() -> TaskSpec:
    """A task with a positive label and an ordinal stage."""
    return next(
        spec for spec in tasks() if any(h.positive for h in spec.heads) and any(h.ordinal for h in spec.heads)
    )


def scores(head_scores: dict[str, list[float]], heads: tuple[Head, ...]) -> Scores:
    return {h.key: dict(zip(h.labels, head_scores[h.key], strict=True)) for h in heads}


def test_labels_are_judged_only_on_the_images_that_carry_them(spec: TaskSpec) -> None:
    status, stage = spec.heads
    rows = [
        ("a", {"as_status": 0, "stage": 0}, 0.2, [0.7, 0.1, 0.1, 0.1]),
        ("a", {"as_status": 1, "stage": 2}, 0.6, [0.1, 0.1, 0.7, 0.1]),
        ("b", {"as_status": 1, "stage": 1}, 0.4, [0.6, 0.2, 0.1, 0.1]),
        ("b", {"as_status": 0}, 0.1, [1.0, 0.0, 0.0, 0.0]),
        ("c", {}, 0.9, [0.0, 0.0, 0.0, 1.0]),
    ]
    examples = [Example(str(n), Path("x"), patient_id=row[0], labels=row[1]) for n, row in enumerate(rows)]
    asked: list[str] = []

    def predict(example: Example) -> Answer[Scores]:
        asked.append(example.image_id)
        _, _, positive, by_stage = rows[int(example.image_id)]
        of_heads = {status.key: [1 - positive, positive], stage.key: by_stage}
        return Answer(scores(of_heads, spec.heads), gated=example.image_id == "1")

    report = evaluate_classification(examples, predict, spec, trained_on={"a"})

    assert asked == ["0", "1", "2", "3"]
    assert report["accuracy"] == 0.75
    assert report["auc"] == 1.0
    assert (report["sensitivity"], report["specificity"]) == (0.5, 1.0)
    assert report["stage_accuracy"] == pytest.approx(2 / 3)
    assert report["stage_quadratic_kappa"] == pytest.approx(
        reference.cohen_kappa_score([0, 2, 1], [0, 2, 0], weights="quadratic", labels=range(4))
    )
    assert report["recall_by_stage"] == {"Normal": 1.0, "Early": 0.0, "Moderate": 1.0, "Advanced": None}
    assert (report["n_images"], report["n_patients"], report["n_gated"]) == (4, 2, 1)
    assert report["n_patients_seen_in_training"] == 1
    lowered = evaluate_classification(examples, predict, spec, thresholds={status.key: 0.4})
    assert lowered["sensitivity"] == 1.0


def test_what_cannot_be_computed_is_null(spec: TaskSpec) -> None:
    report = evaluate_classification([], lambda _: None, spec, trained_on=["a"])

    assert report["n_images"] == report["n_patients"] == report["n_patients_seen_in_training"] == 0
    for name in ("accuracy", "auc", "sensitivity", "specificity", "stage_accuracy", "stage_quadratic_kappa"):
        assert report[name] is None
        assert report[f"{name}_ci95"] is None
    assert set(report["recall_by_stage"].values()) == {None}
    json.dumps(report, allow_nan=False)


def test_a_label_that_does_not_exist_is_named(spec: TaskSpec) -> None:
    example = Example("one", Path("x"), labels={"stage": 7})

    with pytest.raises(DataError, match="stage 7"):
        evaluate_classification(
            [example],
            lambda _: Answer(
                scores({"as_status": [0.5, 0.5], "stage": [0.25, 0.25, 0.25, 0.25]}, spec.heads)
            ),
            spec,
        )
