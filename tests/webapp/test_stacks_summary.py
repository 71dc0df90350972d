"""What a stack's slices say together: neighbours count, single slices are named."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ml.gate.findings import GateFindings
from ml.gate.stack import whole_of, within_stack
from ml.tasks import task
from webapp.readings.stack import answers_on_stack, runs_of

NORMAL, EARLY, MODERATE, ADVANCED = "Normal", "Early", "Moderate", "Advanced"


@dataclass
class Said:
    image_id: int
    labels: dict[str, str]
    model: str = "cnn_classifier"
    state: str = "done"
    risk: str | None = "LOW"


@dataclass
class Slice:
    id: int
    position: int
    series: int = 0


@dataclass
class Case:
    """Stages slice by slice (None: not judged) to the stage and status of the stack."""

    stages: list[str | None]
    stage: str | None
    status: str | None
    series: list[int] = field(default_factory=list)


CASES = [
    Case([NORMAL, EARLY, EARLY, NORMAL], EARLY, "Positive"),
    Case([NORMAL, EARLY, NORMAL, ADVANCED], NORMAL, "Negative"),
    Case([NORMAL, ADVANCED, MODERATE, EARLY], MODERATE, "Positive"),
    Case([None, ADVANCED, None, None], ADVANCED, "Positive"),
    Case([None, None], None, None),
    Case([NORMAL, EARLY, EARLY, NORMAL], NORMAL, "Negative", series=[0, 0, 1, 1]),
]


@pytest.mark.parametrize("case", CASES)
def test_a_stack_is_what_two_neighbours_both_reach(case: Case) -> None:
    series = case.series or [0] * len(case.stages)
    slices = [Slice(i + 10, i, series[i]) for i in range(len(case.stages))]
    said = [
        Said(i + 10, {"stage": stage, "as_status": "Negative" if stage == NORMAL else "Positive"})
        for i, stage in enumerate(case.stages)
        if stage
    ]

    answers = answers_on_stack(task("sij_mri"), said, slices)

    labels = answers[0].labels if answers else {}
    assert (labels.get("stage"), labels.get("as_status")) == (case.stage, case.status)


def test_labels_without_order_count_where_neighbours_say_the_same() -> None:
    slices = [Slice(i, i) for i in range(5)]

    def label(*found: str) -> str:
        said = [Said(i, {"finding": name}, "mobilenet_v2") for i, name in enumerate(found)]
        return answers_on_stack(task("kidney_ct"), said, slices)[0].labels["finding"]

    assert label("Normal", "Stone", "Stone", "Normal", "Cyst") == "Stone"
    assert label("Normal", "Stone", "Cyst", "Normal", "Tumor") == "Normal"


def test_failed_models_say_nothing_of_a_stack() -> None:
    said = [Said(0, {}, state="failed"), Said(1, {}, state="not_applicable")]

    assert answers_on_stack(task("sij_mri"), said, [Slice(0, 0), Slice(1, 1)]) == []


def test_runs_stand_longest_first_and_stay_in_their_series() -> None:
    series = dict.fromkeys(range(6), 0) | dict.fromkeys(range(6, 12), 1)

    assert runs_of([0, 2, 3, 5, 6, 9, 10, 11], series) == [[9, 10, 11], [2, 3], [0], [5], [6]]


def found(state: str, reason: str = "") -> GateFindings:
    return GateFindings("STIR", {"STIR": 1.0}, state, "Because." if state == "stopped" else None, {}, reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("slices", "state"),
    [
        (["p"], "passed"),
        (["o"], "stopped"),
        (["o", "p", "p", "o"], "passed"),
        (["o", "o", "p"], "stopped"),
        (["n", "n", "n", "p"], "passed"),
        (["n", "n"], "stopped"),
    ],
)
def test_a_stack_is_stopped_when_most_slices_are_no_such_images(slices: list[str], state: str) -> None:
    kinds = {"p": found("passed"), "o": found("stopped", "other"), "n": found("stopped", "not judged")}

    assert whole_of([kinds[one] for one in slices]).state == state


def test_in_a_stack_that_is_read_no_model_judges_a_slice_that_the_gate_stopped() -> None:
    within = within_stack(found("stopped", "other"), ["a", "b"])

    assert within.state == "passed"
    assert within.not_applicable == {"a": "Because.", "b": "Because."}
