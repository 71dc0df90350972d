"""What came of a training run, beside its weights: `results.json` for programs, `summary.md` for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from ml.data import Example
from ml.data.patients import count_of_patients
from ml.tasks import TaskSpec
from ml.training.configuration import Configuration
from ml.training.fitting.learning import Fitted

RESULTS, SUMMARY = "results.json", "summary.md"


def write_summary(
    folder: Path,
    task: TaskSpec,
    configuration: Configuration,
    parts: Mapping[str, Sequence[Example]],
    run: Fitted,
    seconds: float,
) -> dict[str, Any]:
    """Writes `results.json` and `summary.md` into the folder of a run.

    Args:
        folder: with the run's `history.jsonl`, where it has one.
        task, configuration, run: what was trained, how, and what came of it.
        parts: the images behind it, `train` and `val`.
        seconds: of this run; epochs of an earlier run that it went on from are not in it.

    Returns:
        What `results.json` holds: `task, model, loss, seed, parts` (images, patients and labels of each), `stages`, `best`
        (the epoch kept, with its figures; None of a run without history), `epochs, validation_figure, seconds, history`.
    """
    history = read_history(folder)
    results = {
        "task": configuration.task,
        "model": configuration.model,
        "loss": configuration.loss,
        "seed": configuration.seed,
        "precision": configuration.precision,
        "start_from": configuration.start_from,
        "parts": {name: _counted(task, examples) for name, examples in parts.items()},
        "stages": configuration.to_plain()["stages"],
        "best": _best(history, configuration, bool(parts.get("val"))),
        "epochs": run.epochs,
        "validation_figure": run.figure,
        "seconds": round(seconds, 1),
        "history": history,
    }
    text = json.dumps(results, indent=2, ensure_ascii=False) + "\n"
    (folder / RESULTS).write_text(text, encoding="utf-8")
    (folder / SUMMARY).write_text("\n".join(_lines(results)) + "\n", encoding="utf-8")
    return results


def read_history(folder: Path) -> list[dict[str, Any]]:
    """The epochs of a run, `{stage, epoch, loss, validation}` each; none where it keeps no history."""
    file = folder / "history.jsonl"
    if not file.is_file():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _counted(task: TaskSpec, examples: Sequence[Example]) -> dict[str, Any]:
    labels = {
        head.key: {
            label: sum(example.labels.get(head.key) == number for example in examples)
            for number, label in enumerate(head.labels)
        }
        for head in task.heads
    }
    return {"images": len(examples), "patients": count_of_patients(examples), "labels": labels}


def _best(
    history: Sequence[dict[str, Any]], configuration: Configuration, validated: bool
) -> dict[str, Any] | None:
    """The epoch whose weights were kept: stages on one grid compete, a stage on another grid starts a new comparison."""
    if not history:
        return None
    numbered = [{**line, "of_run": number} for number, line in enumerate(history, start=1)]
    if configuration.keep == "last" or not validated:
        return numbered[-1]
    sizes = [stage.size for stage in configuration.stages]
    last = numbered[-1]["stage"]
    of_grid = set(takewhile(lambda stage: sizes[stage] == sizes[last], range(last, -1, -1)))
    compared = [line for line in numbered if line["stage"] in of_grid]
    return max(compared, key=lambda line: (line["validation"], -line["of_run"]))


def _lines(results: Mapping[str, Any]) -> list[str]:
    lines = [f"# {results['task']}/{results['model']}", "", "## Data", ""]
    for part, counts in results["parts"].items():
        patients = "not known" if counts["patients"] is None else counts["patients"]
        lines.append(f"- {part}: {counts['images']} images of {patients} patients")
        for head, labels in counts["labels"].items():
            lines.append(f"  - {head}: " + ", ".join(f"{label} {n}" for label, n in labels.items()))
    lines += ["", "## Run", ""]
    lines.append(
        f"- loss {results['loss']}, seed {results['seed']}, {results['precision']}, from {results['start_from']}"
    )
    for number, stage in enumerate(results["stages"], start=1):
        frozen = f", frozen: {', '.join(stage['frozen'])}" if stage.get("frozen") else ""
        lines.append(
            f"- stage {number}: up to {stage['epochs']} epochs of {stage['size']} x {stage['size']}, batch {stage['batch']}, "
            f"learning rate {stage['learning_rate']}{frozen}"
        )
    lines += ["", "## Result", ""]
    lines.append(f"- {results['epochs']} epochs in {_duration(results['seconds'])}")
    if (best := results["best"]) is not None:
        said = f"- kept: epoch {best['of_run']} (epoch {best['epoch'] + 1} of stage {best['stage'] + 1})"
        lines.append(f"{said}, training loss {best['loss']:.4f}")
    figure = results["validation_figure"]
    lines.append(
        "- validation figure: " + ("none, no images were kept apart" if figure is None else f"{figure:.4f}")
    )
    lines += [
        "",
        "The validation figure chose the epoch, so it is too good: `python -m ml evaluate` says what the model is worth.",
    ]
    return lines


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
