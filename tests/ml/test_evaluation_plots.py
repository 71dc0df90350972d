"""The pictures of an evaluation: which there are, and that each names its figure, interval and n."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from ml.data import Example
from ml.evaluation import Answer, Evaluation, Scores, evaluate_classification
from ml.evaluation.label_figures import HeadAnswers, label_figures
from ml.evaluation.plots import draw_figures
from ml.tasks import Head, TaskSpec, tasks

CONFUSIONS = [f"confusion_{head}{way}" for head in ("as_status", "stage") for way in ("", "_by_row")]


@pytest.fixture
def spec() -> TaskSpec:
    return next(
        spec for spec in tasks() if any(h.positive for h in spec.heads) and any(h.ordinal for h in spec.heads)
    )


def evaluated(spec: TaskSpec, patients: int = 4, images: int = 40, only: int | None = None) -> Evaluation:
    """A model that knows something; `only`: every image has this stage."""
    generator = np.random.default_rng(2)
    stages = generator.integers(0, 4, images) if only is None else np.full(images, only)
    examples = [
        Example(
            str(n),
            Path("x"),
            patient_id=f"p{n % patients}",
            labels={"as_status": int(s > 0), "stage": int(s)},
        )
        for n, s in enumerate(stages)
    ]

    def predict(example: Example) -> Answer[Scores]:
        stage = example.labels["stage"]
        positive = float(np.clip(0.4 + 0.2 * (stage > 0) + 0.2 * generator.normal(), 0, 1))
        shares = generator.dirichlet(1 + 2.0 * (np.arange(4) == stage))
        return Answer(
            {
                "as_status": {"Negative": 1 - positive, "Positive": positive},
                "stage": dict(zip(spec.head("stage").labels, map(float, shares), strict=True)),
            }
        )

    found = evaluate_classification(examples, predict, spec)
    return Evaluation({"task": spec.key, "model": "drawn", "part": "test", **found.report}, found.heads)


def test_each_picture_is_written_and_shows_something(spec: TaskSpec, tmp_path: Path) -> None:
    files = draw_figures(evaluated(spec), tmp_path / "new" / "folder", "test")

    names = ["roc", "precision_recall", "calibration", *CONFUSIONS]
    assert [file.name for file in files] == [f"test-{name}.png" for name in names]
    for file in files:
        assert np.unique(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)).size > 20


def test_each_picture_names_its_n_and_its_figure_with_the_interval(
    spec: TaskSpec, tmp_path: Path, texts: dict[str, str]
) -> None:
    evaluation = evaluated(spec)

    draw_figures(evaluation, tmp_path, "test")

    shown = {
        "roc": "auc",
        "precision_recall": "ppv",
        "calibration": "calibration_error",
        "confusion_as_status": "accuracy",
        "confusion_stage": "stage_accuracy",
    }
    for name, figure in shown.items():
        low, high = evaluation.report[f"{figure}_ci95"]
        assert f"{evaluation.report[figure]:.2f} ({low:.2f} to {high:.2f})" in texts[name]
        assert "40 images of 4 patients" in texts[name]
        assert "part test" in texts[name]


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """All words of each picture, by its name; nothing is written."""
    found: dict[str, str] = {}

    def record(figure: Figure, file: Path, **_: object) -> None:
        found[file.stem.removeprefix("test-")] = "\n".join(text.get_text() for text in figure.findobj(Text))

    monkeypatch.setattr(Figure, "savefig", record)
    return found


def test_of_several_labels_each_has_a_curve_against_the_rest(tmp_path: Path, texts: dict[str, str]) -> None:
    head = Head("finding", "Finding", ("Cyst", "Normal", "Stone", "Tumor"))
    generator = np.random.default_rng(7)
    true = generator.integers(0, 3, 60)
    scores = generator.dirichlet(np.ones(4), 60)
    patients = tuple(f"b{n % 9}" for n in range(60))
    answers = HeadAnswers(head, patients, true, scores, scores, scores.argmax(axis=1), scores[:, 3] > 0.5)
    report = {"task": "kidney_ct", "model": "drawn", **label_figures([answers])}

    draw_figures(Evaluation(report, (answers,)), tmp_path, "test")

    curves = ["roc", "precision_recall", "calibration"]
    assert list(texts) == [*curves, "confusion_finding", "confusion_finding_by_row"]
    for name in ("Cyst", "Normal", "Stone"):
        low, high = report["auc_by_label_ci95"][name]
        assert f"{name} {report['auc_by_label'][name]:.2f} ({low:.2f} to {high:.2f})" in texts["roc"]
    assert "Tumor" not in texts["roc"]
    low, high = report["expected_calibration_error_ci95"]
    assert f"{report['expected_calibration_error']:.2f} ({low:.2f} to {high:.2f})" in texts["calibration"]
    first = report["confusion_matrix"]["counts"][0]
    assert f"{first[0] / sum(first):.0%}" in texts["confusion_finding_by_row"]
    assert set(map(str, first)) <= set(texts["confusion_finding"].splitlines())


def test_of_one_label_there_is_no_curve(spec: TaskSpec, tmp_path: Path) -> None:
    files = draw_figures(evaluated(spec, only=2), tmp_path, "test")

    assert [file.name for file in files] == [f"test-{name}.png" for name in CONFUSIONS]


def test_without_images_or_labels_there_are_no_pictures(spec: TaskSpec, tmp_path: Path) -> None:
    assert draw_figures(evaluated(spec, images=0), tmp_path, "test") == []
    assert draw_figures(Evaluation({"task": spec.key, "model": "drawn"}), tmp_path / "none", "test") == []
    assert not (tmp_path / "none").exists()
