"""Cards: complete or refused, and weights that are the ones meant."""

import copy
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml.card_fields import FIELDS
from ml.cards import (
    CardInvalid,
    CardMissing,
    card_file,
    check_card,
    models_dir,
    read_card,
    weights_file,
    weights_sha256,
    weights_state,
    write_card,
)


@pytest.fixture
def fields() -> dict[str, Any]:
    """The fields of a whole card."""
    figure = {"iou": 0.81, "iou_ci95": [0.74, 0.86], "n_images": 30, "n_patients": 3}
    return {
        "task": "drawn",
        "key": "net",
        "name": "Drawn network",
        "kind": "region",
        "version": "1.0.0",
        "date": "2025-01-31",
        "network": "Two convolutions.",
        "parameters": 1234,
        "input_size": 64,
        "weights_sha256": hashlib.sha256(b"weights").hexdigest(),
        "licence": "Apache-2.0",
        "intended_use": ["Drawn ellipses", "In tests"],
        "not_for": ["Anything else"],
        "data": "Phantoms.",
        "label_source": "The hand that drew them.",
        "split": "By phantom.",
        "counts": {"train": {"patients": 5, "images": 50}, "test": {"patients": 3, "images": 30}},
        "preprocessing": "None.",
        "input_checks": "None.",
        "thresholds": {"region": 0.5},
        "temperature": {},
        "precision": {"bfloat16": {"dice": 0.999, "n_images": 30}},
        "figures": {"test": {**figure, "by_sequence": {"STIR": dict(figure)}}},
        "published": [{"figure": "iou", "value": 0.5652, "leaky": True}],
        "known_failures": ["Squares."],
        "versions": {"python": "3.11", "keras": "3", "backend": "tensorflow"},
        "command": "python -m ml train drawn net --data Dataset",
    }


def test_a_written_card_is_read_back_as_it_was(fields: dict[str, Any], tmp_path: Path) -> None:
    write_card(fields, tmp_path)

    card = read_card("drawn", "net", tmp_path)

    assert card.raw == fields
    assert (card.version, card.parameters, card.thresholds) == ("1.0.0", 1234, {"region": 0.5})


def test_a_whole_card_has_nothing_wrong(fields: dict[str, Any]) -> None:
    assert check_card(fields) == []


@pytest.mark.parametrize("field", FIELDS)
def test_a_card_without_a_field_is_refused_and_the_field_is_named(
    field: str, fields: dict[str, Any], tmp_path: Path
) -> None:
    del fields[field]

    assert check_card(fields) == [f"{field}: missing"]
    with pytest.raises(CardInvalid, match=f"{field}: missing"):
        write_card(fields, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("intended_use", "  "),
        ("known_failures", []),
        ("not_for", [""]),
        ("kind", "oracle"),
        ("version", "1.0"),
        ("date", "yesterday"),
        ("parameters", 0),
        ("parameters", True),
        ("weights_sha256", "abc"),
        ("counts", {"train": {"patients": 3}}),
        ("thresholds", {"as_status": 1.5}),
        ("thresholds", {"as_status": float("nan")}),
        ("temperature", {"as_status": 0}),
        ("precision", {"bfloat16": {"n_images": 4}}),
        ("figures", {}),
    ],
)
def test_a_field_that_says_nothing_is_refused(field: str, value: object, fields: dict[str, Any]) -> None:
    fields[field] = value

    assert [problem.split(":")[0] for problem in check_card(fields)] == [field]


@pytest.mark.parametrize("lacking", ["n_images", "n_patients", "iou_ci95"])
def test_a_figure_without_its_n_or_interval_is_refused(lacking: str, fields: dict[str, Any]) -> None:
    whole = copy.deepcopy(fields)
    del fields["figures"]["test"][lacking]
    del whole["figures"]["test"]["by_sequence"]["STIR"][lacking]

    assert check_card(fields) == [f"figures.test.{lacking}: missing"]
    assert check_card(whole) == [f"figures.test.by_sequence.STIR.{lacking}: missing"]


def test_a_lesion_models_card_says_what_its_outline_and_labels_follow_from(fields: dict[str, Any]) -> None:
    fields["kind"] = "lesion"
    assert [problem.split(":")[0] for problem in check_card(fields)] == ["thresholds.lesion", "readout"]

    extent = {"burden_slope": 0.4, "bright_slope": 2.7, "cuts": [-7.5, -5.5]}
    fields |= {"thresholds": {"lesion": 0.4}, "readout": {"slope": 1.4, "cut": -5.3, "extent": extent}}
    assert check_card(fields) == []
    del extent["bright_slope"]
    assert [problem.split(":")[0] for problem in check_card(fields)] == ["readout"]


def test_a_card_that_only_lacks_words_can_still_be_read(fields: dict[str, Any], tmp_path: Path) -> None:
    write_card(fields, tmp_path)
    del fields["known_failures"]
    card_file("drawn", "net", tmp_path).write_text(yaml.safe_dump(fields))

    assert read_card("drawn", "net", tmp_path).version == "1.0.0"


@pytest.mark.parametrize("text", ["", "- a list", "task: [", "task: drawn\nkey: net\n", "\x00"])
def test_a_broken_card_is_invalid(text: str, tmp_path: Path) -> None:
    file = card_file("drawn", "net", tmp_path)
    file.parent.mkdir(parents=True)
    file.write_text(text)

    with pytest.raises(CardInvalid) as caught:
        read_card("drawn", "net", tmp_path)

    assert "drawn/net" in caught.value.sentence


def test_the_card_of_another_model_is_not_taken(fields: dict[str, Any], tmp_path: Path) -> None:
    written = write_card(fields, tmp_path)
    other = card_file("drawn", "other", tmp_path)
    other.parent.mkdir()
    other.write_bytes(written.read_bytes())

    with pytest.raises(CardInvalid):
        read_card("drawn", "other", tmp_path)


def test_no_card_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(CardMissing):
        read_card("drawn", "net", tmp_path)


def test_weights_are_intact_only_with_the_hash_of_their_card(fields: dict[str, Any], tmp_path: Path) -> None:
    weights = weights_file("drawn", "net", tmp_path)
    assert weights_state("drawn", "net", tmp_path) == "missing"

    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    assert weights_state("drawn", "net", tmp_path) == "no card"

    write_card(fields, tmp_path)
    assert weights_state("drawn", "net", tmp_path) == "intact"

    weights.write_bytes(b"other weights")
    assert weights_state("drawn", "net", tmp_path) == "mismatch"

    weights.unlink()
    assert weights_state("drawn", "net", tmp_path) == "missing"


def test_a_hash_is_taken_once_and_again_when_the_file_is_replaced(tmp_path: Path) -> None:
    from ml.cards import _sha256

    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"one")
    first = weights_sha256(file)
    before = _sha256.cache_info().hits

    assert weights_sha256(file) == first
    assert _sha256.cache_info().hits == before + 1
    file.write_bytes(b"three")
    assert weights_sha256(file) == hashlib.sha256(b"three").hexdigest()


def test_models_lie_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    assert models_dir() == tmp_path

    monkeypatch.delenv("MODELS_DIR")
    assert models_dir() == Path(__file__).resolve().parents[2] / "models"


def test_reading_cards_needs_no_network_framework() -> None:
    frameworks = ("tensorflow", "keras", "openvino", "numpy")
    code = f"import sys, ml.cards; print([name for name in {frameworks} if name in sys.modules])"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
