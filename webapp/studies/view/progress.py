"""How far a reading is: state and time of each model, and never what a model says before all have ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ml.tasks import ModelSpec, TaskSpec
from webapp.studies.view.columns import code_of
from webapp.studies.view.numbers import seconds, width
from webapp.studies.view.sides import sides_of
from webapp.words import gettext as _

if TYPE_CHECKING:
    from webapp.readings.tables import Prediction, Reading

_SIGNS = {
    "done": ("ok", "check"),
    "failed": ("danger", "cross"),
    "not_applicable": ("quiet", "negative"),
    "running": ("busy", "clock"),
    "queued": ("quiet", "clock"),
    "cancelled": ("quiet", "negative"),
}


@dataclass(frozen=True)
class Step:
    """One chosen model: `state` (done, failed, not_applicable, running, queued, cancelled) and its word."""

    key: str
    name: str
    code: str
    state: str
    word: str
    tone: str
    sign: str
    seconds: str
    sentence: str


@dataclass(frozen=True)
class Progress:
    """One reading on its way. `model` counts from 1 to `of`, `slice` from 1 to `slices`; `done` is the bar's length for SVG."""

    state: str
    sentence: str
    error: str
    gate: str
    sides: tuple[str, str] | None
    model: int
    of: int
    ended: int
    slice: int
    slices: int
    done: str
    models: tuple[Step, ...]

    @property
    def moving(self) -> bool:
        """Whether the page should wait for more."""
        return self.state in ("queued", "running")

    def to_json(self) -> dict[str, Any]:
        """The answer of `studies.state` and the data of the events."""
        return asdict(self)


def progress_of(reading: Reading, spec: TaskSpec, now: datetime) -> Progress:
    """The progress of a reading at a time (aware; the running model's time depends on it)."""
    chosen = [model for model in spec.models if model.key in reading.models]
    images = reading.study.images
    said: dict[str, list[Prediction]] = {}
    for prediction in reading.predictions:
        said.setdefault(prediction.model, []).append(prediction)
    steps = tuple(_step(model, said.get(model.key, []), reading, now) for model in chosen)
    ended = sum(step.state in ("done", "failed", "not_applicable") for step in steps)
    current = next((step for step in steps if step.state == "running"), None)
    stored, all_of_them = len(reading.predictions), len(steps) * len(images)
    return Progress(
        state=reading.state,
        sentence=_sentence(reading, steps, current),
        error=(reading.error or "") if reading.state in ("failed", "cancelled") else "",
        gate=_gate(reading),
        sides=sides_of(images[0].orientation),
        model=steps.index(current) + 1 if current else min(ended + 1, len(steps)),
        of=len(steps),
        ended=ended,
        slice=_number_of_slice(reading),
        slices=len(images),
        done=width(stored / all_of_them) if steps else "0%",
        models=steps,
    )


def _number_of_slice(reading: Reading) -> int:
    return (reading.current_slice or 0) + 1


def _step(model: ModelSpec, said: list[Prediction], reading: Reading, now: datetime) -> Step:
    state, took, sentence = _state(model, said, reading, now)
    words = {
        "done": _("Done"),
        "failed": _("Failed"),
        "not_applicable": _("Cannot judge this image"),
        "running": _("Running"),
        "queued": _("Queued"),
        "cancelled": _("Not run"),
    }
    tone, sign = _SIGNS[state]
    slices = len(reading.study.images)
    word = words[state]
    if slices > 1 and state in ("running", "queued", "cancelled") and (said or state == "running"):
        word = _("%(state)s, %(k)s of %(n)s slices", state=word, k=len(said), n=slices)
    return Step(model.key, model.name, code_of(model.name), state, word, tone, sign, took, sentence)


def _state(model: ModelSpec, said: list[Prediction], reading: Reading, now: datetime) -> tuple[str, str, str]:
    """State, time and sentence of one model: of all slices, when it has ended them."""
    if len(said) == len(reading.study.images):
        state = next((s for s in ("done", "failed") if any(p.state == s for p in said)), "not_applicable")
        took = "" if state == "not_applicable" else seconds(sum(p.seconds for p in said))
        return state, took, next((p.sentence or "" for p in said if p.state == state), "")
    if reading.state == "running" and reading.current_model == model.key:
        since = _since(reading.predictions, reading)
        return "running", seconds((now - since).total_seconds()) if since else "", ""
    return ("queued" if reading.state in ("queued", "running") else "cancelled"), "", ""


def _since(predictions: Iterable[Prediction], reading: Reading) -> datetime | None:
    """When the running model started: when the one before it was stored, else when the reading started."""
    stored = [p.created_at for p in predictions if p.created_at is not None]
    if reading.started_at is None:
        return None
    return max([reading.started_at, *stored])


def _sentence(reading: Reading, steps: tuple[Step, ...], current: Step | None) -> str:
    if reading.state == "queued":
        return (
            _("Queued: waiting for the worker")
            if not reading.attempt
            else _("Queued again after an interruption")
        )
    if reading.state == "running":
        if current is None:
            return _("Checking the image")
        running = _(
            "Model %(k)s of %(n)s: %(name)s", k=steps.index(current) + 1, n=len(steps), name=current.name
        )
        slices = len(reading.study.images)
        if slices == 1:
            return running
        return _("Slice %(k)s of %(n)s", k=_number_of_slice(reading), n=slices) + " · " + running
    return {
        "failed": _("The reading failed"),
        "cancelled": _("The reading was cancelled"),
        "stopped": _("Stopped by the gate"),
    }.get(reading.state, _("Done"))


def _gate(reading: Reading) -> str:
    """The kind of image that the gate saw, or empty before it ran."""
    return str((reading.gate or {}).get("kind", ""))
