"""Reports: over exactly the labelled images, with intervals by patient, and each patient's figures."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from ml import scoring
from ml.card_fields import check_card
from ml.data import DataError, Example
from ml.evaluation import (
    Answer,
    Report,
    Scores,
    evaluate_classification,
    evaluate_lesion,
    evaluate_region,
    metrics,
)
from ml.evaluation.intervals import patient_interval
from ml.tasks import Head, TaskSpec, tasks

unhurried = settings(deadline=None)


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

    report = evaluate_region(
        examples, lambda example: answers[example.image_id], trained_on=["b", "z"]
    ).report

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

    report = evaluate_region([drawn("one", half(value))], lambda _: Answer(probability)).report

    assert report["iou"] == 1.0


def test_a_mask_of_another_size_is_brought_to_the_grid_of_the_image(drawn: Callable[..., Example]) -> None:
    probability = np.zeros((16, 16), np.float32)
    probability[:8] = 0.7

    assert evaluate_region([drawn("one", half())], lambda _: Answer(probability)).report["iou"] == 1.0


def test_without_patients_and_kinds_the_rest_is_still_reported(drawn: Callable[..., Example]) -> None:
    report = evaluate_region(
        [drawn("one", half())], lambda _: Answer(np.ones((8, 8), np.float32)), trained_on=[]
    ).report

    assert report["n_patients"] is None
    assert report["n_patients_seen_in_training"] is None
    assert report["iou_ci95"] is None
    assert list(report["by_region_kind"]) == ["region"]
    assert list(report["by_sequence"]) == ["unknown"]


def test_an_unreadable_image_is_counted_and_the_rest_is_measured(drawn: Callable[..., Example]) -> None:
    examples = [drawn("one", half()), drawn("two", half())]

    report = evaluate_region(
        examples, lambda e: Answer((half() > 0).astype(np.float32)) if e.image_id == "one" else None
    ).report

    assert (report["iou"], report["n_images"], report["n_unreadable"]) == (1.0, 1, 1)


def test_a_normal_image_that_gets_a_mask_is_counted(drawn: Callable[..., Example]) -> None:
    some, none = np.full((8, 8), 0.6, np.float32), np.full((8, 8), 0.4, np.float32)
    normal = [drawn(name, None, patient_id=name) for name in ("marked", "clear", "dark", "unreadable")]
    answers = {"one": Answer(some), "marked": Answer(some), "clear": Answer(none), "dark": Answer(none)}

    report = evaluate_region([drawn("one", half())], lambda e: answers.get(e.image_id), normal=normal).report

    assert (report["n_images"], report["n_normal"], report["n_normal_with_mask"]) == (1, 3, 1)
    assert report["share_of_normal_with_mask"] == pytest.approx(1 / 3)
    assert len(report["share_of_normal_with_mask_ci95"]) == 2
    assert "n_normal" not in evaluate_region([drawn("one", half())], lambda e: answers[e.image_id]).report


def test_a_mask_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_text("no picture")
    example = Example("one", tmp_path / "one.png", region_path=tmp_path / "mask.png")

    with pytest.raises(DataError, match=r"mask\.png"):
        evaluate_region([example], lambda _: Answer(np.ones((8, 8), np.float32)))


def test_each_patient_is_reported_without_an_interval_of_its_own(drawn: Callable[..., Example]) -> None:
    answers = {"one": np.ones((8, 8), np.float32), "two": (half() > 0).astype(np.float32)}
    examples = [
        drawn("one", half(), patient_id="a", pixel_mm=0.5),
        drawn("two", half(), patient_id="b", pixel_mm=0.5),
    ]

    by_patient = evaluate_region(examples, lambda e: Answer(answers[e.image_id])).report["by_patient"]

    assert {patient: found["iou"] for patient, found in by_patient.items()} == {"a": 0.5, "b": 1.0}
    assert by_patient["b"]["hausdorff95_mm"] == 0
    assert by_patient["a"]["iou_ci95"] is by_patient["a"]["hausdorff95_mm_ci95"] is None
    assert (by_patient["a"]["n_images"], by_patient["a"]["n_patients"]) == (1, 1)


def test_the_distance_is_the_mean_of_the_images_that_have_one_and_the_rest_is_counted(
    drawn: Callable[..., Example],
) -> None:
    quarter, nothing = np.zeros((8, 8), np.float32), np.zeros((8, 8), np.float32)
    quarter[:2] = 1.0
    answers = {
        "known": quarter,
        "exact": (half() > 0).astype(np.float32),
        "unknown": quarter,
        "empty": nothing,
    }
    examples = [
        drawn("known", half(), patient_id="a", pixel_mm=3.0),
        drawn("exact", half(), patient_id="b", pixel_mm=3.0),
        drawn("unknown", half(), patient_id="a"),
        drawn("empty", half(), patient_id="b", pixel_mm=3.0),
    ]

    report = evaluate_region(examples, lambda e: Answer(answers[e.image_id])).report

    assert report["hausdorff95_mm"] == pytest.approx((2 * 3.0 + 0) / 2)
    assert report["hausdorff95_mm_ci95"] == [0.0, 6.0]
    assert report["n_without_hausdorff95"] == 2
    assert report["by_patient"]["a"]["n_without_hausdorff95"] == 1
    assert report["n_images"] == 4


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

    report = evaluate_classification(examples, predict, spec, trained_on={"a"}).report

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
    lowered = evaluate_classification(examples, predict, spec, thresholds={status.key: 0.4}).report
    assert lowered["sensitivity"] == 1.0


def test_what_cannot_be_computed_is_null(spec: TaskSpec) -> None:
    report = evaluate_classification([], lambda _: None, spec, trained_on=["a"]).report

    assert report["n_images"] == report["n_patients"] == report["n_patients_seen_in_training"] == 0
    names = ("accuracy", "auc", "auc_within_patients", "sensitivity", "specificity", "ppv", "npv", "f1")
    for name in (*names, "calibration_error", "stage_accuracy", "stage_quadratic_kappa"):
        assert report[name] is None
        assert report[f"{name}_ci95"] is None
    assert set(report["recall_by_stage"].values()) == {None}
    assert set(report["n_by_stage"].values()) == {0}
    assert report["by_patient"] == {}
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


def chance_of_positive(chances: dict[str, float], spec: TaskSpec) -> Callable[[Example], Answer[Scores]]:
    """A model that gives each image's status this score, and every stage the same."""
    return lambda example: Answer(
        scores(
            {"as_status": [1 - chances[example.image_id], chances[example.image_id]], "stage": [0.25] * 4},
            spec.heads,
        )
    )


def test_the_auc_within_patients_is_the_mean_of_those_who_have_both_labels(spec: TaskSpec) -> None:
    rows = {
        "a0": ("a", 0, 0.1), "a1": ("a", 1, 0.2), "a2": ("a", 0, 0.3), "a3": ("a", 1, 0.4),
        "b0": ("b", 0, 0.8), "b1": ("b", 1, 0.9),
        "c0": ("c", 1, 0.05),
    }  # fmt: skip
    examples = [
        Example(name, Path("x"), patient_id=patient, labels={"as_status": status})
        for name, (patient, status, _) in rows.items()
    ]
    predict = chance_of_positive({name: score for name, (_, _, score) in rows.items()}, spec)

    report = evaluate_classification(examples, predict, spec).report

    of_a = reference.roc_auc_score([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4])
    assert report["auc_within_patients"] == pytest.approx((of_a + 1.0) / 2)
    assert report["auc_within_patients_ci95"] == pytest.approx([of_a, 1.0])
    assert report["n_patients_with_both_labels"] == 2
    assert report["auc"] < of_a
    assert report["by_patient"] == {
        "a": {"auc": of_a, "auc_ci95": None, "n_positive": 2, "n_images": 4, "n_patients": 1},
        "b": {"auc": 1.0, "auc_ci95": None, "n_positive": 1, "n_images": 2, "n_patients": 1},
        "c": {"auc": None, "auc_ci95": None, "n_positive": 1, "n_images": 1, "n_patients": 1},
    }


def test_figures_at_the_threshold_are_those_of_scikit_learn(spec: TaskSpec) -> None:
    generator = np.random.default_rng(3)
    status = generator.integers(0, 2, 60)
    chance = np.clip(generator.normal(0.35 + 0.3 * status, 0.2), 0, 1)
    examples = [
        Example(str(n), Path("x"), patient_id=f"p{n % 5}", labels={"as_status": int(s)})
        for n, s in enumerate(status)
    ]
    predict = chance_of_positive({str(n): float(c) for n, c in enumerate(chance)}, spec)

    report = evaluate_classification(examples, predict, spec, thresholds={"as_status": 0.6}).report

    called = chance >= 0.6
    assert report["ppv"] == pytest.approx(reference.precision_score(status, called))
    assert report["npv"] == pytest.approx(reference.precision_score(1 - status, ~called))
    assert report["f1"] == pytest.approx(reference.f1_score(status, called))
    assert report["auc"] == pytest.approx(reference.roc_auc_score(status, chance))
    for name in ("ppv", "npv", "f1", "calibration_error", "auc"):
        low, high = report[f"{name}_ci95"]
        assert low <= report[name] <= high or name == "calibration_error"


def test_the_confusion_matrix_has_the_readers_in_rows_and_the_model_in_columns(spec: TaskSpec) -> None:
    stages = [(0, 0), (1, 0), (1, 1), (3, 2)]
    examples = [
        Example(str(n), Path("x"), patient_id="a", labels={"stage": true})
        for n, (true, _) in enumerate(stages)
    ]

    def predict(example: Example) -> Answer[Scores]:
        said = [0.0] * 4
        said[stages[int(example.image_id)][1]] = 1.0
        return Answer(scores({"as_status": [0.5, 0.5], "stage": said}, spec.heads))

    report = evaluate_classification(examples, predict, spec).report

    assert report["confusion_matrix"] == {
        "head": "stage",
        "labels": ["Normal", "Early", "Moderate", "Advanced"],
        "counts": [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]],
    }
    assert report["n_by_stage"] == {"Normal": 1, "Early": 2, "Moderate": 0, "Advanced": 1}
    assert report["recall_by_stage"]["Early"] == 0.5


def test_the_answer_that_figures_judge_is_the_one_that_a_reading_gives(spec: TaskSpec) -> None:
    generator = np.random.default_rng(5)
    given = {
        str(n): {
            head.key: dict(zip(head.labels, generator.dirichlet(np.ones(len(head.labels))), strict=True))
            for head in spec.heads
        }
        for n in range(40)
    }
    examples = [Example(name, Path("x"), labels={"as_status": 0, "stage": 0}) for name in given]
    card = SimpleNamespace(key="drawn", thresholds={"as_status": 0.3}, temperature={})

    heads = evaluate_classification(
        examples, lambda e: Answer(given[e.image_id]), spec, thresholds=card.thresholds
    ).heads

    for answers in heads:
        read = [scoring.label_of(answers.head, said[answers.head.key], card) for said in given.values()]
        assert [answers.head.labels[place] for place in answers.decided] == read
        assert len(set(read)) == len(answers.head.labels)


@pytest.fixture
def voted(tmp_path: Path) -> Callable[..., Example]:
    """Examples with drawn votes: `vote(name, readings, status, ...)`, readings being 0 to 4 in each pixel."""

    def vote(name: str, readings: np.ndarray | None, status: int, **fields: object) -> Example:
        votes = None
        if readings is not None:
            votes = tmp_path / f"{name}-votes.png"
            cv2.imwrite(str(votes), (readings * 60).astype(np.uint8))
        return Example(name, tmp_path / name, votes_path=votes, labels={"as_status": status}, **fields)

    return vote


def test_a_lesion_is_what_two_of_four_readings_outlined(
    voted: Callable[..., Example], spec: TaskSpec
) -> None:
    readings = np.zeros((8, 8))
    readings[0], readings[1], readings[2] = 1, 2, 4
    two_rows, one_row = np.zeros((2, 8, 8), np.float32)
    two_rows[1:3], one_row[2] = 0.5, 0.9
    shares = {"whole": two_rows, "part": one_row, "alarm": one_row, "unvoted": two_rows}
    examples = [
        voted("whole", readings, 1, patient_id="a"),
        voted("part", readings, 1, patient_id="b"),
        voted("alarm", np.zeros((8, 8)), 0, patient_id="b"),
        voted("unvoted", None, 1, patient_id="b"),
        replace(voted("unlabelled", readings, 1), labels={}),
    ]
    status = chance_of_positive({"whole": 0.9, "part": 0.8, "alarm": 0.7, "unvoted": 0.6}, spec)

    def predict(example: Example) -> Answer[tuple[Scores, np.ndarray]]:
        return Answer((status(example).value, shares[example.image_id]), gated=True)

    report = evaluate_lesion(
        examples, predict, spec, lesion_from=0.5, thresholds={"as_status": 0.75}, trained_on=["b"]
    ).report

    assert report["lesion_dice"] == pytest.approx((1 + 2 / 3) / 2)
    assert report["lesion_dice_ci95"] == pytest.approx([2 / 3, 1.0])
    assert report["lesion_dice_pooled"] == pytest.approx(2 * (16 + 8) / (16 + 16 + 8 + 16 + 8))
    assert (report["n_positive_with_votes"], report["n_with_votes"], report["n_images"]) == (2, 3, 4)
    assert (report["sensitivity"], report["specificity"]) == (pytest.approx(2 / 3), 1.0)
    assert (report["n_gated"], report["n_patients_seen_in_training"]) == (4, 1)
    assert report["by_patient"]["a"]["lesion_dice"] == 1.0
    assert report["by_patient"]["b"]["lesion_dice_pooled"] == pytest.approx(2 * 8 / (8 + 16 + 8))
    assert report["by_patient"]["b"]["auc"] == 0.5
    lower = evaluate_lesion(examples, predict, spec, lesion_from=0.95).report
    assert lower["lesion_dice"] == 0


def test_a_report_with_counts_is_a_card_and_one_with_a_bare_estimate_is_not(
    voted: Callable[..., Example], spec: TaskSpec
) -> None:
    examples = [voted(str(n), np.full((4, 4), 4.0), n % 2, patient_id=f"p{n % 3}") for n in range(6)]
    status = chance_of_positive({str(n): n / 6 for n in range(6)}, spec)
    report = evaluate_lesion(
        examples, lambda e: Answer((status(e).value, np.ones((4, 4), np.float32))), spec
    ).report

    def problems(figures: Report) -> list[str]:
        return [found for found in check_card({"figures": {"test": figures}}) if found.startswith("figures.")]

    assert problems(report) == []
    assert problems({**report, "bare": 0.5}) == ["figures.test.bare_ci95: missing"]
    assert problems({**report, "shares": {"one": 0.5}}) == ["figures.test.shares_ci95: missing"]
    assert problems({**report, "recalls": {"one": None}}) == ["figures.test.recalls_ci95: missing"]
