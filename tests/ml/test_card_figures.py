"""A number in a card is a claim: it is computed again from the images that it is about."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ml.cards import read_card
from ml.measuring import measure
from ml.tasks import ModelSpec, TaskSpec, tasks

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
REGISTERED = [(spec, model) for spec in tasks() if spec.offered for model in spec.models]

# another processor rounds otherwise, and one image that changes its label moves a share by about this much
TOLERANCE = 0.03


@pytest.mark.parametrize(("spec", "model"), REGISTERED, ids=[model.key for _, model in REGISTERED])
def test_the_figures_of_the_card_come_out_again(spec: TaskSpec, model: ModelSpec) -> None:
    folder = DATA / spec.key
    if not folder.is_dir():
        pytest.skip("the data set is not beside this checkout")
    name, claimed = cheapest(read_card(spec.key, model.key).figures)
    part, every = re.fullmatch(r"([a-z]+?)(?:_every_(\d+))?", name).groups()

    measured = measure(spec, model.key, folder, part, int(every or 1))

    assert claimed["n_images"] > 0
    for place, value in numbers(claimed):
        found: Any = measured
        for step in place:
            found = found[step]
        if isinstance(value, float):
            assert found == pytest.approx(value, abs=TOLERANCE), place
        else:
            assert found == value, place


@pytest.mark.parametrize(("spec", "model"), REGISTERED, ids=[model.key for _, model in REGISTERED])
def test_no_patient_of_the_test_part_was_trained_on(spec: TaskSpec, model: ModelSpec) -> None:
    for figures in read_card(spec.key, model.key).figures.values():
        assert figures["n_patients_seen_in_training"] == 0


def cheapest(figures: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The entry of a card's figures that stands on the fewest images."""
    return min(figures.items(), key=lambda entry: entry[1]["n_images"])


def numbers(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every number and null of a report with the way to it; intervals apart, which follow from the rest."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if not name.endswith("_ci95"):
                yield from numbers(inner, (*place, name))
    else:
        yield place, value
