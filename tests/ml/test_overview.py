"""`python -m ml overview`: every task, every figure with n and interval, and leaky ones named with the reason."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ml.cards import card_file
from ml.overview import overview
from ml.tasks import TaskSpec, tasks


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    return tmp_path


def carded(spec: TaskSpec, model: str, models: Path, figures: dict[str, Any]) -> None:
    file = card_file(spec.key, model, models)
    file.parent.mkdir(parents=True)
    fields = {
        "task": spec.key,
        "key": model,
        "version": "1.0.0",
        "weights_sha256": "0" * 64,
        "thresholds": {},
        "temperature": {},
        "figures": figures,
    }
    file.write_text(yaml.safe_dump(fields))


def test_every_task_has_a_section_also_without_a_card(models: Path) -> None:
    text = overview(tasks())

    for spec in tasks():
        assert f"(`{spec.key}`)" in text
    assert text.count("No model of this task has a card yet.") == len(tasks())


def test_a_leaky_figure_stands_beside_the_honest_one_and_says_why(models: Path) -> None:
    spec = next(each for each in tasks() if each.key == "kidney_stone")
    sizes = {"n_images": 100, "n_patients": 20}
    honest = {"auc": 0.81, "auc_ci95": [0.7, 0.9], "leaky": False, **sizes}
    carded(
        spec, spec.default_model, models, {"grouped": honest, "md5": {**honest, "auc": 0.99, "leaky": True}}
    )

    text = overview((spec,))

    assert f"| `{spec.default_model}` | grouped | AUC | 0.810 [0.700 to 0.900] | 100 / 20 |" in text
    assert f"| `{spec.default_model}` | md5 (leaky) | AUC | 0.990" in text
    assert "Leaky: The protocol md5 divides by a hash" in text


def test_figures_told_by_label_or_specificity_have_a_line_each(models: Path) -> None:
    spec = next(each for each in tasks() if each.key == "bone_xray")
    figures = {
        "recall_by_label": {"Normal": 0.9, "Malignant": None},
        "recall_by_label_ci95": {"Normal": [0.8, 0.95], "Malignant": None},
        "n_by_label": {"Normal": 40, "Malignant": 0},
        "sensitivity_at_specificity": {"0.957": 0.6},
        "sensitivity_at_specificity_ci95": {"0.957": [0.5, 0.7]},
        "n_images": 100,
        "n_patients": 20,
    }
    carded(spec, spec.default_model, models, {"part_center": figures})

    text = overview((spec,))

    assert "| recall of Normal | 0.900 [0.800 to 0.950] | 40 / 20 |" in text
    assert "| sensitivity for Malignant at specificity 0.957 | 0.600 [0.500 to 0.700] | 100 / 20 |" in text
    assert "recall of Malignant" not in text
