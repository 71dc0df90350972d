"""What a source holds: each image with what is known of it, before anything is prepared."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

from ml.data import load
from ml.data.example import DataError, Example

COLLECTIONS = ("processed_lsd", "processed_spider", "processed_osf", "processed_tseg")

_COORDINATES = "coords_pretrain.csv"
_SUFFIXES = (".jpg", ".jpeg", ".png", ".npy")


def originals_of(task: str, source: Path) -> list[Example]:
    """Every image that a source lists, in its order.

    `lumbar` has two kinds of source: the data set with `labels.csv`, and the publication's own, four collections with
    `coords_pretrain.csv`, which knows neither patients nor masks and may list a file that is not there.

    Raises:
        DataError: the folder is no such source.
    """
    if task == "lumbar" and (source / _COORDINATES).is_file():
        return _of_collections(source)
    return load(task, source)


def _of_collections(source: Path) -> list[Example]:
    """One image for each (source, filename) of the table, which has a row for each level of the spine."""
    table = source / _COORDINATES
    try:
        with table.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            if missing := {"filename", "source"} - set(reader.fieldnames or ()):
                raise DataError(f"{table} lacks the columns {', '.join(sorted(missing))}.")
            listed = dict.fromkeys((_collection(row["source"]), row["filename"] or "") for row in reader)
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{table} is no CSV in UTF-8: {error}.") from error
    files = _files(source)
    return [
        Example(
            image_id=f"{collection}/{name}",
            path=_file(files[collection, _stem(name)], name) or source / collection / name,
            source=collection,
        )
        for collection, name in listed
    ]


def _collection(source: str | None) -> str:
    return f"processed_{(source or '').strip().lower().removeprefix('processed_')}"


def _files(source: Path) -> dict[tuple[str, str], list[Path]]:
    """Files by collection and stem. A collection's `.npy` and `.jpg` lie in folders whose names begin with its own."""
    files: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for file in sorted(source.rglob("*")):
        if file.suffix.lower() not in _SUFFIXES:
            continue
        for folder in file.relative_to(source).parts[:-1]:
            if collection := next((c for c in COLLECTIONS if folder.startswith(c)), None):
                files[collection, file.stem].append(file)
                break
    return files


def _file(candidates: list[Path], name: str) -> Path | None:
    """The file that is named, else the same slice in another format."""
    named = Path(name).suffix.lower()
    return min(candidates, key=lambda file: (file.suffix.lower() != named, file), default=None)


def _stem(name: str) -> str:
    """A name without the ending of an image; other dots (those of a UID) belong to the name."""
    path = Path(name)
    return path.stem if path.suffix.lower() in _SUFFIXES else path.name
