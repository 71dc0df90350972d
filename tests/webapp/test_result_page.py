"""What the result page says, from rows alone: the sentence, the warning, the axis and one column a model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.tasks import FIND_TASK, TaskSpec, task, tasks
from webapp.readings.tables import Prediction, Reading
from webapp.studies.tables import Image, Study
from webapp.studies.view import numbers
from webapp.studies.view.columns import code_of
from webapp.studies.view.progress import progress_of
from webapp.studies.view.result import Result, result_of
from webapp.studies.view.side_by_side.axis import Place
from webapp.studies.view.sides import ends_of, sides_of

NOW = datetime(2025, 11, 21, 14, 32, tzinfo=UTC)
SPEC = task("sij_mri")
CLASSIFIERS = ("cnn_classifier", "classifier_best", "hybrid_cnn_transformer")
LESION = "lesion_mlp"
LIMITS = {"cnn_classifier": {"as_status": 0.42}}


def said(model: str, status: str, stage: str, **more: Any) -> Prediction:
    """A classifier's prediction with that answer."""
    stages = SPEC.head("stage").labels
    return prediction(
        model,
        labels={"as_status": status, "stage": stage},
        scores={
            "as_status": {"Negative": 0.06, "Positive": 0.94}
            if status == "Positive"
            else {"Negative": 0.9, "Positive": 0.1},
            "stage": {label: 0.7 if label == stage else 0.1 for label in stages},
        },
        uncertainty=0.6,
        **{
            "risk": "LOW",
            "focus": "region",
            "files": {"heatmap": "a.png", "heatmap_focused": "b.png"},
            **more,
        },
    )


def prediction(model: str, **more: Any) -> Prediction:
    blank: dict[str, Any] = {
        "version": "1.0.0",
        "state": "done",
        "seconds": 1.44,
        "precision": "float32",
        "labels": {},
        "scores": {},
        "files": {},
        "created_at": NOW,
    }
    return Prediction(model=model, **{**blank, **more})


def region(model: str, **more: Any) -> Prediction:
    return prediction(model, **{"region_px": 5369, "files": {"region": "r.png"}, **more})


def lesion(status: str = "Positive", stage: str = "Early", **numbers: float | None) -> Prediction:
    """A lesion model's prediction with that answer and those numbers of the lesion."""
    blank: dict[str, float | None] = {
        "pixels": 506,
        "share_of_region": 0.0312,
        "area_mm2": 182.4,
        "near_joint_share": 0.74,
        "burden": 0.02,
    }
    return said(LESION, status, stage, files={"lesion": "l.png"}, focus=None, lesion={**blank, **numbers})


def failed(model: str) -> Prediction:
    return prediction(model, state="failed", sentence="Not enough memory. The other models go on.")


def reading(*predictions: Prediction, **more: Any) -> Reading:
    image = Image(rows=256, columns=256, format="PNG", sequence="STIR", warnings=[])
    study = Study(uuid="7f3a", task="sij_mri", patient_code="SIJ-0417", created_at=NOW, images=[image])
    blank = {
        "state": "done",
        "models": [p.model for p in predictions],
        "started_at": NOW,
        "ended_at": NOW + timedelta(seconds=9),
        "attempt": 1,
    }
    return Reading(id=1, study=study, predictions=list(predictions), **{**blank, **more})


def page(*predictions: Prediction, **more: Any) -> Result:
    return result_of(reading(*predictions, **more), SPEC, LIMITS)


def places(result: Result) -> tuple[Place, ...]:
    """Where the models stand on the axis."""
    return result.axis.places if result.axis else ()


def test_all_equal_is_said_with_counts() -> None:
    result = page(*(said(model, "Positive", "Moderate") for model in CLASSIFIERS))

    assert result.sentence == "3 of 3 models say Moderate."
    assert not result.warning
    assert "Positive in 3 of 3" in result.details


def test_models_that_judge_the_same_lesion_map_are_said_to_be_one_opinion() -> None:
    told = "Hybrid v2 and Lesion map judge one lesion map: that they agree is no second opinion"
    slice_ = said("cnn_classifier", "Positive", "Early")
    hybrid = said("hybrid_cnn_transformer", "Positive", "Early")

    assert told in page(slice_, hybrid, lesion()).details
    assert not [detail for detail in page(slice_, hybrid).details if "opinion" in detail]


def test_the_one_that_differs_is_named() -> None:
    result = page(
        said("cnn_classifier", "Positive", "Moderate"),
        said("classifier_best", "Positive", "Early"),
        said("hybrid_cnn_transformer", "Positive", "Moderate"),
    )

    assert result.sentence == "2 of 3 models say Moderate; Hybrid v1 says Early."
    assert not result.warning
    assert "Largest difference: 1 stage" in result.details
    assert [column.differs for column in result.columns] == ["", "1 stage lower", ""]


def test_without_majority_none_is_named() -> None:
    result = page(said("cnn_classifier", "Negative", "Normal"), said("classifier_best", "Negative", "Early"))

    assert result.sentence == "Models disagree: 1 says Normal, 1 says Early."
    assert not any(place.majority for place in places(result))
    assert not any(column.differs for column in result.columns)


def test_two_stages_apart_is_a_warning() -> None:
    result = page(
        said("cnn_classifier", "Positive", "Moderate"), said("classifier_best", "Positive", "Normal")
    )

    assert result.warning == "The models are 2 stages apart. Judge the image before the answers."
    assert result.axis is not None
    assert result.axis.wide


def test_a_status_that_differs_is_said_first_and_warned_of() -> None:
    result = page(
        said("cnn_classifier", "Positive", "Early"),
        said("classifier_best", "Negative", "Early"),
        said("hybrid_cnn_transformer", "Positive", "Early"),
    )

    assert (
        result.sentence
        == "Models disagree on AS status: 1 says Negative, 2 say Positive. 3 of 3 models say Early."
    )
    assert "AS status is not the same" in result.warning
    assert result.columns[1].differs == "AS status differs"


def test_failed_models_count_in_no_denominator() -> None:
    result = page(
        said("cnn_classifier", "Positive", "Early"),
        said("classifier_best", "Positive", "Early"),
        failed("hybrid_cnn_transformer"),
    )

    assert result.sentence == "2 of 2 models say Early. Hybrid v2 failed."
    assert result.columns[2].sentence == "Not enough memory. The other models go on."


def test_region_models_do_not_vote() -> None:
    result = page(region("unet_best"), region("attention_unet"), said("cnn_classifier", "Negative", "Normal"))

    assert result.sentence == "CNN Classifier says Normal."


def test_regions_alone_say_that_nobody_was_asked() -> None:
    result = page(region("unet_best"))

    assert result.sentence == "Region only: no model was asked for AS status and stage."
    assert result.axis is None


def test_a_slice_that_no_model_may_judge_says_so() -> None:
    why = "Active inflammation shows on STIR slices only."
    result = page(region("unet_best"), prediction("cnn_classifier", state="not_applicable", sentence=why))

    assert result.sentence == "No model can judge AS status and stage on this image."
    assert result.details == (why,)
    assert result.columns[1].answers == ()


def test_a_stopped_reading_says_what_the_gate_saw() -> None:
    gate = {
        "kind": "other",
        "state": "stopped",
        "scores": {"STIR": 0.02, "other": 0.97},
        "sentence": "Check the image.",
    }
    result = page(state="stopped", models=["cnn_classifier"], gate=gate)

    assert result.stopped
    assert result.sentence == "This does not look like an image for “Sacroiliac-joint MRI”. Not read."
    assert result.details == ("Check the image.",)
    assert result.gate is not None
    assert result.gate.scores[0] == ("other", "0.97")
    assert result.columns == ()


@pytest.mark.parametrize(
    ("kind", "reason", "sentence"),
    [
        ("", "blank", "This does not look like an image for “Sacroiliac-joint MRI”. Not read."),
        (
            "T1W",
            "not judged",
            "This looks like a T1W image, which none of the chosen models can judge. Not read.",
        ),
        ("STIR", "inverted", "This image is not like those that the models learned from. Not read."),
    ],
)
def test_the_headline_of_a_stopped_reading_says_what_is_wrong(kind: str, reason: str, sentence: str) -> None:
    gate = {"kind": kind, "state": "stopped", "scores": {}, "sentence": "Check the image.", "reason": reason}

    assert page(state="stopped", models=["cnn_classifier"], gate=gate).sentence == sentence


def test_an_image_of_another_task_is_said_to_be_one() -> None:
    foreign = next(k for spec in tasks() for k in spec.image_kinds if k not in SPEC.image_kinds)
    gate = {"kind": foreign, "state": "stopped", "scores": {}, "sentence": "-", "reason": "another task"}

    sentence = page(state="stopped", models=["cnn_classifier"], gate=gate).sentence

    assert sentence.startswith(f"This looks like another kind of image ({foreign}) than")


def test_where_no_task_was_found_the_page_says_so_and_names_none() -> None:
    stopped = reading(state="stopped", models=[], gate={"kind": "other", "state": "stopped", "scores": {}})
    stopped.study.task = FIND_TASK.key

    assert result_of(stopped, FIND_TASK, {}).sentence == "No task was found that reads this image. Not read."


def test_columns_stand_in_the_order_of_the_task() -> None:
    result = page(
        said("classifier_best", "Positive", "Early"),
        said("cnn_classifier", "Positive", "Early"),
        region("unet_best"),
    )

    assert [column.key for column in result.columns] == ["unet_best", "cnn_classifier", "classifier_best"]


def test_the_threshold_of_the_card_is_a_tick_on_the_positive_label() -> None:
    (column,) = page(said("cnn_classifier", "Positive", "Early")).columns

    negative, positive = column.answers[0].bars
    assert (positive.limit, positive.text, positive.top) == ("42%", "0.94", True)
    assert not negative.limit
    assert [bar.label for bar in column.answers[1].bars] == list(SPEC.head("stage").labels)


def test_a_region_has_its_area_in_cm2_where_the_spacing_is_known_else_in_pixels() -> None:
    known, unknown = page(region("unet_best", area_mm2=1902.2), region("attention_unet")).columns

    assert known.area == "19.0 cm²"
    assert unknown.area == "5,369 pixels"
    assert unknown.share == "8.2 %"


def test_an_empty_region_is_said() -> None:
    (column,) = page(region("unet_best", region_px=0, files={})).columns

    assert column.sentence == "No region was found in this image."
    assert not column.area


def test_a_focused_heatmap_says_what_it_is_focused_on() -> None:
    inside, box = page(
        said("cnn_classifier", "Positive", "Early"), said("classifier_best", "Positive", "Early", focus="box")
    ).columns

    assert SPEC.region_model is not None
    owner = SPEC.model(SPEC.region_model).name
    assert inside.heatmaps[0].text == f"Focused on the region of {owner}"
    assert box.heatmaps[0].text == "Focused on a fixed box: no region was found"
    assert inside.heatmaps[0].file == "cnn_classifier-heatmap_focused.png"


def test_a_classifier_shows_the_outline_that_focused_it_where_that_model_was_chosen() -> None:
    assert SPEC.region_model is not None
    owner = SPEC.model(SPEC.region_model)
    for judge in (said("cnn_classifier", "Positive", "Early"), lesion()):
        chosen = page(region(owner.key), judge).columns[1]
        alone = page(judge).columns[0]

        assert (chosen.region, chosen.region_of) == (f"{owner.key}-region.png", owner.name)
        assert alone.region == ""


def test_a_lesion_is_measured_and_placed_in_words() -> None:
    result = page(lesion(), said("cnn_classifier", "Positive", "Early"))

    found, none = (column.lesion for column in reversed(result.columns))
    assert none is None
    assert found is not None
    assert found.file == "lesion_mlp-lesion.png"
    assert found.extent == "Lesion 182\N{NO-BREAK SPACE}mm², 3.1\N{NO-BREAK SPACE}% of the bone in view"
    assert found.near_joints == "74\N{NO-BREAK SPACE}% of it near the sacroiliac joints"
    assert result.has_lesions


def test_without_a_pixel_spacing_the_area_is_said_to_be_unknown_and_the_share_stays() -> None:
    (column,) = page(lesion(area_mm2=None)).columns

    assert column.lesion is not None
    assert column.lesion.extent.startswith("Lesion of unknown area")
    assert column.lesion.extent.endswith("3.1\N{NO-BREAK SPACE}% of the bone in view")


@pytest.mark.parametrize(
    ("status", "words"),
    [("Negative", "No lesion found in the bone in view"), ("Positive", "No lesion clear enough to outline")],
)
def test_where_nothing_is_outlined_nothing_is_drawn_and_the_page_says_why(status: str, words: str) -> None:
    nothing = lesion(status, "Normal", pixels=0, share_of_region=0.0, area_mm2=0.0, near_joint_share=None)
    result = page(nothing)
    (column,) = result.columns

    assert column.lesion is not None
    assert column.lesion.extent.startswith(words)
    assert (column.lesion.file, column.lesion.near_joints) == ("", "")
    assert not result.has_lesions


def test_a_lesion_model_votes_and_stands_on_the_axis() -> None:
    result = page(
        said("cnn_classifier", "Positive", "Moderate"),
        said("classifier_best", "Positive", "Moderate"),
        lesion("Positive", "Early"),
    )

    assert result.sentence == "2 of 3 models say Moderate; Lesion map says Early."
    assert result.columns[2].differs == "1 stage lower"
    assert [len(place.marks) for place in places(result)] == [0, 1, 2, 0]
    assert not result.columns[2].sentence
    assert not result.columns[2].area
    assert not result.columns[2].heatmaps


@pytest.mark.parametrize(
    ("area", "text"), [(0.36, "0.4 mm²"), (9.97, "10 mm²"), (182.4, "182 mm²"), (2345.0, "2,345 mm²")]
)
def test_the_area_of_a_lesion_is_in_mm2(area: float, text: str) -> None:
    assert numbers.lesion_area(area) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (0.004, "< 1 %"), (0.744, "74 %"), (0.997, "> 99 %"), (1.0, "100 %")]
)
def test_a_rough_share_is_never_rounded_to_none_or_all(share: float, text: str) -> None:
    assert numbers.whole_percent(share) == text


def test_a_lower_precision_is_named_and_float32_is_not() -> None:
    plain, lower = page(region("unet_best"), region("attention_unet", precision="bfloat16")).columns

    assert plain.precision == ""
    assert lower.precision == "bfloat16"


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1.00"), (0.0, "0.00"), (0.999, "> 0.99"), (0.001, "< 0.01"), (0.714, "0.71"), (0.5, "0.50")],
)
def test_scores_are_written_with_two_decimals_and_never_as_certainty(value: float, text: str) -> None:
    assert numbers.score(value) == text


@settings(deadline=None)
@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_no_score_between_zero_and_one_is_written_as_zero_or_one(value: float) -> None:
    assert numbers.score(value) not in ("0.00", "1.00")


@pytest.mark.parametrize("spec", tasks(), ids=lambda spec: spec.key)
def test_every_task_gives_its_models_tags_of_their_own(spec: TaskSpec) -> None:
    codes = [code_of(model.name) for model in spec.models]

    assert len(set(codes)) == len(codes)
    assert all(2 <= len(code) <= 4 for code in codes)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(SPEC.head("as_status").labels), st.sampled_from(SPEC.head("stage").labels)),
        min_size=1,
        max_size=3,
    )
)
def test_the_sentence_counts_every_vote_and_names_a_majority_only_over_half(
    answers: list[tuple[str, str]],
) -> None:
    result = page(*(said(m, status, stage) for m, (status, stage) in zip(CLASSIFIERS, answers, strict=False)))
    stages = [stage for _, stage in answers]
    most = max(stages.count(stage) for stage in stages)

    assert sum(len(place.marks) for place in places(result)) == len(answers)
    assert any(place.majority for place in places(result)) == (2 * most > len(answers))
    assert ("disagree" in result.sentence) == (
        2 * most <= len(answers) or (most == len(answers) and len({s for s, _ in answers}) > 1)
    )


def test_progress_tells_state_and_time_and_no_answer() -> None:
    done = said("cnn_classifier", "Positive", "Advanced")
    running = reading(
        done,
        state="running",
        models=["cnn_classifier", "classifier_best", "unet_best"],
        current_model="classifier_best",
    )

    progress = progress_of(running, SPEC, NOW + timedelta(seconds=3))

    assert [step.state for step in progress.models] == ["queued", "done", "running"]
    assert progress.sentence == "Model 3 of 3: Hybrid v1 (Transformer)"
    assert progress.models[1].seconds == "1.4 s"
    assert progress.models[2].seconds == "3.0 s"
    assert "Advanced" not in str(progress.to_json())
    assert "Positive" not in str(progress.to_json())


def test_a_failed_reading_gives_its_reason() -> None:
    progress = progress_of(
        reading(state="failed", models=["unet_best"], error="It stopped three times."), SPEC, NOW
    )

    assert progress.error == "It stopped three times."
    assert not progress.moving
    assert progress.models[0].state == "cancelled"


@pytest.mark.parametrize(
    ("orientation", "sides"),
    [
        ("1\\0\\0\\0\\0\\-1", ("R", "L")),
        ("-0.98\\0.1\\0\\0\\0\\-1", ("L", "R")),
        ("0\\1\\0\\0\\0\\-1", ("A", "P")),
        (None, None),
        ("nonsense", None),
    ],
)
def test_the_sides_of_the_image_come_from_the_file_or_are_unknown(
    orientation: str | None, sides: tuple[str, str] | None
) -> None:
    assert sides_of(orientation) == sides


@pytest.mark.parametrize(
    ("orientation", "ends"),
    [
        ("1\\0\\0\\0\\0\\-1", ("H", "F")),
        ("1\\0\\0\\0\\0.98\\-0.1", ("A", "P")),
        ("1\\0\\0", None),
        (None, None),
    ],
)
def test_the_upper_and_lower_edge_come_from_the_file_or_are_unknown(
    orientation: str | None, ends: tuple[str, str] | None
) -> None:
    assert ends_of(orientation) == ends
