"""Which verdicts count, by image: the last of each reader on each model, of studies that are there and were fit to be read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ml.tasks import TaskSpec
from webapp.extensions import db
from webapp.readings.tables import Prediction
from webapp.reviews.tables import Verdict
from webapp.studies.files import study_folder
from webapp.studies.tables import Image, Study


@dataclass(frozen=True)
class ReaderSays:
    """What one reader says of one image: head to label, and the files of the outlines by kind."""

    labels: dict[str, str]
    outlines: dict[str, Path]


@dataclass
class JudgedImage:
    """One image, however often it was uploaded. `codes`: the patient codes that its studies carry."""

    image: Image
    file: Path
    codes: set[str] = field(default_factory=set)
    readers: dict[int, ReaderSays] = field(default_factory=dict)


@dataclass
class Found:
    """images: in the order of their contents, so that the order tells nothing. left_out: reason to number."""

    images: list[JudgedImage]
    left_out: Counter[str]


def judged_images(spec: TaskSpec) -> Found:
    """Every image of a task with a verdict that counts. Two uploads of the same file are one image."""
    left_out: Counter[str] = Counter()
    images: dict[str, JudgedImage] = {}
    for verdict in _last_ones(spec, left_out):
        if reason := _unfit(verdict):
            left_out[reason] += 1
            continue
        image = verdict.prediction.image
        folder = study_folder(verdict.study.uuid)
        judged = images.setdefault(image.sha256, JudgedImage(image, folder / image.file))
        judged.codes |= {verdict.study.patient_code} if verdict.study.patient_code else set()
        says = judged.readers.setdefault(verdict.user_id, ReaderSays({}, {}))
        _add(says, verdict, folder, left_out)
    return Found([images[digest] for digest in sorted(images)], left_out)


def _last_ones(spec: TaskSpec, left_out: Counter[str]) -> list[Verdict]:
    """Of each reader, image and model the last verdict, the earliest first."""
    query = (
        select(Verdict)
        .join(Study, Verdict.study_id == Study.id)
        .where(Study.task == spec.key)
        .order_by(Verdict.id)
        .options(
            joinedload(Verdict.study),
            joinedload(Verdict.prediction).joinedload(Prediction.image),
            joinedload(Verdict.prediction).joinedload(Prediction.reading),
        )
    )
    last: dict[tuple[int, int, str], Verdict] = {}
    for verdict in db.session.scalars(query):
        key = (verdict.user_id, verdict.prediction.image_id, verdict.prediction.model)
        if last.pop(key, None):
            left_out["verdicts that were superseded"] += 1
        last[key] = verdict
    return list(last.values())


def _unfit(verdict: Verdict) -> str:
    """Why a verdict gives nothing to learn from; empty where it does."""
    if verdict.study.deleted_at is not None:
        return "verdicts on deleted studies"
    if verdict.prediction.reading.outside_validated_input:
        return "verdicts on images that were read anyway, outside validated input"
    if verdict.judgement == "unusable":
        return "verdicts that call the prediction unusable"
    if not (study_folder(verdict.study.uuid) / verdict.prediction.image.file).is_file():
        return "verdicts whose image is not there any more"
    if not verdict.labels and verdict.outline_file is None:
        # To agree with an outline makes it no reader's: learning from it would repeat the model.
        return "verdicts on an outline without an outline of the reader's own"
    return ""


def _add(says: ReaderSays, verdict: Verdict, folder: Path, left_out: Counter[str]) -> None:
    """A later verdict counts more than an earlier one on another model."""
    for head, label in verdict.labels.items():
        if says.labels.get(head, label) != label:
            left_out["labels that the same reader changed in a later verdict on another model"] += 1
        says.labels[head] = label
    if verdict.outline_file and verdict.outline_kind:
        file = folder / verdict.outline_file
        if file.is_file():
            says.outlines[verdict.outline_kind] = file
        else:
            left_out["outlines whose file is not there any more"] += 1
