"""The content of an export as CSV: one line a value, so that all of it fits and every value names its model and version."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from webapp.exports.content import Content
from webapp.exports.data import as_data

COLUMNS = ("study", "outside_validated_input", "record", "number", "model", "version", "field", "value")

# What a spreadsheet takes for a formula, also in its full-width forms (OWASP, CSV injection).
_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")
_MANY = ("predictions", "verdicts", "own_answers", "models")
_ONE = {"predictions": "prediction", "verdicts": "verdict", "own_answers": "own_answer", "models": "model"}


def csv_of(content: Content) -> bytes:
    """UTF-8 with a byte order mark and CRLF, as spreadsheets expect it."""
    data = as_data(content)
    file = io.StringIO(newline="")
    lines = csv.writer(file)
    lines.writerow(COLUMNS)
    stamped = _text(content.reading.outside_validated_input)
    for record, number, model, version, field, value in _values(data):
        lines.writerow(
            (content.study.uuid, stamped, record, number, _guarded(model), _guarded(version), field, value)
        )
    return file.getvalue().encode("utf-8-sig")


def _values(data: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Record, number, model, version, field and value of every line, in the order of the data."""
    single = {
        name: value for name, value in data.items() if not isinstance(value, dict) and name not in _MANY
    }
    for field, value in _flat(single):
        yield "export", "", "", "", field, value
    for name, inner in data.items():
        if name in _MANY:
            for number, item in enumerate(inner, start=1):
                for field, value in _flat(item):
                    yield (
                        _ONE[name],
                        str(number),
                        item.get("model", ""),
                        item.get("version", ""),
                        field,
                        value,
                    )
        elif isinstance(inner, dict):
            for field, value in _flat(inner):
                yield name, "", "", "", field, value


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Paths joined by dots to values as text; places in a list count from 1. What is empty keeps its line."""
    if isinstance(value, Mapping | list | tuple) and value:
        items = value.items() if isinstance(value, Mapping) else enumerate(value, start=1)
        for name, inner in items:
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    else:
        yield _guarded(path), _guarded(value) if isinstance(value, str) else _text(value)


def _text(value: object) -> str:
    """Numbers and true or false as JSON writes them; nothing for null and for what is empty."""
    return json.dumps(value) if isinstance(value, bool | int | float) else ""


def _guarded(text: str) -> str:
    """Text that a spreadsheet would calculate gets an apostrophe before it."""
    return f"'{text}" if _FORMULA.match(text) else text
