"""A number in a card is a claim: it is computed again from the images that it is about."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ml.cards import read_card
from ml.data.split import PROTOCOLS
from ml.evaluation.cross_validation import cross_validated
from ml.measuring import measure
from ml.tasks import ModelSpec, TaskSpec, tasks

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
REGISTERED = [(spec, model) for spec in tasks() if spec.offered for model in spec.models]
FOLDED = [pair for pair in REGISTERED if set(PROTOCOLS) & set(read_card(pair[0].key, pair[1].key).figures)]
MEASURED = [pair for pair in REGISTERED if set(read_card(pair[0].key, pair[1].key).figures) - set(PROTOCOLS)]


def named(pairs: list[tuple[TaskSpec, ModelSpec]]) -> list[str]:
    return [f"{spec.key}-{model.key}" for spec, model in pairs]


# another processor rounds otherwise, and one image that changes its label moves a share by about this much
TOLERANCE = 0.03


@pytest.fixture
def data(spec: TaskSpec) -> Path:
    """The task's data set."""
    folder = DATA / {"kidney_stone": "kidney_ct"}.get(spec.key, spec.key)
    if not folder.is_dir():
        pytest.skip("the data set is not beside this checkout")
    return folder


@pytest.mark.parametrize(("spec", "model"), MEASURED, ids=named(MEASURED))
def test_what_the_weights_are_said_to_reach_comes_out_again(
    spec: TaskSpec, model: ModelSpec, data: Path
) -> None:
    parts = {n: f for n, f in read_card(spec.key, model.key).figures.items() if n not in PROTOCOLS}
    name, claimed = min(parts.items(), key=lambda entry: entry[1]["n_images"])
    part, every = re.fullmatch(r"([a-z]+?)(?:_every_(\d+))?", name).groups()

    agree(claimed, measure(spec, model.key, data, part, int(every or 1)), TOLERANCE)


@pytest.mark.parametrize(("spec", "model"), FOLDED, ids=named(FOLDED))
def test_what_the_folds_are_said_to_reach_comes_out_again(
    spec: TaskSpec, model: ModelSpec, data: Path
) -> None:
    figures = read_card(spec.key, model.key).figures

    for protocol in set(figures) & set(PROTOCOLS):
        agree(figures[protocol], cross_validated(spec, model.key, data, protocol).report, 1e-4)


@pytest.mark.parametrize(("spec", "model"), REGISTERED, ids=named(REGISTERED))
def test_no_patient_that_a_figure_is_about_was_learned_from(spec: TaskSpec, model: ModelSpec) -> None:
    for figures in read_card(spec.key, model.key).figures.values():
        assert figures["n_patients_seen_in_training"] == 0 or figures["leaky"]


def agree(claimed: dict[str, Any], measured: dict[str, Any], tolerance: float) -> None:
    """Every number that is claimed was measured."""
    assert claimed["n_images"] > 0
    for place, value in numbers(claimed):
        found: Any = measured
        for step in place:
            found = found[step]
        if isinstance(value, float):
            scale = max(1.0, abs(value)) if place[-1].endswith("_mm") else 1.0
            assert found == pytest.approx(value, abs=tolerance * scale), place
        else:
            assert found == value, place


def numbers(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every number and null of a report with the way to it; intervals apart, which follow from the rest."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if not name.endswith("_ci95"):
                yield from numbers(inner, (*place, name))
    elif isinstance(value, float | int) or value is None:
        yield place, value
