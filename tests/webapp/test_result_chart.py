"""Answers whose labels have no order: the card of each model, and the chart that sets all scores side by side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ml.tasks import TaskSpec, tasks
from webapp.readings.tables import Prediction, Reading
from webapp.studies.tables import Image, Study
from webapp.studies.view.result import Result, result_of

NOW = datetime(2025, 11, 21, 14, 32, tzinfo=UTC)


def with_labels(count: int, positive: bool) -> TaskSpec:
    """A task whose one head has that many labels without order."""
    return next(
        spec
        for spec in tasks()
        for head in spec.heads
        if len(spec.heads) == 1 and len(head.labels) == count and (head.positive is not None) == positive
    )


TWO, THREE, FOUR = with_labels(2, True), with_labels(3, True), with_labels(4, False)


def said(spec: TaskSpec, model: str, label: str, *scores: float, **more: Any) -> Prediction:
    """A prediction of this label with these scores, in the order of the head's labels."""
    head = spec.heads[0]
    return Prediction(
        model=model,
        version="1.0.0",
        state="done",
        seconds=1.0,
        precision="float32",
        labels={head.key: label},
        scores={head.key: dict(zip(head.labels, scores, strict=True))},
        uncertainty=0.6,
        risk="MEDIUM",
        files={"heatmap": "a.png", "heatmap_focused": "b.png"},
        **{"focus": "box", **more},
    )


def page(
    spec: TaskSpec, *predictions: Prediction, limits: Mapping[str, Mapping[str, float]] | None = None
) -> Result:
    study = Study(
        uuid="7f3a",
        task=spec.key,
        created_at=NOW,
        images=[Image(rows=224, columns=224, format="PNG", warnings=[])],
    )
    reading = Reading(
        id=1,
        study=study,
        predictions=list(predictions),
        state="done",
        models=[p.model for p in predictions],
        started_at=NOW,
        ended_at=NOW,
        attempt=1,
    )
    return result_of(reading, spec, limits or {})


def two_of_four(first: str, second: str) -> Result:
    one, other = (model.key for model in FOUR.models[:2])
    return page(
        FOUR, said(FOUR, one, first, 0.1, 0.2, 0.3, 0.4), said(FOUR, other, second, 0.55, 0.25, 0.15, 0.05)
    )


def test_the_chart_has_every_label_by_every_model_in_their_order() -> None:
    result = two_of_four("Tumor", "Cyst")

    assert result.axis is None
    assert result.chart is not None
    assert result.chart.name == FOUR.heads[0].name
    assert [row.label for row in result.chart.rows] == list(FOUR.heads[0].labels)
    assert [[bar.text if bar else "" for bar in row.bars] for row in result.chart.rows] == [
        ["0.10", "0.55"],
        ["0.20", "0.25"],
        ["0.30", "0.15"],
        ["0.40", "0.05"],
    ]
    assert [[bar.width if bar else "" for bar in row.bars] for row in result.chart.rows][3] == ["40%", "5%"]


def test_a_card_shows_the_score_of_the_label_that_is_given() -> None:
    result = two_of_four("Tumor", "Cyst")

    tops = [column.answers[0].top for column in result.columns]
    assert [(bar.label, bar.text) for bar in tops if bar] == [("Tumor", "0.40"), ("Cyst", "0.55")]
    assert all(column.answers[0].charted for column in result.columns)
    assert [column.risk for column in result.columns] == ["MEDIUM", "MEDIUM"]
    assert [column.uncertainty for column in result.columns] == ["0.60", "0.60"]


def test_agreement_and_disagreement_are_said_in_words() -> None:
    same, apart = two_of_four("Stone", "Stone"), two_of_four("Cyst", "Stone")

    assert (same.sentence, same.warning) == ("2 of 2 models say Stone.", "")
    assert apart.sentence == "Models disagree: 1 says Cyst, 1 says Stone."
    assert apart.warning == "Judge the image before the answers."
    assert [row.label for row in same.chart.rows if row.majority] == ["Stone"] if same.chart else False
    assert not any(row.majority for row in apart.chart.rows) if apart.chart else False


def test_of_two_labels_the_card_says_where_the_positive_one_begins() -> None:
    head, model = TWO.heads[0], TWO.default_model
    low = said(TWO, model, str(head.positive), 0.8, 0.2)
    result = page(TWO, low, limits={model: {head.key: 0.15}})

    answer = result.columns[0].answers[0]
    assert answer.positive is True
    assert answer.decided == f"{head.positive} from 0.15"
    assert [bar.limit for bar in answer.bars] == ["", "15%"]


def test_of_three_labels_the_highest_score_is_given_and_no_threshold_is_shown() -> None:
    head, model = THREE.heads[0], THREE.default_model
    for label in head.labels:
        result = page(THREE, said(THREE, model, label, 0.5, 0.3, 0.2), limits={model: {head.key: 0.15}})

        answer = result.columns[0].answers[0]
        assert answer.positive is None
        assert answer.decided == ""
        assert not any(bar.limit for bar in answer.bars)


def test_without_a_region_model_there_is_one_heatmap_of_the_whole_image() -> None:
    assert FOUR.region_model is None
    (column,) = page(FOUR, said(FOUR, FOUR.default_model, "Cyst", 0.7, 0.1, 0.1, 0.1)).columns

    assert [(heatmap.key, heatmap.text) for heatmap in column.heatmaps] == [("unfocused", "Whole image")]


def test_where_no_region_was_found_the_heatmap_is_not_called_focused_on_a_box_that_is_the_whole_image() -> (
    None
):
    assert THREE.region_model is not None
    found, none = (
        page(THREE, said(THREE, THREE.default_model, "Benign", 0.1, 0.8, 0.1, focus=focus)).columns[0]
        for focus in ("region", "box")
    )

    assert found.heatmaps[0].text == f"Focused on the region of {THREE.model(THREE.region_model).name}"
    assert none.heatmaps[0].text == "Whole image: no region was found to focus on"


def test_a_model_without_an_answer_is_not_in_the_chart() -> None:
    failed = Prediction(
        model=FOUR.models[0].key, version="1.0.0", state="failed", seconds=0.0, precision="float32", files={}
    )
    failed.labels, failed.scores = {}, {}
    result = page(FOUR, failed, said(FOUR, FOUR.models[1].key, "Cyst", 0.7, 0.1, 0.1, 0.1))
    nobody = page(FOUR, failed)

    assert result.chart is not None
    assert len(result.chart.models) == 1
    assert nobody.chart is None
