"""The worker as `flask --app webapp worker` runs it, with models that do what files in the folder STAGE say.

A file there named after a model and a verb makes that model behave: `unet_best.block` waits until it is gone,
`unet_best.kill` kills its process, `unet_best.fail` answers with a sentence, `unet_best.raise` breaks off,
`unet_best.refuse` lets the gate refuse the model. The gate stops while `gate.stop` is there, and then finds no task
either; else it finds the first. Each model that runs
adds its key to `calls`; none is answered from earlier while `fingerprint.none` is there. With REAL_MODELS in the
environment only the gate is replaced.
"""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from flask.cli import ScriptInfo

import ml.reading
from ml.gate.findings import GateFindings
from ml.images.decode import DecodedImage
from ml.lesion import lesion_of
from ml.tasks import TaskSpec, offered, task
from webapp import create_app
from webapp.studies import files

STAGE = Path(os.environ["STAGE"])
POSITIVE = {
    "as_status": {"Negative": 0.2, "Positive": 0.8},
    "stage": {"Normal": 0.1, "Early": 0.6, "Moderate": 0.3},
}


def check(image: DecodedImage, task_key: str, models: Sequence[str]) -> GateFindings:
    if (STAGE / "gate.stop").exists():
        return GateFindings("other", {"other": 1.0}, "stopped", "This is no such image.", {})
    refused = {model: "Not for such a slice." for model in models if (STAGE / f"{model}.refuse").exists()}
    return GateFindings("STIR", {"STIR": 1.0}, "passed", None, refused)


def find_task(image: DecodedImage) -> tuple[TaskSpec | None, GateFindings]:
    spec = offered()[0]
    findings = check(image, spec.key, [model.key for model in spec.models])
    return None if findings.state == "stopped" else spec, findings


def read(
    image: DecodedImage, task_key: str, models: Sequence[str], findings: GateFindings
) -> Iterator[ml.reading.Prediction]:
    for model in task(task_key).chosen(list(models)):
        if model.key in findings.not_applicable:
            yield ml.reading.Prediction(
                model.key, "1.0.0", None, "not_applicable", findings.not_applicable[model.key]
            )
            continue
        with (STAGE / "calls").open("a") as calls:
            calls.write(model.key + "\n")
        yield _behave(model.key, model.kind, image)


def fingerprint(image: DecodedImage, task_key: str, model: str) -> str:
    if (STAGE / "fingerprint.none").exists():
        return ""
    return hashlib.sha256(image.pixels.tobytes() + model.encode()).hexdigest()


def _behave(model: str, kind: str, image: DecodedImage) -> ml.reading.Prediction:
    while (STAGE / f"{model}.block").exists():
        time.sleep(0.01)
    if (STAGE / f"{model}.kill").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    if (STAGE / f"{model}.raise").exists():
        raise RuntimeError("nobody foresaw this")
    if (STAGE / f"{model}.fail").exists():
        return ml.reading.Prediction(model, "1.0.0", None, "failed", f"The weights of {model} are missing.")
    common: dict[str, Any] = {
        "model": model,
        "version": "1.0.0",
        "weights_sha256": "0" * 64,
        "state": "done",
        "seconds": 0.5,
    }
    if kind == "region":
        region = image.pixels > image.pixels.mean()
        return ml.reading.Prediction(**common, region=region, region_px=int(region.sum()))
    said: dict[str, Any] = {
        "scores": POSITIVE,
        "labels": {"as_status": "Positive", "stage": "Early"},
        "uncertainty": 0.3,
        "risk": "MEDIUM",
    }
    if kind == "lesion":
        shares = image.pixels.astype(np.float32) / 255
        lesion = lesion_of(shares, image.pixels > 0, 0.5, image.pixel_mm, bright_share=0.1)
        return ml.reading.Prediction(**common, **said, lesion=lesion)
    heatmap = image.pixels.astype(np.float32) / max(1, int(image.pixels.max()))
    return ml.reading.Prediction(
        **common,
        **said,
        heatmap=heatmap,
        heatmap_focused=heatmap,
        focus="box",
    )


def _write(path: Path, data: bytes) -> None:
    if (STAGE / "disk.full").exists():
        raise OSError(errno.ENOSPC, "No space left on device")
    _really_write(path, data)


if __name__ == "__main__":
    # A drawn phantom is no MRI to the real gate, so the real models are only met behind this one.
    ml.reading.check, ml.reading.find_task = check, find_task  # type: ignore[assignment]
    if "REAL_MODELS" not in os.environ:
        ml.reading.read, ml.reading.fingerprint = read, fingerprint  # type: ignore[assignment]
    _really_write, files._write = files._write, _write
    app = create_app()
    app.cli.main(["worker"], obj=ScriptInfo(create_app=lambda: app))
