"""Figures of tasks with one head of two, three or four labels, against scikit-learn; and their intervals against plain draws."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from ml.card_fields import check_card
from ml.evaluation.intervals import patient_interval, patient_weights
from ml.evaluation.label_figures import MOST_PATIENTS_TOLD, HeadAnswers, label_figures
from ml.evaluation.metrics import weighted
from ml.evaluation.report import Report
from ml.tasks import Head

TWO = Head("stone", "Stone", ("No stone", "Stone"), positive="Stone")
THREE = Head("tumour", "Tumour", ("Normal", "Benign", "Malignant"), positive="Malignant")
FOUR = Head("finding", "Finding", ("Cyst", "Normal", "Stone", "Tumor"))
EVERY = pytest.mark.parametrize("head", [TWO, THREE, FOUR], ids=lambda head: head.key)
WITH_POSITIVE = pytest.mark.parametrize("head", [TWO, THREE], ids=lambda head: head.key)


def drawn(head: Head, images: int = 240, blocks: int = 12, threshold: float = 0.3) -> HeadAnswers:
    """A model that knows something; each block's images have one label."""
    generator = np.random.default_rng(11)
    labels = len(head.labels)
    block = generator.integers(0, blocks, images)
    true = block % labels
    scores = generator.dirichlet(np.ones(labels), images)
    scores[np.arange(images), true] += 0.35 * generator.random(images)
    scores /= scores.sum(axis=1, keepdims=True)
    place = labels - 1
    called = scores[:, place] >= threshold
    decided = called.astype(int) if labels == 2 else scores.argmax(axis=1)
    return HeadAnswers(head, tuple(f"b{n}" for n in block), true, scores, scores, decided, called)


def taken(answers: HeadAnswers, keep: np.ndarray) -> HeadAnswers:
    arrays = {name: getattr(answers, name)[keep] for name in ("true", "scores", "ranks", "decided", "called")}
    return replace(answers, patients=tuple(np.array(answers.patients)[keep]), **arrays)


@EVERY
def test_figures_of_all_labels_are_those_of_scikit_learn(head: Head) -> None:
    answers = drawn(head)

    report = label_figures([answers])

    true, decided = answers.true, answers.decided
    aucs = [
        reference.roc_auc_score(true == label, answers.scores[:, label]) for label in range(len(head.labels))
    ]
    assert report["accuracy"] == pytest.approx(reference.accuracy_score(true, decided))
    assert report["balanced_accuracy"] == pytest.approx(reference.balanced_accuracy_score(true, decided))
    assert list(report["auc_by_label"].values()) == pytest.approx(aucs)
    assert report["auc"] == pytest.approx(aucs[-1] if len(aucs) == 2 else np.mean(aucs))
    if len(aucs) > 2:
        assert report["auc"] == pytest.approx(
            reference.roc_auc_score(true, answers.scores, multi_class="ovr", average="macro")
        )
    recalls = reference.recall_score(true, decided, average=None)
    assert report["recall_by_label"] == pytest.approx(dict(zip(head.labels, recalls, strict=True)))
    assert report["n_by_label"] == dict(zip(head.labels, np.bincount(true).tolist(), strict=True))
    counts = reference.confusion_matrix(true, decided)
    assert report["confusion_matrix"]["counts"] == counts.tolist()


@WITH_POSITIVE
def test_figures_of_the_positive_label_are_at_its_threshold(head: Head) -> None:
    answers = drawn(head)

    report = label_figures([answers])

    positive, called = answers.true == len(head.labels) - 1, answers.called
    expected = {
        "sensitivity": reference.recall_score(positive, called),
        "specificity": reference.recall_score(~positive, ~called),
        "ppv": reference.precision_score(positive, called),
        "npv": reference.precision_score(~positive, ~called),
        "f1": reference.f1_score(positive, called),
        "f2": reference.fbeta_score(positive, called, beta=2),
    }
    assert {name: report[name] for name in expected} == pytest.approx(expected)


def test_of_three_labels_the_threshold_calls_more_than_the_highest_score_shows() -> None:
    answers = drawn(THREE, threshold=0.2)

    report = label_figures([answers])

    assert answers.called.sum() > (answers.decided == 2).sum()
    assert report["sensitivity"] > report["recall_by_label"]["Malignant"]


@WITH_POSITIVE
def test_sensitivity_is_the_highest_that_a_specificity_leaves(head: Head) -> None:
    answers = drawn(head)

    report = label_figures([answers], (0.957, 0.8))

    false_rate, true_rate, _ = reference.roc_curve(
        answers.positive, answers.positive_score, drop_intermediate=False
    )
    expected = {
        "0.957": true_rate[1 - false_rate >= 0.957].max(),
        "0.8": true_rate[1 - false_rate >= 0.8].max(),
    }
    assert report["sensitivity_at_specificity"] == pytest.approx(expected)
    low, high = report["sensitivity_at_specificity_ci95"]["0.957"]
    assert low <= expected["0.957"] <= high


@EVERY
def test_a_blocks_score_is_the_mean_over_its_images(head: Head) -> None:
    answers = drawn(head)

    report = label_figures([answers])

    blocks = sorted(set(answers.patients))
    of_block = np.array(answers.patients)
    means = np.array([answers.scores[of_block == block].mean(axis=0) for block in blocks])
    true = np.array([answers.true[of_block == block][0] for block in blocks])
    aucs = [reference.roc_auc_score(true == label, means[:, label]) for label in range(len(head.labels))]
    assert report["auc_by_block"] == pytest.approx(aucs[-1] if len(aucs) == 2 else np.mean(aucs))


def test_a_block_of_two_labels_counts_once_for_each() -> None:
    answers = drawn(TWO, blocks=6)
    patients = np.array(answers.patients)
    joined = replace(answers, patients=tuple(np.where(patients == "b1", "b0", patients)))

    assert label_figures([joined])["auc_by_block"] == pytest.approx(label_figures([answers])["auc_by_block"])


def test_there_is_no_figure_by_block_where_patients_have_images_of_several_labels() -> None:
    answers = replace(drawn(TWO), patients=tuple(f"p{n % 5}" for n in range(240)))

    report = label_figures([answers])

    assert report["auc_by_block"] is report["auc_by_block_ci95"] is None


@EVERY
def test_the_expected_calibration_error_is_about_the_highest_score(head: Head) -> None:
    answers = drawn(head)

    error = label_figures([answers])["expected_calibration_error"]

    confidence, right = answers.scores.max(axis=1), answers.scores.argmax(axis=1) == answers.true
    expected = 0.0
    for low in range(10):
        inside = (confidence >= low / 10) & ((confidence < (low + 1) / 10) | (low == 9))
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert error == pytest.approx(expected)


def test_without_a_positive_label_its_figures_are_null() -> None:
    report = label_figures([drawn(FOUR)], (0.9,))

    names = ("sensitivity", "specificity", "ppv", "npv", "f1", "f2", "calibration_error")
    for name in (*names, "auc_within_patients", "sensitivity_at_specificity"):
        assert report[name] is report[f"{name}_ci95"] is None
    assert report["by_patient"]["b0"].keys() == {"accuracy", "accuracy_ci95", "n_images", "n_patients"}


def test_a_label_that_no_image_has_takes_no_part() -> None:
    answers = drawn(FOUR)
    without = taken(answers, answers.true != 3)

    report = label_figures([without])

    assert report["auc_by_label"]["Tumor"] is report["recall_by_label"]["Tumor"] is None
    assert report["auc"] == pytest.approx(
        np.mean([report["auc_by_label"][label] for label in FOUR.labels[:3]])
    )
    assert report["balanced_accuracy"] == pytest.approx(
        np.mean([report["recall_by_label"][label] for label in FOUR.labels[:3]])
    )
    json.dumps(report, allow_nan=False)


@EVERY
def test_of_no_images_every_figure_is_null(head: Head) -> None:
    report = label_figures([taken(drawn(head), np.zeros(240, bool))], (0.9,))

    for name in ("accuracy", "balanced_accuracy", "auc", "expected_calibration_error", "sensitivity", "f2"):
        assert report[name] is None
    json.dumps(report, allow_nan=False)


@EVERY
def test_each_figure_has_what_a_card_needs(head: Head) -> None:
    figures: Report = label_figures([drawn(head)], (0.957,)) | {"n_images": 240, "n_patients": 12}

    assert not [p for p in check_card({"figures": {"test": figures}}) if p.startswith("figures.")]


def test_a_table_of_each_patient_ends_where_nobody_reads_it() -> None:
    many = replace(drawn(TWO), patients=tuple(f"p{n}" for n in range(240)))

    assert len(many.patients) > MOST_PATIENTS_TOLD
    assert label_figures([many])["by_patient"] == {}


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("auc", lambda a, i: reference.roc_auc_score(a.positive[i], a.rank[i])),
        ("balanced_accuracy", lambda a, i: reference.balanced_accuracy_score(a.true[i], a.decided[i])),
        ("f2", lambda a, i: reference.fbeta_score(a.positive[i], a.called[i], beta=2)),
    ],
)
def test_an_interval_is_that_of_the_figure_over_drawn_patients(
    name: str, figure: Callable[[HeadAnswers, np.ndarray], float]
) -> None:
    answers = drawn(TWO, blocks=40)

    interval = label_figures([answers])[f"{name}_ci95"]

    assert interval == pytest.approx(patient_interval(answers.patients, lambda i: figure(answers, i)))


def test_the_weights_of_a_draw_are_how_often_its_patients_were_drawn() -> None:
    weights = patient_weights(["a", "a", "b", "c"], draws=50)

    assert (weights[0] == 1).all()
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()
    assert len(np.unique(weights, axis=0)) > 5


@pytest.mark.parametrize("patients", [["a", "a"], ["a", None]])
def test_without_several_known_patients_there_is_nothing_to_draw(patients: list[str | None]) -> None:
    assert patient_weights(patients).shape == (1, 2)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 4).map(lambda n: n / 4), st.integers(0, 3)),
        min_size=1,
        max_size=30,
    )
)
def test_a_weight_is_a_repetition(rows: list[tuple[bool, float, int]]) -> None:
    positive, scores, times = (np.array(column) for column in zip(*rows, strict=True))
    positive = positive.astype(bool)

    auc, kappa = (
        weighted.auc(positive, scores, times[None].astype(float))[0],
        weighted.quadratic_kappa(
            weighted.confusions(positive.astype(int), (scores * 4).astype(int), 5, times[None].astype(float))
        )[0],
    )

    again, drawn_scores = np.repeat(positive, times), np.repeat(scores, times)
    if again.all() or not again.any():
        assert np.isnan(auc)
    else:
        assert auc == pytest.approx(reference.roc_auc_score(again, drawn_scores))
        expected = reference.cohen_kappa_score(
            again.astype(int), (drawn_scores * 4).astype(int), weights="quadratic", labels=range(5)
        )
        assert kappa == pytest.approx(expected)
