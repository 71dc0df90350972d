"""The label verification report of a data set: an audit on one page, with its charts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ml.data.auditing.figures import write_figures
from ml.data_tables import findings
from ml.reporting.page import data_uri, page
from ml.tasks import TaskSpec

_MOST_LISTED = 200


def audit_report(report: Mapping[str, Any], task: TaskSpec, data: Path) -> str:
    """One HTML page that shows no image.

    Args:
        report: as `ml.data.auditing.audit` gives it.
        data: the folder that it is of.
    """
    return page(
        "audit_report.html",
        task=task,
        folder=data.resolve().name,
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        report=report,
        balance={task.head(key).name: _rows(of_head) for key, of_head in report["balance"].items()},
        findings=[(what, len(found), found[:_MOST_LISTED]) for what, found in findings(report)],
        charts=list(_charts(report, task)),
    )


def _rows(balance: Mapping[str, Mapping[str, int]]) -> dict[str, list[int]]:
    """Label to its number of images in each part."""
    labels = dict.fromkeys(label for counts in balance.values() for label in counts)
    return {label: [counts.get(label, 0) for counts in balance.values()] for label in labels}


def _charts(report: Mapping[str, Any], task: TaskSpec) -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        for file in write_figures(report, task, Path(folder)):
            yield file.stem.replace("_", " "), data_uri(file.read_bytes())
