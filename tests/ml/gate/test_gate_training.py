"""What the gate learns from: pictures by patient, variants of each, and two readouts of their features."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ml.data import DataError, Example
from ml.gate.looks import INVERTED, LOOKS, OTHER, READ_KINDS, TURNED, UPRIGHT, UPSIDE_DOWN, shown
from ml.gate.training.drawn import drawings, photographs
from ml.gate.training.features import Features
from ml.gate.training.fit import LET_THROUGH, fit
from ml.gate.training.pictures import _by_patient, _spread, pictures_of
from ml.gate.training.variants import in_manner, varied
from ml.networks.gate_mobilenet import gate_mobilenet
from tests import phantoms

SLICE = phantoms.sacroiliac_slice(96)


def test_a_variant_is_grey_bytes_of_another_shape_and_never_the_picture_itself() -> None:
    generator = np.random.default_rng(0)

    variants = [varied(SLICE, generator) for _ in range(12)]

    assert {v.dtype for v in variants} == {np.dtype(np.uint8)}
    assert len({v.shape for v in variants}) > 6
    aspects = [v.shape[1] / v.shape[0] for v in variants]
    assert min(aspects) < 0.9 < 1.1 < max(aspects)


def test_a_16_bit_picture_varies_too() -> None:
    deep = (SLICE.astype(np.uint16) << 4) + 1000

    assert varied(deep, np.random.default_rng(0)).std() > 10


def test_manners_undo_themselves() -> None:
    generator = np.random.default_rng(0)
    bright = np.arange(12, dtype=np.uint8).reshape(3, 4)

    twice = {m: in_manner(in_manner(bright, m, generator), m, generator) for m in (INVERTED, UPSIDE_DOWN)}

    assert all(np.array_equal(back, bright) for back in twice.values())
    assert in_manner(bright, TURNED, generator).shape == (4, 3)
    assert in_manner(bright, UPRIGHT, generator) is bright


def test_what_lies_in_every_direction_is_upright_in_any_and_other_has_no_manner() -> None:
    assert shown("bone radiograph", TURNED) == ("bone radiograph", UPRIGHT)
    assert shown("bone radiograph", INVERTED) == ("bone radiograph", INVERTED)
    assert shown(OTHER, INVERTED) == (OTHER, UPRIGHT)
    assert shown("CT", TURNED) == ("CT", TURNED)


def test_patients_are_drawn_evenly() -> None:
    many = [Example(f"a{i}", Path("a"), "a") for i in range(50)]
    few = [Example(f"b{i}", Path("b"), "b") for i in range(5)]

    chosen = _spread([*many, *few], 10, np.random.default_rng(0))

    assert sum(e.patient_id == "b" for e in chosen) == 5


def test_no_patient_is_learned_from_and_tested_on() -> None:
    examples = [Example(f"{p}-{i}", Path("x"), f"p{p}") for p in range(20) for i in range(3)]

    learned, held_out = _by_patient(examples)

    assert len(held_out) == 12
    assert not {e.patient_id for e in learned} & {e.patient_id for e in held_out}


def test_one_picture_in_two_colours_stays_on_one_side(tmp_path: Path) -> None:
    for index, name in enumerate(("a", "b-dark", "b-light", "c-1", "c-2", "d")):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((40, 40), 40 * index, np.uint8))

    crops = photographs(tmp_path, 6, np.random.default_rng(0))

    assert [int(pixels.max()) for pixels, test in crops if test] == [120, 160]


def test_drawings_are_grey_and_a_quarter_is_for_the_test() -> None:
    drawn = drawings(48, np.random.default_rng(0))

    assert {pixels.dtype for pixels, _ in drawn} == {np.dtype(np.uint8)}
    assert sum(test for _, test in drawn) == 12


def test_a_root_without_the_data_sets_is_told_which_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="sij_mri"):
        pictures_of(tmp_path, None)


def test_the_fit_tells_looks_apart_and_lets_the_wanted_share_through() -> None:
    generator = np.random.default_rng(0)
    each = 40
    network = gate_mobilenet(len(LOOKS), len(READ_KINDS))
    directions = np.abs(generator.normal(size=(len(LOOKS), 1280)))
    looks, values, patients = [], [], []
    for index, look in enumerate(LOOKS):
        for number in range(5 * each if look[1] == UPRIGHT else each):
            looks.append(look)
            values.append(np.abs(directions[index] + generator.normal(size=1280) * 0.5))
            patients.append(f"{look}{number % 10}")
    features = Features(np.asarray(values, np.float32), np.arange(len(looks)), looks)

    limits = fit(network, features, patients)

    kernel, bias = (np.asarray(w) for w in network.get_layer("look").weights)
    found = (features.values @ kernel + bias).argmax(axis=1)
    assert np.mean(found == [LOOKS.index(look) for look in looks]) > 0.99
    (stored,) = (np.asarray(w) for w in network.get_layer("stored").weights)
    assert np.allclose(np.linalg.norm(stored, axis=0), 1, atol=1e-5)
    unit = features.values / np.linalg.norm(features.values, axis=1, keepdims=True)
    for index, kind in enumerate(READ_KINDS):
        own = (
            unit[[look == (kind, UPRIGHT) for look in looks]]
            @ stored.reshape(1280, len(READ_KINDS), -1)[:, index]
        )
        other = (
            unit[[look[0] != kind for look in looks]] @ stored.reshape(1280, len(READ_KINDS), -1)[:, index]
        )
        assert np.mean(1 - own.max(axis=1) <= limits[kind]) >= LET_THROUGH
        assert np.mean(1 - other.max(axis=1) > limits[kind]) == 1
