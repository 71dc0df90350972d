"""What every export of a study says, gathered once: each format only writes it down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ml.cards import Card, CardError, read_card
from ml.tasks import ModelSpec, TaskSpec, task
from webapp.accounts.tables import User
from webapp.extensions import utc_now
from webapp.pages.facts import Facts, facts_of
from webapp.readings.tables import Prediction, Reading
from webapp.reviews.sealing import is_sealed
from webapp.reviews.signing import own_answers_on, verdicts_on
from webapp.reviews.tables import OwnAnswer, Verdict
from webapp.reviews.view import Review, reviews_of
from webapp.settings import current_settings
from webapp.studies.slices import predictions_on
from webapp.studies.tables import Image, Study
from webapp.studies.upload import latest_reading
from webapp.studies.view import result_of, slice_of
from webapp.studies.view.result import Result
from webapp.words import gettext as _


class NotExported(Exception):
    """A study that cannot be exported as was asked. `sentence` is for the clinician, `status` the HTTP status."""

    status = 409

    def __init__(self, *sentences: str) -> None:
        self.sentence = " ".join(sentences)
        super().__init__(self.sentence)


@dataclass(frozen=True)
class ModelFacts:
    """What is known of a model that read. `version` and `weights_sha256` are those that read, not those of today.

    `card` has the figures of each part as a whole, `facts` is the same in words; both are None without a usable card.
    """

    model: ModelSpec
    version: str
    weights_sha256: str | None
    card: Card | None
    facts: Facts | None

    @property
    def same_weights(self) -> bool:
        """Whether the card is about the weights that read."""
        return self.card is not None and self.card.weights_sha256 == self.weights_sha256


@dataclass(frozen=True)
class Content:
    """A study with its last reading, everything that was said of it, and what is known of the models.

    `result` is the reading in the words of the result page, `reviews` the verdicts on it by model, `verdicts` those on
    all readings, the earliest first.
    """

    study: Study
    image: Image
    reading: Reading
    spec: TaskSpec
    result: Result
    reviews: Mapping[str, Review]
    verdicts: tuple[Verdict, ...]
    own_answers: tuple[OwnAnswer, ...]
    models: tuple[ModelFacts, ...]
    made_at: datetime

    def prediction(self, model: str) -> Prediction | None:
        """What one model said, if it came to an end."""
        return next((p for p in predictions_on(self.reading, self.image) if p.model == model), None)

    @property
    def place(self) -> str:
        """Which slice of a stack pictures and answers are of; empty where the study is one image."""
        stack = self.result.stack
        if stack is None:
            return ""
        return _(
            "Slice %(k)s of %(n)s (%(series)s). Pictures and answers are of this slice; findings on all slices are in the "
            "JSON export.",
            k=stack.number,
            n=stack.of,
            series=stack.name,
        )


def content_of(user: User, study: Study, asked: Image | None = None) -> Content:
    """Everything about a study that this user may see. Raises NotExported.

    Args:
        asked: the slice to export; without it the one on which the result opens.
    """
    reading = latest_reading(study)
    if reading.state == "stopped":
        raise NotExported(
            _("The gate stopped this image, so there is nothing to export. Read it anyway first.")
        )
    if reading.state != "done":
        raise NotExported(
            _("This study has not been read. Wait for the end of the reading, or read it again.")
        )
    if is_sealed(user, study):
        raise NotExported(
            _("Record your own answer first. The models' answers are sealed until then, also in exports.")
        )
    spec = task(study.task)
    cards = _cards(spec)
    image = asked or slice_of(reading, spec)
    return Content(
        study=study,
        image=image,
        reading=reading,
        spec=spec,
        result=result_of(reading, spec, {key: card.thresholds for key, card in cards.items()}, image),
        reviews=reviews_of(user, study, predictions_on(reading, image), spec),
        verdicts=tuple(verdicts_on(study)),
        own_answers=tuple(own_answers_on(study)),
        models=_models(spec, predictions_on(reading, image), cards),
        made_at=utc_now(),
    )


def _cards(spec: TaskSpec) -> dict[str, Card]:
    found = {}
    for model in spec.models:
        try:
            card = read_card(spec.key, model.key, current_settings().models_dir)
        except CardError:
            continue
        found[model.key] = replace(card, figures=_whole_parts(card))
    return found


def _models(
    spec: TaskSpec, predictions: Iterable[Prediction], cards: Mapping[str, Card]
) -> tuple[ModelFacts, ...]:
    said = {prediction.model: prediction for prediction in predictions}
    return tuple(
        _facts(model, said[model.key], cards.get(model.key)) for model in spec.models if model.key in said
    )


def _facts(model: ModelSpec, prediction: Prediction, card: Card | None) -> ModelFacts:
    return ModelFacts(
        model=model,
        version=prediction.version,
        weights_sha256=prediction.weights_sha256,
        card=card,
        facts=None if card is None else facts_of(card),
    )


def _whole_parts(card: Card) -> dict[str, Any]:
    """The figures of each part as a whole: those of single patients and groups stand on the model's page."""
    return {
        part: {name: value for name, value in measured.items() if not name.startswith("by_")}
        for part, measured in card.figures.items()
    }
