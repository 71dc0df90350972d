"""The card of the gate, brought up to date after its training."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import yaml

from ml.cards import GATE, card_file, weights_file, weights_sha256, write_card
from ml.gate.looks import LOOKS, READ_KINDS
from ml.gate.training.pictures import Picture
from ml.gate.view import SIZE
from ml.networks.gate_mobilenet import gate_mobilenet


def write_gate_card(
    limits: Mapping[str, float],
    figures: Mapping[str, Any],
    pictures: Sequence[Picture],
    command: str,
) -> Path:
    """Writes what can be computed; what people wrote in the card stays.

    Args:
        limits: of strangeness, by kind: the card's thresholds.
        figures: of `ml.gate.training.figures.figures_of` for the test pictures; none before they are measured.
        pictures: for training and test.
        command: that trained it.

    Raises:
        CardInvalid: a field that people must write is missing.
    """
    file = card_file(GATE, GATE)
    written: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return write_card(
        {
            **written,
            "task": GATE,
            "key": GATE,
            "name": "Gate",
            "kind": "gate",
            "date": datetime.now(UTC).date().isoformat(),
            "network": "gate_mobilenet:gate_mobilenet",
            "parameters": gate_mobilenet(len(LOOKS), len(READ_KINDS)).count_params(),
            "input_size": SIZE,
            "weights_sha256": weights_sha256(weights_file(GATE, GATE)),
            "counts": {
                part: _counts([p for p in pictures if p.test is (part == "test")])
                for part in ("train", "test")
            },
            "thresholds": dict(limits),
            "temperature": {},
            "precision": {},
            "figures": {"test": dict(figures)},
            "versions": {"python": platform.python_version(), "keras": keras.__version__},
            "command": command,
        }
    )


def _counts(pictures: Sequence[Picture]) -> dict[str, Any]:
    sources = dict.fromkeys(p.source for p in pictures)
    return {
        "images": len(pictures),
        "patients": len({(p.source, p.patient_id) for p in pictures if p.patient_id}),
        "by_source": {name: sum(p.source == name for p in pictures) for name in sources},
    }
