"""Where the commands of `python -m ml` write, and where they never do."""

from __future__ import annotations

import json
from pathlib import Path

import click


def refuse_inside(data: Path, written: Path | None) -> None:
    """Nothing is written into a data folder. Raises click.UsageError."""
    if written is not None and written.resolve().is_relative_to(data.resolve()):
        raise click.UsageError(f"Nothing is written into a data folder. Received: {written}")


def write_json(file: Path | None, value: object) -> None:
    """Writes a value as JSON; `-` prints it, None does nothing. Raises click.ClickException where it cannot be written."""
    if file is None:
        return
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    if file == Path("-"):
        click.echo(text)
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error
