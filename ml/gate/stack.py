"""What the gate's findings on each slice mean for a stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ml.gate.findings import GateFindings


def whole_of(slices: Sequence[GateFindings]) -> GateFindings:
    """The findings that speak for a stack: those of its middle slice that passed.

    A stack is stopped, with the middle one of the slices that were, when more than half of them are no such images, or none
    may be judged. The ends of a series often show little: they alone do not stop it.
    """
    passed = [found for found in slices if found.state == "passed"]
    unfit = [found for found in slices if found.state == "stopped" and found.reason != "not judged"]
    if passed and 2 * len(unfit) <= len(slices):
        return _middle(passed)
    return _middle(unfit or slices)


def within_stack(found: GateFindings, models: Sequence[str]) -> GateFindings:
    """The same for reading a slice of a stack that goes on: of a stopped slice, no model judges anything."""
    if found.state == "passed":
        return found
    refused = {model: found.not_applicable.get(model, found.sentence or "") for model in models}
    return replace(found, state="passed", not_applicable=refused)


def _middle(found: Sequence[GateFindings]) -> GateFindings:
    return found[len(found) // 2]
