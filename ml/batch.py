"""Reading many files, one after the other: what goes wrong with one of them stays with it."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ml import tasks
from ml.data.example import Example
from ml.images.decode import DecodedImage, decode
from ml.images.errors import ImageError, Limits, TooManyBytes

if TYPE_CHECKING:
    from ml.lesion import Lesion
    from ml.reading import Prediction

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileReading:
    """What came of one file, in the words of a reading.

    `state` is `done` (at least one model answered), `failed` (`error` says why) or `stopped` by the gate.
    """

    file: Path
    state: Literal["done", "failed", "stopped"]
    error: str | None = None
    gate: dict[str, Any] | None = None
    predictions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing failed: neither the file nor any of its models."""
        return self.state != "failed" and all(p["state"] != "failed" for p in self.predictions)

    def to_json(self) -> dict[str, Any]:
        """`{file, state, error, gate, predictions}`."""
        return {
            "file": str(self.file),
            "state": self.state,
            "error": self.error,
            "gate": self.gate,
            "predictions": self.predictions,
        }


def files_of(named: Sequence[Path]) -> list[Path]:
    """The files named, and all files of the folders named (hidden ones apart), in order, each once."""
    files: dict[Path, None] = {}
    for path in named:
        inside = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        for file in inside:
            if file == path or not any(name.startswith(".") for name in file.relative_to(path).parts):
                files[file] = None
    return list(files)


def read_files(
    files: Sequence[Path],
    task: str,
    models: Sequence[str],
    out: Path | None = None,
    prepared: bool = False,
) -> Iterator[FileReading]:
    """Read each file with these models; with `out`, regions, lesions, heatmaps and overlays are put there.

    Pictures are named `<stem>-<model>-region.png`, `...-lesion.png`, `...-heatmap.png`, `...-heatmap_focused.png` (as
    `ml.images.store` makes them) and `...-overlay.png` (colour, for the eye). Where files share a stem, those
    of the later ones get a number. `prepared`: the files have had the task's sampling and equalisation already, as those of
    a training folder may.

    Raises:
        UnknownTask, UnknownModel: before anything is read.
    """
    spec = tasks.task(task)
    chosen = [model.key for model in spec.chosen(tuple(models))]
    stems: Counter[str] = Counter()
    for file in files:
        stems[file.stem] += 1
        stem = file.stem if stems[file.stem] == 1 else f"{file.stem}-{stems[file.stem]}"
        yield _read_file(file, spec, chosen, out / stem if out else None, prepared)


def read_image(file: Path) -> DecodedImage:
    """Decode a file. Raises ImageError, or OSError where it cannot be opened."""
    size, limits = file.stat().st_size, Limits()
    if size > limits.max_bytes:
        raise TooManyBytes(size, limits.max_bytes)
    return decode(file.read_bytes(), limits)


def read_example(example: Example) -> DecodedImage:
    """Decode the image of an example, as prepared as its data set has it. Raises as `read_image`."""
    return replace(read_image(example.path), prepared=example.prepared)


def _read_file(
    file: Path, spec: tasks.TaskSpec, models: list[str], out: Path | None, prepared: bool
) -> FileReading:
    from ml import reading

    try:
        image = replace(read_image(file), prepared=prepared)
        findings = reading.check(image, spec.key, models)
        if findings.state == "stopped":
            return FileReading(file, "stopped", findings.sentence, findings.to_json())
        predictions = []
        for prediction in reading.read(image, spec.key, models, findings):
            if prediction.detail:
                _log.error("%s, %s:\n%s", file, prediction.model, prediction.detail)
            stored = _store(image, prediction, spec, out) if out else {}
            predictions.append(_as_json(prediction, spec) | {"files": stored})
    except ImageError as error:
        return FileReading(file, "failed", error.sentence)
    except OSError as error:
        return FileReading(file, "failed", f"{error.filename or file}: {error.strerror or error}.")
    except Exception as error:  # noqa: BLE001 - whatever it is, the files after this one are still read
        _log.error("%s:\n%s", file, traceback.format_exc())
        return FileReading(file, "failed", getattr(error, "sentence", "The reading of this file broke off."))
    if any(prediction["state"] == "done" for prediction in predictions):
        return FileReading(file, "done", None, findings.to_json(), predictions)
    return FileReading(file, "failed", "None of the models gave an answer.", findings.to_json(), predictions)


def _as_json(prediction: Prediction, spec: tasks.TaskSpec) -> dict[str, Any]:
    return {
        "model": prediction.model,
        "version": prediction.version,
        "weights_sha256": prediction.weights_sha256,
        "state": prediction.state,
        "sentence": prediction.sentence,
        **{head.key: head.answer(prediction.labels.get(head.key)) for head in spec.heads},
        "scores": prediction.scores,
        "uncertainty": prediction.uncertainty,
        "risk": prediction.risk,
        "region_px": prediction.region_px,
        "area_mm2": prediction.area_mm2,
        "lesion": _lesion_as_json(prediction.lesion) if prediction.lesion else None,
        "focus": prediction.focus,
        "seconds": prediction.seconds,
        "precision": prediction.precision,
    }


def _lesion_as_json(lesion: Lesion) -> dict[str, Any]:
    return {
        "pixels": lesion.pixels,
        "share_of_region": lesion.share_of_region,
        "area_mm2": lesion.area_mm2,
        "near_joint_share": lesion.near_joint_share,
        "burden": lesion.burden,
    }


def _store(image: DecodedImage, prediction: Prediction, spec: tasks.TaskSpec, out: Path) -> dict[str, str]:
    from ml.explain.overlay import overlay, png
    from ml.images.store import heatmap_png, mask_png

    pictures = {}
    if prediction.region is not None:
        pictures["region"] = mask_png(prediction.region)
    if prediction.lesion is not None:
        pictures["lesion"] = mask_png(prediction.lesion.mask)
    if prediction.heatmap is not None:
        pictures["heatmap"] = heatmap_png(prediction.heatmap)
    if prediction.heatmap_focused is not None:
        pictures["heatmap_focused"] = heatmap_png(prediction.heatmap_focused)
    if pictures:
        pictures["overlay"] = png(overlay(image, prediction, spec.preparation))
    out.parent.mkdir(parents=True, exist_ok=True)
    stored = {}
    for name, data in pictures.items():
        place = out.with_name(f"{out.name}-{prediction.model}-{name}.png")
        place.write_bytes(data)
        stored[name] = str(place)
    return stored
