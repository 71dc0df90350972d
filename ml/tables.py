"""Readings and figures in words, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from ml.tasks import TaskSpec

_WIDTH_OF_A_FILE = 120


def show(table: Table) -> None:
    """Print a table on standard output, in full width where that is a file."""
    console = Console()
    Console(width=console.width if console.is_terminal else _WIDTH_OF_A_FILE).print(table)


def probe_table(report: Mapping[str, Any]) -> Table:
    """How the AUC moves when a shortcut is taken away, from `ml.probing`."""
    whose = (
        f"{report['task']} {report['model']}, {report['n_images']} images of {report['n_patients']} patients"
    )
    table = Table("picture", "AUC", "change", title=whose)
    table.add_row("as it is", _with_interval(report, "auc"), "")
    for name, found in report["probes"].items():
        table.add_row(
            name.replace("_", " "), _with_interval(found, "auc"), _with_interval(found, "auc_change")
        )
    return table


def _with_interval(report: Mapping[str, Any], name: str) -> str:
    value, interval = report[name], report[f"{name}_ci95"]
    if value is None:
        return "none"
    return f"{value:.3f}" + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else "")


def reading_lines(reading: Mapping[str, Any], spec: TaskSpec) -> Iterator[str]:
    """One file's reading: a line for the file, and one for each model below it."""
    yield f"{reading['file']}: {reading['state']}" + (f". {reading['error']}" if reading["error"] else "")
    for prediction in reading["predictions"]:
        model = spec.model(prediction["model"])
        yield f"  {model.key:<26}{_says(prediction, spec)}"


def _says(prediction: Mapping[str, Any], spec: TaskSpec) -> str:
    if prediction["state"] != "done":
        return f"{prediction['state'].replace('_', ' ')}: {prediction['sentence']}"
    words = []
    for head in spec.heads:
        if scores := prediction["scores"].get(head.key):
            value = prediction[head.key]
            label = _binary(head.labels, head.positive, value) if head.binary and head.positive else value
            words.append(f"{head.name} {label} {scores[label]:.2f}")
    if prediction["region_px"] is not None:
        area = prediction["area_mm2"]
        words.append(
            f"region {prediction['region_px']} px" + (f", {area:.0f} mm²" if area is not None else "")
        )
    if prediction["lesion"]:
        words.append(_lesion(prediction["lesion"]))
    if prediction["risk"]:
        words.append(f"risk of error {prediction['risk']}")
    return "; ".join(words) + f" ({prediction['seconds']:.2f} s, {prediction['precision']})"


def _lesion(lesion: Mapping[str, Any]) -> str:
    if not lesion["pixels"]:
        return "no lesion outlined"
    area = f", {lesion['area_mm2']:.1f} mm²" if lesion["area_mm2"] is not None else ", area unknown"
    near = f"{lesion['near_joint_share']:.0%} of it near the sacroiliac joints (rough rule)"
    return f"lesion {lesion['pixels']} px{area}, {lesion['share_of_region']:.1%} of the bone in view, {near}"


def _binary(labels: tuple[str, ...], positive: str, value: int) -> str:
    return positive if value else next(label for label in labels if label != positive)


def evaluation_tables(report: Mapping[str, Any]) -> Iterator[Table]:
    """An evaluation in tables: its figures, the confusion matrix, and each patient's figures, as far as it has them."""
    yield figures_table(report)
    if confusion := report.get("confusion_matrix"):
        yield _confusion_table(confusion)
    if by_patient := report.get("by_patient"):
        yield _patients_table(by_patient)


def figures_table(report: Mapping[str, Any]) -> Table:
    """The figures of an evaluation, each with its interval."""
    title = " ".join(filter(None, (f"{report['task']}/{report['model']}", report.get("version"))))
    if report.get("protocol"):
        title += f", cross-validated: {report['protocol'].replace('_', ' ')}"
    if report.get("part"):
        title += f", part {report['part']}"
    if report.get("every", 1) > 1:
        title += f", one image of {report['every']}"
    table = Table("Figure", "Value", "95 % interval, by patient", title=title, title_justify="left")
    for name, value, interval in figure_rows(report):
        table.add_row(name, _number(value), _interval(interval))
    return table


def _confusion_table(confusion: Mapping[str, Any]) -> Table:
    labels = confusion["labels"]
    title = f"{confusion['head']}: the readers' label (rows) and the model's (columns), images"
    table = Table("", *labels, title=title, title_justify="left")
    for label, counts in zip(labels, confusion["counts"], strict=True):
        table.add_row(label, *map(str, counts))
    return table


def _patients_table(by_patient: Mapping[str, Mapping[str, Any]]) -> Table:
    of_any = dict.fromkeys(name for figures in by_patient.values() for name in figures)
    names = [name for name in of_any if not name.endswith("_ci95") and name != "n_patients"]
    table = Table("Patient", *names, title="Each patient", title_justify="left")
    for patient, figures in by_patient.items():
        table.add_row(patient, *(_number(figures.get(name)) for name in names))
    return table


_SAID_BESIDE = {"part", "every", "leaky", "notes", "confusion_matrix", "by_patient"}


def figure_rows(report: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Name, value and interval of each figure of an evaluation; those of a group begin with its name."""
    for name, value in report.items():
        if name.endswith("_ci95") or isinstance(value, str | list) or name in _SAID_BESIDE:
            continue
        interval = report.get(f"{name}_ci95")
        if not isinstance(value, dict):
            yield f"{prefix}{name}", value, interval
        elif name.startswith("by_"):
            for group, inner in value.items():
                yield from figure_rows(inner, f"{prefix}{group}: ")
        else:
            for label, number in value.items():
                yield f"{prefix}{name}, {label}", number, interval[label] if interval else None


def _number(value: float | int | None) -> str:
    if value is None:
        return "not known"
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def _interval(interval: list[float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.4f} to {interval[1]:.4f}"
