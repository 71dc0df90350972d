"""`evaluate --cross-validate`: figures from out-of-fold scores, each patient calibrated by the others, and no gaps in silence."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from sklearn import metrics as reference

from ml.cli import main
from ml.data import DataError, load
from ml.data.split import LEAKY
from ml.evaluation.cross_validation import calibration_from_out_of_fold, cross_validated, read_protocols
from ml.evaluation.cross_validation.readout import scores_by_the_others
from ml.tasks import ModelSpec, task

TASK = task("sij_mri")
STATUS, STAGE = TASK.head("as_status"), TASK.head("stage")
Row = dict[str, Any]


def of_kind(kind: str) -> ModelSpec:
    return next(model for model in TASK.models if model.kind == kind)


CLASSIFIER, REGION, LESION = (of_kind(kind).key for kind in ("classification", "region", "lesion"))


@dataclass
class Study:
    """A data set with empty pictures, and what the folds of a model said of it, on disk by `write`."""

    root: Path
    model: str
    protocol: str = "leave_one_patient_out"
    data: list[Row] = field(default_factory=list)
    said: list[Row] = field(default_factory=list)
    folds: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.root / "data"

    def write(self) -> Path:
        """Writes all of it and returns the data folder."""
        for row in self.data:
            for column in ("file", "region", "votes"):
                if row.get(column):
                    file = self.folder / row[column]
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.touch()
        home = self.root / "models" / TASK.key / self.model
        home.mkdir(parents=True, exist_ok=True)
        write_table(self.folder / "labels.csv", self.data)
        own = self.protocol == TASK.protocol
        write_table(home / ("out_of_fold.csv" if own else f"out_of_fold.{self.protocol}.csv"), self.said)
        record = {"cross_validation": {self.protocol: self.folds}}
        (home / "train.yaml").write_text(yaml.safe_dump(record))
        return self.folder

    def evaluate(self) -> dict[str, Any]:
        return cross_validated(TASK, self.model, self.write()).report


def write_table(file: Path, rows: Sequence[Row]) -> None:
    with file.open("w", newline="") as lines:
        table = csv.DictWriter(lines, list(dict.fromkeys(column for row in rows for column in row)))
        table.writeheader()
        table.writerows(rows)


def folds_of(patients: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    return {p: {"train": [q for q in patients if q != p], "held_out": [p]} for p in patients}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Four patients of 20 labelled slices each; scores that know something, too surely, and more or less high by patient."""
    monkeypatch.setenv("MODELS_DIR", str(tmp_path / "models"))
    generator = np.random.default_rng(8)
    patients = ["a", "b", "c", "d"]
    study = Study(tmp_path, CLASSIFIER, folds=folds_of(patients))
    for shift, patient in enumerate(patients):
        for number in range(20):
            stage = int(generator.integers(0, 4))
            image = f"{patient}{number}"
            study.data.append(
                {
                    "image_id": image,
                    "file": f"images/{image}.png",
                    "patient_id": patient,
                    "as_status": int(stage > 0),
                    "stage": stage,
                    "sequence": "STIR" if number % 2 else "T1W",
                    "region": f"regions/{image}.png",
                    "votes": f"votes/{image}.png",
                }
            )
            logit = 4 * (1.2 * (stage > 0) - 1 + 0.5 * shift + generator.normal())
            positive = 1 / (1 + np.exp(-logit))
            stages = softmax(3 * ((np.arange(4) == stage) + generator.normal(size=4)))
            study.said.append(said(image, patient, positive, stages))
    return study


def said(image: str, patient: str, positive: float, stages: Sequence[float]) -> Row:
    return {
        "image_id": image,
        "patient_id": patient,
        "fold": patient,
        "as_status.Negative": 1 - positive,
        "as_status.Positive": positive,
        **{f"stage.{label}": share for label, share in zip(STAGE.labels, stages, strict=True)},
    }


def softmax(logits: np.ndarray) -> np.ndarray:
    shares: np.ndarray = np.exp(logits) / np.exp(logits).sum()
    return shares


def column(rows: Sequence[Row], name: str) -> np.ndarray:
    return np.array([row[name] for row in rows])


def grid_temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """The temperature of the least log loss, by trying 3,000."""
    tried = np.geomspace(0.25, 8, 3000)
    logits = np.log(scores)
    losses = []
    for temperature in tried:
        scaled = np.exp(logits / temperature)
        scaled /= scaled.sum(axis=1, keepdims=True)
        losses.append(-np.log(scaled[np.arange(len(labels)), labels]).mean())
    return float(tried[np.argmin(losses)])


def best_youden(scores: np.ndarray, positive: np.ndarray) -> float:
    """The largest sensitivity + specificity - 1 that any threshold reaches, by trying all."""
    return max(youden(scores, positive, threshold) for threshold in scores)


def youden(scores: np.ndarray, positive: np.ndarray, threshold: float) -> float:
    called = scores >= threshold
    return float(called[positive].mean() + (~called[~positive]).mean() - 1)


def test_the_figures_are_those_of_scikit_learn_over_what_the_folds_said(study: Study) -> None:
    report = study.evaluate()

    status, stage = column(study.data, "as_status"), column(study.data, "stage")
    raw = column(study.said, "as_status.Positive")
    counts = np.array(report["confusion_matrix"]["counts"])
    true, decided = (np.repeat(places.ravel(), counts.ravel()) for places in np.indices(counts.shape))
    assert sorted(true) == sorted(stage)
    patients = column(study.data, "patient_id")
    within = [reference.roc_auc_score(status[patients == p], raw[patients == p]) for p in "abcd"]
    assert report["auc"] == pytest.approx(reference.roc_auc_score(status, raw))
    assert report["auc_within_patients"] == pytest.approx(np.mean(within))
    assert report["stage_accuracy"] == pytest.approx(reference.accuracy_score(true, decided))
    assert report["stage_quadratic_kappa"] == pytest.approx(
        reference.cohen_kappa_score(true, decided, weights="quadratic")
    )
    assert list(report["recall_by_stage"].values()) == pytest.approx(
        list(reference.recall_score(true, decided, average=None))
    )
    assert report["auc_ci95"][0] < report["auc"] < report["auc_ci95"][1]
    assert (report["protocol"], report["leaky"]) == ("leave_one_patient_out", False)
    assert (report["n_images"], report["n_patients"], report["n_patients_seen_in_training"]) == (80, 4, 0)
    json.dumps(report, allow_nan=False)


def test_a_patients_own_labels_decide_nothing_about_the_own_calibration(study: Study) -> None:
    before = cross_validated(TASK, CLASSIFIER, study.write()).heads[0]
    for row in study.data:
        if row["patient_id"] == "a":
            row["as_status"] = 1 - row["as_status"]

    after = cross_validated(TASK, CLASSIFIER, study.write()).heads[0]

    own = column(study.data, "patient_id") == "a"
    assert (after.true[own] != before.true[own]).all()
    assert (after.scores[own] == before.scores[own]).all()
    assert (after.decided[own] == before.decided[own]).all()
    assert (after.scores[~own] != before.scores[~own]).any()


def test_temperature_and_threshold_of_a_patient_are_the_best_for_the_other_patients(study: Study) -> None:
    answers = cross_validated(TASK, CLASSIFIER, study.write()).heads[0]

    raw = np.array([[row[f"as_status.{label}"] for label in STATUS.labels] for row in study.said])
    positive = column(study.data, "as_status") == 1
    patients = column(study.data, "patient_id")
    for patient in "abcd":
        own = patients == patient
        temperature = grid_temperature(raw[~own], positive[~own].astype(int))
        assert temperature > 1.5
        calibrated = raw ** (1 / temperature)
        calibrated = (calibrated / calibrated.sum(axis=1, keepdims=True))[:, 1]
        assert answers.positive_score[own] == pytest.approx(calibrated[own], abs=0.005)
        lowest_called, highest_not = own & answers.called, own & ~answers.called
        low = calibrated[highest_not].max() if highest_not.any() else 0.0
        high = calibrated[lowest_called].min() if lowest_called.any() else 1.0
        between = [t for t in [low + 1e-6, *calibrated[~own], high] if low < t <= high]
        best = best_youden(calibrated[~own], positive[~own])
        assert max(youden(calibrated[~own], positive[~own], t) for t in between) == pytest.approx(best)


def test_the_auc_ranks_raw_scores_for_each_patients_temperature_would_move_it(study: Study) -> None:
    report = study.evaluate()
    answers = cross_validated(TASK, CLASSIFIER, study.folder).heads[0]

    of_calibrated = reference.roc_auc_score(answers.true, answers.positive_score)
    assert report["auc_of_calibrated_scores"] == pytest.approx(of_calibrated)
    assert report["auc_of_calibrated_scores"] != report["auc"]
    assert any("auc_of_calibrated_scores" in note for note in report["notes"])


def test_deployment_is_calibrated_with_the_scores_of_all_patients(study: Study) -> None:
    temperature, thresholds = calibration_from_out_of_fold(TASK, CLASSIFIER, load(TASK.key, study.write()))

    stages = np.array([[row[f"stage.{label}"] for label in STAGE.labels] for row in study.said])
    raw = np.array([[row[f"as_status.{label}"] for label in STATUS.labels] for row in study.said])
    status = column(study.data, "as_status")
    assert temperature == {
        "as_status": pytest.approx(grid_temperature(raw, status), rel=0.01),
        "stage": pytest.approx(grid_temperature(stages, column(study.data, "stage")), rel=0.01),
    }
    calibrated = raw ** (1 / temperature["as_status"])
    calibrated = (calibrated / calibrated.sum(axis=1, keepdims=True))[:, 1]
    assert set(thresholds) == {"as_status"}
    assert youden(calibrated, status == 1, thresholds["as_status"]) == pytest.approx(
        best_youden(calibrated, status == 1)
    )


@pytest.mark.parametrize("protocol", sorted(LEAKY))
def test_a_leaky_protocol_is_named_and_its_patients_count_as_seen(study: Study, protocol: str) -> None:
    study.protocol = protocol
    study.said = [{**row, "fold": study.protocol} for row in study.said[::4]]
    study.folds = {study.protocol: {"train": ["a", "b", "c"], "held_out": ["a", "b", "c", "d"]}}

    report = study.evaluate()

    assert report["leaky"] is True
    assert report["n_patients_seen_in_training"] == 3
    assert any(f"{protocol} divides by" in note and "on both sides" in note for note in report["notes"])


def test_images_of_patients_who_only_train_need_no_score(study: Study) -> None:
    study.protocol = "parts"
    study.said = [{**row, "fold": "parts"} for row in study.said if row["patient_id"] in "cd"]
    study.folds = {"parts": {"train": ["a", "b"], "held_out": ["c", "d"]}}

    assert study.evaluate()["n_images"] == 40


def test_several_protocols_stand_side_by_side_and_each_has_a_file_of_its_own(study: Study) -> None:
    study.write()
    study.protocol = "grouped"
    by_stage = [{**row, "fold": "one" if row["patient_id"] in "ab" else "two"} for row in study.said]
    study.said = [
        {**row, **said(row["image_id"], row["patient_id"], 0.5, [0.25] * 4), "fold": row["fold"]}
        for row in by_stage
    ]
    earlier = study.folds
    study.folds = {
        "one": {"train": ["c", "d"], "held_out": ["a", "b"]},
        "two": {"train": ["a", "b"], "held_out": ["c", "d"]},
    }
    study.write()
    home = study.root / "models" / TASK.key / CLASSIFIER
    record = {"cross_validation": {"grouped": study.folds, TASK.protocol: earlier}}
    (home / "train.yaml").write_text(yaml.safe_dump(record))

    by_default, other = (
        cross_validated(TASK, CLASSIFIER, study.folder, name).report for name in (None, "grouped")
    )

    assert list(read_protocols(TASK, CLASSIFIER)) == [TASK.protocol, "grouped"]
    assert {file.name for file in home.glob("*.csv")} == {"out_of_fold.csv", "out_of_fold.grouped.csv"}
    assert (by_default["protocol"], other["protocol"]) == (TASK.protocol, "grouped")
    assert by_default["auc"] > other["auc"] == 0.5
    gap = other["auc_gap"]
    assert "auc_gap" not in by_default
    assert any("auc_gap" in note for note in other["notes"])
    assert gap == pytest.approx(other["auc"] - by_default["auc"])
    assert other["auc_gap_ci95"][0] < gap < other["auc_gap_ci95"][1] < 0
    with pytest.raises(DataError, match=r"published.*knows leave_one_patient_out, grouped"):
        cross_validated(TASK, CLASSIFIER, study.folder, "published")


def single_division(study: Study) -> None:
    """Learns from a, stops on b, is measured on c and d."""
    study.protocol = "parts"
    side = {"b": "parts:val", "c": "parts", "d": "parts"}
    study.said = [{**row, "fold": side[row["patient_id"]]} for row in study.said if row["patient_id"] in side]
    study.folds = {"parts": {"train": ["a", "b"], "held_out": ["c", "d"]}}


def test_a_single_division_is_calibrated_by_its_validation_images_and_measured_without_them(
    study: Study,
) -> None:
    single_division(study)

    evaluation = cross_validated(TASK, CLASSIFIER, study.write())

    raw = np.array([[row[f"as_status.{label}"] for label in STATUS.labels] for row in study.said])
    patients, status = column(study.said, "patient_id"), column(study.data, "as_status")[20:]
    temperature = grid_temperature(raw[patients == "b"], status[patients == "b"])
    calibrated = raw ** (1 / temperature)
    expected = (calibrated / calibrated.sum(axis=1, keepdims=True))[:, 1]
    assert evaluation.report["n_images"] == 40
    assert evaluation.report["n_patients_seen_in_training"] == 0
    assert "auc_of_calibrated_scores" not in evaluation.report
    assert evaluation.report["notes"] == []
    assert evaluation.heads[0].positive_score == pytest.approx(expected[patients != "b"], abs=0.005)


def test_a_held_out_label_moves_nothing_where_validation_images_calibrate(study: Study) -> None:
    single_division(study)
    before = cross_validated(TASK, CLASSIFIER, study.write()).heads[0]
    for row in study.data:
        if row["patient_id"] in "cd":
            row["as_status"] = 1 - row["as_status"]

    after = cross_validated(TASK, CLASSIFIER, study.write()).heads[0]

    assert (after.true != before.true).all()
    assert (after.decided == before.decided).all()


def test_a_single_division_may_leave_images_out_of_both_sides(study: Study) -> None:
    single_division(study)
    study.data.append({**study.data[0], "image_id": "e0", "patient_id": "e"})

    assert study.evaluate()["n_images"] == 40


def test_deployment_is_calibrated_by_the_validation_images_of_the_tasks_own_protocol(study: Study) -> None:
    own = replace(TASK, protocol="parts")
    single_division(study)
    data = study.write()
    home = study.root / "models" / TASK.key / CLASSIFIER
    (home / "out_of_fold.parts.csv").rename(home / "out_of_fold.csv")

    temperature, _ = calibration_from_out_of_fold(own, CLASSIFIER, load(TASK.key, data))

    raw = np.array([[row[f"as_status.{label}"] for label in STATUS.labels] for row in study.said[:20]])
    status = column(study.data, "as_status")[20:40]
    assert temperature["as_status"] == pytest.approx(grid_temperature(raw, status), rel=0.01)


def without(rows: list[Row], image: str) -> None:
    rows[:] = [row for row in rows if row["image_id"] != image]


def changed(rows: list[Row], image: str, **cells: object) -> None:
    next(row for row in rows if row["image_id"] == image).update(cells)


@pytest.mark.parametrize(
    ("breaks", "words"),
    [
        (lambda s: without(s.data, "b3"), ["b3", "data set does not"]),
        (lambda s: without(s.said, "b3"), ["b3", "lacks"]),
        (lambda s: s.data.append({**s.data[0], "image_id": "e0", "patient_id": "e"}), ["e0", "lacks"]),
        (lambda s: s.said.append(s.said[0]), ["a0", "more than once"]),
        (lambda s: changed(s.said, "b3", patient_id="c"), ["b3", "another patient"]),
        (lambda s: changed(s.said, "b3", fold="z"), ["b3", "“z”"]),
        (lambda s: changed(s.said, "b3", fold="c"), ["b3", "did not hold out"]),
        (lambda s: s.folds["b"]["train"].append("b"), ["b0", "did not hold out"]),
        (lambda s: changed(s.said, "b3", **{"as_status.Positive": "much"}), ["b3", "as_status.Positive"]),
        (lambda s: changed(s.said, "b3", **{"as_status.Positive": "inf"}), ["b3", "as_status.Positive"]),
        (lambda s: changed(s.said, "b3", **{"as_status.Positive": 3.2}), ["b3", "as_status", "shares of 1"]),
        (lambda s: changed(s.said, "b3", **{"stage.Early": ""}), ["b3", "stage", "shares of 1"]),
        (lambda s: [row.pop("stage.Early") for row in s.said], ["stage.Early", "columns"]),
        (lambda s: changed(s.data, "b3", stage=7), ["b3", "stage 7"]),
        (lambda s: s.folds.clear(), ["fold", "a0"]),
    ],
)
def test_what_does_not_fit_together_is_named(
    breaks: Callable[[Study], None], words: list[str], study: Study
) -> None:
    breaks(study)

    with pytest.raises(DataError) as caught:
        study.evaluate()

    for word in words:
        assert word in caught.value.sentence


@pytest.mark.parametrize("missing", ["out_of_fold.csv", "train.yaml"])
def test_a_model_that_was_not_cross_validated_says_how_to(study: Study, missing: str) -> None:
    study.write()
    (study.root / "models" / TASK.key / CLASSIFIER / missing).unlink()

    with pytest.raises(DataError, match="--cross-validate"):
        cross_validated(TASK, CLASSIFIER, study.folder)


def test_masks_are_summed_up_by_sequence_and_patient_from_their_figures(study: Study) -> None:
    study.model = REGION
    iou = np.linspace(0.5, 0.9, len(study.data))
    study.said = [
        {"image_id": row["image_id"], "patient_id": row["patient_id"], "fold": row["patient_id"], "iou": value,
         "dice": 2 * value / (1 + value), "hausdorff95_mm": "" if row["image_id"] == "a0" else 4.0}
        for row, value in zip(study.data, iou, strict=True)
    ]  # fmt: skip

    report = study.evaluate()

    assert report["iou"] == pytest.approx(iou.mean())
    assert report["by_patient"]["a"]["iou"] == pytest.approx(iou[:20].mean())
    assert report["by_sequence"]["T1W"]["iou"] == pytest.approx(iou[::2].mean())
    assert (report["hausdorff95_mm"], report["n_without_hausdorff95"]) == (4.0, 1)
    assert (report["n_images"], report["n_patients_seen_in_training"]) == (80, 0)
    assert report["auc"] is report["recall_by_label"] is None


def test_lesions_keep_their_own_scores_and_are_ranked_by_their_burden(study: Study) -> None:
    study.model = LESION
    generator = np.random.default_rng(4)
    status = column(study.data, "as_status")
    for row, positive in zip(study.said, status, strict=True):
        row |= {"burden": 0.01 * positive + 0.02 * generator.random(), "lesion_dice": 0.5 if positive else ""}
        row |= {"lesion_px": 30 if positive else "", "votes_px": 10 if positive else ""}

    evaluation = cross_validated(TASK, LESION, study.write())

    report, answers = evaluation.report, evaluation.heads[0]
    burden = column(study.said, "burden")
    assert report["auc"] == pytest.approx(reference.roc_auc_score(status, burden))
    assert answers.positive_score == pytest.approx(column(study.said, "as_status.Positive"))
    assert (report["lesion_dice"], report["lesion_dice_pooled"]) == (0.5, 0.5)
    assert report["n_positive_with_votes"] == report["n_with_votes"] == status.sum()
    temperature, _ = calibration_from_out_of_fold(TASK, LESION, load(TASK.key, study.folder))
    assert temperature == {"as_status": 1.0, "stage": 1.0}


def test_a_patients_own_stages_decide_nothing_about_the_own_readout(study: Study) -> None:
    examples = load(TASK.key, study.write())
    measures = [(0.02 * e.labels["stage"] + 0.001 * n, 0.05 * (n % 7)) for n, e in enumerate(examples)]
    flipped = [
        replace(e, labels={**e.labels, "stage": 3 - e.labels["stage"]}) if e.patient_id == "a" else e
        for e in examples
    ]

    before = scores_by_the_others(measures, examples, TASK)
    after = scores_by_the_others(measures, flipped, TASK)

    unchanged = [one == other for one, other in zip(before, after, strict=True)]
    assert unchanged == [e.patient_id == "a" for e in examples]


def test_without_areas_there_is_no_pooled_dice(study: Study) -> None:
    study.model = LESION
    for row in study.said:
        row |= {"lesion_dice": 0.5}

    report = study.evaluate()

    assert report["lesion_dice"] == 0.5
    assert report["lesion_dice_pooled"] is report["lesion_dice_pooled_ci95"] is None


@pytest.fixture
def run() -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


CONFUSIONS = {f"confusion_{head.key}{way}" for head in TASK.heads for way in ("", "_by_row")}
PICTURES = {"roc", "precision_recall", "calibration"} | CONFUSIONS


def test_the_command_writes_figures_and_draws_them_beside(study: Study, run: Callable[..., Result]) -> None:
    file = study.root / "out" / "lopo.json"
    words = ["evaluate", TASK.key, CLASSIFIER, "--data", study.write(), "--cross-validate", "--json", file]

    result = run(*words)

    assert result.exit_code == 0, result.output
    assert json.loads(file.read_text())["protocol"] == "leave_one_patient_out"
    assert {each.name for each in file.parent.iterdir()} == {"lopo.json"} | {
        f"lopo-{p}.png" for p in PICTURES
    }
    assert "auc_of_calibrated_scores" in result.stderr
    for shown in (
        "auc_within_patients",
        "recall_by_stage, Early",
        "Each patient",
        "(rows)",
        "leave one patient out",
    ):
        assert shown in result.stdout


def test_pictures_go_where_they_are_wanted_and_never_into_the_data(
    study: Study, run: Callable[..., Result]
) -> None:
    words = ["evaluate", TASK.key, CLASSIFIER, "--data", study.write(), "--cross-validate", "--figures"]

    assert run(*words, study.root / "pictures").exit_code == 0
    assert len(list((study.root / "pictures").iterdir())) == len(PICTURES)
    before = sorted(study.folder.rglob("*"))
    assert run(*words, study.folder / "pictures").exit_code == 2
    assert sorted(study.folder.rglob("*")) == before


@pytest.mark.parametrize("option", [["--part", "test"], ["--every", "3"]])
def test_cross_validation_is_about_all_images(
    study: Study, run: Callable[..., Result], option: list[str]
) -> None:
    words = ["evaluate", TASK.key, CLASSIFIER, "--data", study.write(), "--cross-validate"]

    result = run(*words, *option)

    assert result.exit_code == 2
    assert "--part and --every" in result.stderr


def test_it_needs_no_network_framework(study: Study) -> None:
    words = [
        "evaluate",
        TASK.key,
        CLASSIFIER,
        "--data",
        str(study.write()),
        "--cross-validate",
        "--json",
        "-",
    ]
    code = f"""
import sys
from ml.cli import main
try:
    main({words!r})
except SystemExit as end:
    assert not end.code, end.code
print([name for name in ("tensorflow", "keras", "openvino") if name in sys.modules], file=sys.stderr)
"""

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stderr.splitlines()[-1] == "[]"
    assert json.loads(answer.stdout)["n_images"] == 80
