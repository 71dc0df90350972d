"""What a model said is kept: files first, then one row, exactly once; and what was said before is found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.extensions import db
from webapp.readings import claims
from webapp.readings.tables import Prediction
from webapp.studies import files
from webapp.studies.tables import Image, Study
from webapp.transactions import committed

_COPIED = (
    "model",
    "version",
    "weights_sha256",
    "fingerprint",
    "state",
    "sentence",
    "scores",
    "labels",
    "uncertainty",
    "risk",
    "seconds",
    "precision",
    "region_px",
    "area_mm2",
    "lesion",
    "focus",
)


@dataclass(frozen=True)
class Place:
    """Where a prediction belongs, and which worker may put it there."""

    reading_id: int
    image_id: int
    study_uuid: str
    worker: str


def store(place: Place, prediction: Prediction, pictures: Mapping[str, bytes]) -> None:
    """Keep one prediction with its pictures (kind of picture to PNG bytes).

    A prediction that is already there stays as it is. Raises LostClaim, DiskFull: then nothing was kept.
    """
    names: dict[str, str] = {}
    try:
        for kind, data in pictures.items():
            names[kind] = files.add_file(place.study_uuid, f"{prediction.model}-{kind}", ".png", data)
        prediction.files = names
        committed(lambda: _insert(place, prediction))
    except IntegrityError:
        files.remove_files(place.study_uuid, list(names.values()))
    except (claims.LostClaim, files.DiskFull):
        files.remove_files(place.study_uuid, list(names.values()))
        raise


def reuse(place: Place, fingerprint: str) -> bool:
    """Answer from an earlier prediction of the same weights on the same pixels. False where there is none."""
    earlier = _earlier(fingerprint)
    if earlier is None:
        return False
    prediction, study_uuid = earlier
    try:
        pictures = {
            kind: (files.study_folder(study_uuid) / name).read_bytes()
            for kind, name in prediction.files.items()
        }
    except FileNotFoundError:
        return False
    store(place, Prediction(**{name: getattr(prediction, name) for name in _COPIED}), pictures)
    return True


def stored_models(reading_id: int) -> dict[int, set[str]]:
    """Image id to the models whose predictions on it are already kept."""
    kept: dict[int, set[str]] = {}
    query = select(Prediction.image_id, Prediction.model).where(Prediction.reading_id == reading_id)
    for image_id, model in db.session.execute(query):
        kept.setdefault(image_id, set()).add(model)
    return kept


def _insert(place: Place, prediction: Prediction) -> None:
    claims.hold(place.reading_id, place.worker)
    # A transaction that is tried again needs a new object: the session forgot the one that it rolled back.
    values = {name: getattr(prediction, name) for name in (*_COPIED, "files", "detail")}
    db.session.add(Prediction(reading_id=place.reading_id, image_id=place.image_id, **values))


def _earlier(fingerprint: str) -> tuple[Prediction, str] | None:
    query = (
        select(Prediction, Study.uuid)
        .join(Image, Prediction.image_id == Image.id)
        .join(Study, Image.study_id == Study.id)
        .where(Prediction.fingerprint == fingerprint, Prediction.state == "done")
        .order_by(Prediction.id.desc())
        .limit(1)
    )
    found = db.session.execute(query).first()
    return (found[0], found[1]) if found else None
