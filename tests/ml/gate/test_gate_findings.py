"""What follows from what the gate saw: each refusal has a sentence of its own, and says what to do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml import tasks
from ml.gate.check import check_image, find_task
from ml.gate.findings import conclude
from ml.gate.looks import (
    INVERTED,
    KINDS,
    LOOKS,
    OTHER,
    READ_KINDS,
    TURNED,
    UPRIGHT,
    UPSIDE_DOWN,
    Look,
    look_of,
)
from ml.images.decode import DecodedImage
from ml.registry import Registry
from tests import phantoms

GATED = [spec for spec in tasks.tasks() if spec.image_kinds]
EACH = pytest.mark.parametrize("spec", GATED, ids=lambda spec: spec.key)
LIMITS = dict.fromkeys(READ_KINDS, 0.2)


class SaysOnly:
    """A registry whose gate gives one answer to every image."""

    def __init__(self, kind: str, manner: str = UPRIGHT, distance: float = 0.1) -> None:
        self.card = self
        self.thresholds = LIMITS
        self._scores = np.asarray([float(look == (kind, manner)) for look in LOOKS], np.float32)
        self._distances = np.full(len(READ_KINDS), distance, np.float32)

    def gate(self) -> SaysOnly:
        return self

    def run(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert pixels.shape == (160, 160)
        return self._scores, self._distances


def of_kind(kind: str, manner: str = UPRIGHT, strangeness: float = 0.5) -> Look:
    return Look(kind, manner, {name: float(name == kind) for name in KINDS}, strangeness)


def keys(spec: tasks.TaskSpec) -> list[str]:
    return [model.key for model in spec.models]


@pytest.fixture
def drawn() -> DecodedImage:
    return DecodedImage(phantoms.sacroiliac_slice(), "PNG")


@pytest.fixture
def all_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.gate.findings.offered", lambda: tuple(GATED))


@EACH
def test_a_tasks_own_kinds_pass(spec: tasks.TaskSpec) -> None:
    for kind in spec.image_kinds:
        findings = conclude(spec, of_kind(kind), keys(spec))

        assert (findings.state, findings.kind, findings.reason) == ("passed", kind, "")


@EACH
def test_every_model_judges_at_least_one_kind_of_its_task_and_no_other(spec: tasks.TaskSpec) -> None:
    for model in spec.models:
        assert set(model.judges) <= set(spec.image_kinds)
        assert model.judges
        assert model.not_judged or set(model.judges) == set(spec.image_kinds)


@EACH
def test_another_tasks_image_is_stopped_and_says_where_it_belongs(
    spec: tasks.TaskSpec, all_offered: None
) -> None:
    for kind in set(READ_KINDS) - set(spec.image_kinds):
        findings = conclude(spec, of_kind(kind), keys(spec))

        assert (findings.state, findings.reason) == ("stopped", "another task")
        assert findings.sentence
        assert spec.name in findings.sentence
        for reader in GATED:
            assert (f"{reader.name}." in findings.sentence or f"{reader.name} or" in findings.sentence) == (
                kind in reader.image_kinds
            )


def test_a_kidney_ct_sent_to_the_chest_task_is_told_both_tasks_that_read_it(all_offered: None) -> None:
    chest = tasks.task("chest_xray")

    findings = conclude(chest, of_kind("CT"), keys(chest))

    assert findings.sentence == (
        f"This looks like a kidney CT; the task {chest.name} does not read it. Upload it under "
        f"{tasks.task('kidney_stone').name} or {tasks.task('kidney_ct').name}."
    )


@EACH
def test_anything_else_is_stopped_in_the_tasks_own_words(spec: tasks.TaskSpec) -> None:
    findings = conclude(spec, of_kind(OTHER), keys(spec))

    assert (findings.state, findings.reason, findings.sentence) == ("stopped", "other", spec.wording.stopped)


@pytest.mark.parametrize(
    ("manner", "reason", "words"),
    [
        (INVERTED, "inverted", "looks inverted"),
        (TURNED, "turned", "by 90 degrees"),
        (UPSIDE_DOWN, "turned", "upside down"),
    ],
)
def test_an_inverted_or_turned_radiograph_is_told_so(manner: str, reason: str, words: str) -> None:
    chest = tasks.task("chest_xray")

    findings = conclude(chest, of_kind("chest radiograph", manner), keys(chest))

    assert (findings.state, findings.reason) == ("stopped", reason)
    assert findings.sentence
    assert words in findings.sentence


@EACH
def test_what_is_unlike_the_training_images_is_stopped(spec: tasks.TaskSpec) -> None:
    findings = conclude(spec, of_kind(spec.image_kinds[0], strangeness=1.01), keys(spec))

    assert (findings.state, findings.reason) == ("stopped", "atypical")
    assert findings.sentence
    assert "not typical" in findings.sentence


def test_a_t1_slice_stops_status_and_lesions_and_leaves_the_region() -> None:
    spec = tasks.task("sij_mri")

    findings = conclude(spec, of_kind("T1W"), keys(spec))

    assert findings.state == "passed"
    assert set(findings.not_applicable) == {m.key for m in spec.models if m.kind != "region"}


def test_a_t1_slice_for_status_alone_is_stopped_with_that_reason() -> None:
    findings = conclude(tasks.task("sij_mri"), of_kind("T1W"), ["cnn_classifier"])

    assert (findings.state, findings.reason) == ("stopped", "not judged")
    assert findings.sentence
    assert "STIR" in findings.sentence


def test_colour_and_a_single_grey_are_stopped_before_any_network(drawn: DecodedImage) -> None:
    spec, none = tasks.task("chest_xray"), Registry()
    none.gate = None  # type: ignore[method-assign,assignment]
    grey = DecodedImage(np.full((40, 60), 90, np.uint8), "PNG")

    assert check_image(replace(drawn, colour=True), spec, keys(spec), none).reason == "colour"
    assert check_image(grey, spec, keys(spec), none).reason == "blank"


def test_the_dicoms_word_counts_only_where_the_picture_looks_like_such_an_mri(drawn: DecodedImage) -> None:
    spec = tasks.task("sij_mri")
    told = replace(drawn, sequence="T1W")

    assert check_image(told, spec, keys(spec), SaysOnly("STIR")).kind == "T1W"  # type: ignore[arg-type]
    assert check_image(told, spec, keys(spec), SaysOnly("CT")).kind == "CT"  # type: ignore[arg-type]


@EACH
def test_find_the_task_gives_a_task_that_reads_the_kind(
    spec: tasks.TaskSpec, all_offered: None, drawn: DecodedImage
) -> None:
    for kind in spec.image_kinds:
        found, findings = find_task(drawn, SaysOnly(kind))  # type: ignore[arg-type]

        assert found is not None
        assert kind in found.image_kinds
        assert findings.state == "passed"


def test_of_two_tasks_that_read_a_ct_the_one_with_more_labels_is_found(
    all_offered: None, drawn: DecodedImage
) -> None:
    found, _ = find_task(drawn, SaysOnly("CT"))  # type: ignore[arg-type]

    assert found is tasks.task("kidney_ct")


def test_find_the_task_says_why_where_no_task_fits(
    monkeypatch: pytest.MonkeyPatch, drawn: DecodedImage
) -> None:
    monkeypatch.setattr("ml.gate.findings.offered", lambda: (tasks.task("sij_mri"),))

    nothing, findings = find_task(drawn, SaysOnly(OTHER))  # type: ignore[arg-type]
    foreign, told = find_task(drawn, SaysOnly("CT"))  # type: ignore[arg-type]
    coloured, refused = find_task(replace(drawn, colour=True), SaysOnly("STIR"))  # type: ignore[arg-type]

    assert (nothing, foreign, coloured) == (None, None, None)
    assert {findings.state, told.state, refused.state} == {"stopped"}
    assert told.sentence
    assert "kidney CT" in told.sentence
    assert refused.reason == "colour"


def test_a_manner_is_only_called_when_upright_has_hardly_any_score() -> None:
    scores = np.zeros(len(LOOKS))
    scores[LOOKS.index(("CT", UPSIDE_DOWN))], scores[LOOKS.index(("CT", UPRIGHT))] = 0.8, 0.2

    unsure = look_of(scores, np.zeros(len(READ_KINDS)), LIMITS)
    scores[LOOKS.index(("CT", UPRIGHT))] = 0.01
    sure = look_of(scores, np.zeros(len(READ_KINDS)), LIMITS)

    assert (unsure.kind, unsure.manner) == ("CT", UPRIGHT)
    assert (sure.kind, sure.manner) == ("CT", UPSIDE_DOWN)


def test_what_is_unclear_is_taken_for_what_the_chosen_task_reads_and_what_is_clear_is_not() -> None:
    scores = np.zeros(len(LOOKS))
    scores[LOOKS.index(("CT", UPRIGHT))], scores[LOOKS.index((OTHER, UPRIGHT))] = 0.4, 0.6
    at_zero = np.zeros(len(READ_KINDS))

    assert look_of(scores, at_zero, LIMITS).kind == OTHER
    assert look_of(scores, at_zero, LIMITS, ("STIR",)).kind == OTHER
    unclear = look_of(scores, at_zero, LIMITS, ("CT",))
    assert (unclear.kind, unclear.scores["CT"]) == ("CT", 0.4)
    scores[LOOKS.index(("CT", UPRIGHT))], scores[LOOKS.index((OTHER, UPRIGHT))] = 0.2, 0.8
    assert look_of(scores, at_zero, LIMITS, ("CT",)).kind == OTHER


def test_what_is_stored_of_an_earlier_gate_can_still_be_made() -> None:
    from ml.gate.findings import GateFindings

    earlier = {"kind": "STIR", "scores": {}, "state": "passed", "sentence": None, "not_applicable": {}}

    assert GateFindings(**earlier).to_json().items() >= earlier.items()  # type: ignore[arg-type]
