"""A benchmark in words, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table


def table(report: Mapping[str, Any]) -> Table:
    """What `run` measured: a line a model, then the whole reading, cold start and memory."""
    title = f"{report['task']}, median of {report['runs']} on {report['machine']['processor']}"
    shown = Table("What", "Sidelight", "Plain", "Ratio", "Precision", "GFLOP/s", "Of limit", title=title)
    for key, facts in report["models"].items():
        shown.add_row(key, *_times(facts), facts["precision"], f"{facts['gflop_per_second']:.0f}", "")
    reading = report["reading"]
    for name, facts, precision in (
        ("whole reading", reading, " and ".join(reading["precision"])),
        ("whole reading in float32", reading["float32"], "float32"),
    ):
        rate, share = f"{facts['gflop_per_second']:.0f}", f"{facts['share_of_limit']:.0%}"
        shown.add_row(name, *_times(facts), precision, rate, share)
    for name, values, unit in (
        ("cold start to first answer", report["cold_start_seconds"], "s"),
        ("peak memory", report["peak_memory_mb"], "MiB"),
    ):
        ours, plain = values["sidelight"], values["plain"]
        shown.add_row(name, f"{ours:.1f} {unit}", f"{plain:.1f} {unit}", f"{plain / ours:.2f}", "", "", "")
    equal = "equal" if reading["float32"]["equal"] else "NOT equal"
    shown.caption = (
        f"Float32 outputs are {equal} to the plain ones to {reading['float32']['equal_to']}. "
        f"The limit is a float32 matrix product, {report['limit_gflop_per_second']:.0f} GFLOP/s."
    )
    return shown


def _times(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        f"{facts['seconds'] * 1e3:.0f} ms",
        f"{facts['plain_seconds'] * 1e3:.0f} ms",
        f"{facts['ratio']:.2f}",
    )
