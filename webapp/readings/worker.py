"""The worker: takes a reading, runs the gate and the models, keeps each prediction as it comes.

The one module of the web application that imports `ml.reading`, and so the networks.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select, update

import ml.reading
from ml.images.decode import DecodedImage, decode
from ml.images.errors import ImageError, Limits
from ml.images.store import heatmap_png, mask_png
from ml.lesion import Lesion
from ml.tasks import FIND_TASK, TaskSpec, task
from webapp.extensions import db
from webapp.readings import claims
from webapp.readings.consumer import current_heartbeat, is_stopping
from webapp.readings.queue import ring
from webapp.readings.stack import answers_on_stack
from webapp.readings.store import Place, reuse, store, stored_models
from webapp.readings.summary import Said, summarise
from webapp.readings.sweep import worn_out
from webapp.readings.tables import Prediction, Reading
from webapp.studies import files
from webapp.studies.tables import Image, Study
from webapp.transactions import committed, is_disk_full

logger = logging.getLogger(__name__)

# What is stored was checked when it came, and a lossless copy may be larger than the upload.
_STORED = Limits(max_bytes=sys.maxsize)


class CannotRead(Exception):
    """This reading fails, and trying again would not help. `sentence` is for the clinician."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class _Stopping(Exception):
    """The worker is told to stop; the reading waits for the next one."""


@dataclass(frozen=True)
class _Slice:
    """One slice to be read. `position` counts through the study from 0."""

    position: int
    place: Place
    file: str


@dataclass(frozen=True)
class _Order:
    """What is to be read, taken from the rows once."""

    reading_id: int
    study_uuid: str
    worker: str
    task: str
    models: tuple[str, ...]
    slices: tuple[_Slice, ...]
    attempt: int
    anyway: bool


def read_reading(reading_id: int) -> None:
    """Take this reading if it waits, and bring it to an end. Returns at once when there is nothing to take."""
    heartbeat = current_heartbeat()
    if is_stopping() or not claims.claim(reading_id, heartbeat.id, heartbeat.lease):
        return
    with heartbeat.holding(reading_id):
        order = _order(reading_id, heartbeat.id)
        logger.info("study %s: reading %s begins, attempt %s", order.study_uuid, reading_id, order.attempt)
        try:
            _read(order)
        except claims.LostClaim:
            logger.info("study %s: reading %s was taken away", order.study_uuid, reading_id)
        except _Stopping:
            claims.give_back(reading_id, heartbeat.id, attempt_counts=False)
            ring(reading_id)
        except Exception as error:  # noqa: BLE001 - whatever ends this reading, the next one has to go on
            db.session.rollback()
            _answer_for(order, error)


def _read(order: _Order) -> None:
    images = _Images(order)
    order, whole, of_slices = _checked(order, images)
    if whole.state == "stopped":
        claims.end(order.reading_id, order.worker, "stopped", error=whole.sentence)
        return
    kept = stored_models(order.reading_id)
    for slice_, findings in zip(order.slices, of_slices, strict=True):
        missing = [model for model in order.models if model not in kept.get(slice_.place.image_id, ())]
        if missing:
            _read_slice(order, slice_, images.of(slice_), missing, findings)
    _conclude(order)


def _read_slice(
    order: _Order,
    slice_: _Slice,
    image: DecodedImage,
    models: Sequence[str],
    findings: ml.reading.GateFindings,
) -> None:
    prints = {model: ml.reading.fingerprint(image, order.task, model) for model in models}
    # What the gate says of this file comes before what was said of the same pixels in another.
    known = [model for model in models if prints[model] and model not in findings.not_applicable]
    rest = [model for model in models if not (model in known and reuse(slice_.place, prints[model]))]
    answers = ml.reading.read(image, order.task, rest, findings)
    for model in rest:
        _go_on()
        _hold(order, current_model=model, current_slice=slice_.position)
        answer = next(answers)
        store(slice_.place, _row(answer, prints[answer.model]), _pictures(answer))
        if answer.detail:
            logger.error("study %s: %s failed: %s", order.study_uuid, answer.model, answer.detail)


def _go_on() -> None:
    if is_stopping():
        raise _Stopping


def _checked(
    order: _Order, images: _Images
) -> tuple[_Order, ml.reading.GateFindings, list[ml.reading.GateFindings]]:
    """What the gate says of the study, kept with the reading, and of each slice; the order with its task if it had to be found.

    Whoever wants the study read anyway gets it read by all models; the row still says what the gate said.
    """
    found = None
    judged: dict[int, ml.reading.GateFindings] = {}
    if order.task == FIND_TASK.key:
        middle = order.slices[len(order.slices) // 2]
        found, findings = ml.reading.find_task(images.of(middle))
        if found is None:
            committed(lambda: _keep_findings(order, findings, None))
            return order, findings, []
        judged[middle.position] = findings
        order = replace(order, task=found.key, models=tuple(model.key for model in found.models))
    for slice_ in order.slices:
        _go_on()
        if slice_.position not in judged:
            judged[slice_.position] = ml.reading.check(images.of(slice_), order.task, order.models)
    of_slices = [judged[slice_.position] for slice_ in order.slices]
    whole = ml.reading.whole_of(of_slices)
    committed(lambda: _keep_findings(order, whole, found))
    if order.anyway:
        of_slices = [replace(one, state="passed", sentence=None, not_applicable={}) for one in of_slices]
        return order, of_slices[0], of_slices
    return order, whole, [ml.reading.within_stack(one, order.models) for one in of_slices]


def _keep_findings(order: _Order, findings: ml.reading.GateFindings, found: TaskSpec | None) -> None:
    claims.hold(
        order.reading_id,
        order.worker,
        gate=findings.to_json(),
        models=list(order.models),
        current_model=None,
    )
    if found is not None:
        db.session.execute(update(Study).where(Study.uuid == order.study_uuid).values(task=found.key))


def _conclude(order: _Order) -> None:
    """Done when at least one model answered; else failed, with what the first model that failed says."""
    query = select(Prediction).where(Prediction.reading_id == order.reading_id).order_by(Prediction.id)
    said = list(db.session.scalars(query))
    if not any(p.state == "done" for p in said):
        failed = [p for p in said if p.state == "failed"] or said
        reason = next((p.sentence for p in failed if p.sentence), "")
        raise CannotRead(f"No model could read this image. {reason}".strip())
    summary = summarise(task(order.task), _on_study(order, said))
    claims.end(order.reading_id, order.worker, "done", summary)
    logger.info("study %s: reading %s done", order.study_uuid, order.reading_id)


def _on_study(order: _Order, said: Sequence[Prediction]) -> Sequence[Said]:
    """One answer a model: its prediction where there is one slice."""
    if len(order.slices) == 1:
        return said
    images = select(Image).join(Image.study).where(Study.uuid == order.study_uuid)
    return answers_on_stack(task(order.task), said, list(db.session.scalars(images)))


class _Images:
    """The slices of an order, decoded when they are asked for; only the last is kept."""

    def __init__(self, order: _Order) -> None:
        self._folder = files.study_folder(order.study_uuid)
        self._last: tuple[str, DecodedImage] | None = None

    def of(self, slice_: _Slice) -> DecodedImage:
        """Raises CannotRead."""
        if self._last is None or self._last[0] != slice_.file:
            self._last = slice_.file, self._decoded(slice_)
        return self._last[1]

    def _decoded(self, slice_: _Slice) -> DecodedImage:
        try:
            return decode((self._folder / slice_.file).read_bytes(), _STORED)
        except FileNotFoundError:
            raise CannotRead(
                "The stored image of this study is not there any more. Please upload the image again."
            ) from None
        except ImageError as error:
            raise CannotRead(error.sentence) from error


def _order(reading_id: int, worker: str) -> _Order:
    reading = db.session.get_one(Reading, reading_id)
    study = reading.study
    order = _Order(
        reading_id,
        study.uuid,
        worker,
        study.task,
        tuple(reading.models),
        tuple(
            _Slice(image.position, Place(reading_id, image.id, study.uuid, worker), image.file)
            for image in study.images
        ),
        reading.attempt,
        reading.outside_validated_input,
    )
    db.session.rollback()
    return order


def _hold(order: _Order, **values: object) -> None:
    committed(lambda: claims.hold(order.reading_id, order.worker, **values))


def _fail(order: _Order, sentence: str, detail: str | None = None) -> None:
    logger.error("study %s: reading %s failed: %s", order.study_uuid, order.reading_id, sentence)
    claims.end(order.reading_id, order.worker, "failed", error=sentence, detail=detail)


def _answer_for(order: _Order, error: Exception) -> None:
    """Fail with the error's own sentence; what nobody foresaw may have been the moment, so that is tried again."""
    trace = traceback.format_exc()
    if is_disk_full(error):
        _fail(order, files.DiskFull.sentence, trace)
    elif isinstance(sentence := getattr(error, "sentence", None), str):
        _fail(order, sentence, trace)
    else:
        logger.exception("study %s: reading %s broke off", order.study_uuid, order.reading_id)
        _try_again(order, trace)


def _try_again(order: _Order, trace: str) -> None:
    if order.attempt >= claims.ATTEMPTS:
        model = db.session.scalar(select(Reading.current_model).where(Reading.id == order.reading_id))
        _fail(order, worn_out(order.task, model), detail=trace)
    elif claims.give_back(order.reading_id, order.worker, attempt_counts=True):
        ring(order.reading_id)


def _row(answer: ml.reading.Prediction, fingerprint: str) -> Prediction:
    return Prediction(
        model=answer.model,
        version=answer.version,
        weights_sha256=answer.weights_sha256,
        fingerprint=fingerprint or None,
        state=answer.state,
        sentence=answer.sentence,
        scores=answer.scores,
        labels=answer.labels,
        uncertainty=answer.uncertainty,
        risk=answer.risk,
        seconds=answer.seconds,
        precision=answer.precision,
        region_px=answer.region_px,
        area_mm2=answer.area_mm2,
        lesion=_numbers(answer.lesion) if answer.lesion else None,
        focus=answer.focus,
        detail=answer.detail,
    )


def _numbers(lesion: Lesion) -> dict[str, float | None]:
    return {
        "pixels": lesion.pixels,
        "share_of_region": lesion.share_of_region,
        "area_mm2": lesion.area_mm2,
        "near_joint_share": lesion.near_joint_share,
        "burden": lesion.burden,
    }


def _pictures(answer: ml.reading.Prediction) -> dict[str, bytes]:
    pictures = {}
    if answer.region is not None:
        pictures["region"] = mask_png(answer.region)
    if answer.lesion is not None:
        pictures["lesion"] = mask_png(answer.lesion.mask)
    if answer.heatmap is not None:
        pictures["heatmap"] = heatmap_png(answer.heatmap)
    if answer.heatmap_focused is not None:
        pictures["heatmap_focused"] = heatmap_png(answer.heatmap_focused)
    return pictures
