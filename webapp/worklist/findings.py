"""The findings of several studies as one CSV: a line a study, slice, model and question. Nothing of what is sealed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from ml.tasks import Head, UnknownTask, task
from webapp.readings.tables import Prediction
from webapp.worklist.pages import Row

COLUMNS = (
    *("study", "patient_code", "task", "uploaded_at", "state", "outside_validated_input"),
    *(
        "slice",
        "model",
        "model_version",
        "model_state",
        "question",
        "answer",
        "score",
        "uncertainty",
        "risk_of_error",
    ),
    "own_verdict",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def findings_csv(rows: Iterable[Row]) -> str:
    """The lines of these studies under COLUMNS; times in ISO 8601 with zone. A study without findings has one line."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerows([_cell(value) for value in line] for line in _lines(row))
    return text.getvalue()


def _lines(row: Row) -> Iterator[tuple[object, ...]]:
    study, reading = row.study, row.reading
    sealed = row.sealed and reading.state == "done"
    state = "sealed until your own answer" if sealed else reading.state
    outside = "yes" if reading.outside_validated_input else "no"
    about = (study.uuid, study.patient_code or "", study.task, study.created_at.isoformat(), state, outside)
    verdict = "" if row.sealed else row.verdict
    said = [] if row.sealed or reading.state != "done" else reading.predictions
    if not said:
        yield (*about, *("",) * 9, verdict)
    for prediction in said:
        for answer in _answers(prediction, study.task):
            yield (
                *about,
                _slice(row, prediction),
                prediction.model,
                prediction.version,
                prediction.state,
                *answer,
                verdict,
            )


def _slice(row: Row, prediction: Prediction) -> int:
    """Which slice of the study a model speaks of, counted from 1."""
    return prediction.image.position + 1 if row.images > 1 else 1


def _answers(prediction: Prediction, task_key: str) -> Iterator[tuple[object, ...]]:
    doubt = (_number(prediction.uncertainty), prediction.risk or "")
    asked = [head for head in _heads(task_key) if head.key in prediction.labels]
    if not asked:
        yield ("", "", "", *doubt)
    for head in asked:
        label = prediction.labels[head.key]
        yield (head.key, label, _number(prediction.scores.get(head.key, {}).get(label)), *doubt)


def _heads(task_key: str) -> tuple[Head, ...]:
    try:
        return task(task_key).heads
    except UnknownTask:
        return ()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _cell(value: object) -> str:
    """A spreadsheet would run a text that begins like a formula: a patient code may begin with a dash."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
