"""One column of the result page: what one model says of the image, in words, numbers and pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml.tasks import Head, ModelSpec, TaskSpec
from webapp.studies.view import agreement
from webapp.studies.view.agreement import Count
from webapp.studies.view.lesion import Lesion, lesion_of
from webapp.studies.view.numbers import area, percent, score, seconds, width
from webapp.words import gettext as _

if TYPE_CHECKING:
    from webapp.readings.tables import Prediction, Reading

WHOLE = (0.0, 1.0, 0.0, 1.0)  # a focus box that leaves nothing out


@dataclass(frozen=True)
class Bar:
    """One score. `key` is the label's own name; `width` and `limit` are lengths for SVG, `limit` empty without a threshold."""

    key: str
    label: str
    text: str
    width: str
    top: bool
    limit: str
    title: str


@dataclass(frozen=True)
class Answer:
    """One head: its label, and the scores of all its labels in their order.

    `positive` is None where there are more than two labels, or no positive one. `decided` says where the positive
    label begins, as far as the card tells. `charted`: all scores stand in the chart of the headline.
    """

    key: str
    name: str
    label: str
    positive: bool | None
    decided: str
    charted: bool
    bars: tuple[Bar, ...]

    @property
    def top(self) -> Bar | None:
        """The score of the label that is given; None where it has none."""
        return next((bar for bar in self.bars if bar.top), None)


@dataclass(frozen=True)
class Heatmap:
    """A stored heatmap. `key`: focused or unfocused; `file`: its name in an address."""

    key: str
    name: str
    file: str
    text: str


@dataclass(frozen=True)
class Column:
    """One chosen model. `state`: done, or failed, not_applicable, missing with a `sentence`."""

    key: str
    name: str
    short: str
    code: str
    kind: str
    version: str
    state: str
    sentence: str
    answers: tuple[Answer, ...]
    differs: str
    risk: str
    uncertainty: str
    region: str
    region_of: str
    area: str
    share: str
    lesion: Lesion | None
    heatmaps: tuple[Heatmap, ...]
    seconds: str
    precision: str

    @property
    def answer(self) -> str:
        """All labels in one line: “Positive, Moderate”."""
        return ", ".join(_(answer.label) for answer in self.answers)

    @property
    def positive(self) -> bool | None:
        """Whether the first head of a positive label and another gives the positive one; None without such a head."""
        return next((answer.positive for answer in self.answers if answer.positive is not None), None)

    def answer_to(self, head: str) -> Answer | None:
        """The answer to one head, if there is one."""
        return next((answer for answer in self.answers if answer.key == head), None)


def short_name(name: str) -> str:
    """A model's name without what stands in brackets: “Hybrid v1”."""
    return re.sub(r"\s*\(.*?\)", "", name)


def code_of(name: str) -> str:
    """The short tag of a model: initials of its name, brackets left out; “Hybrid v2 (Dense)” is “HV2”."""
    words = re.findall(r"[A-Za-z0-9]+", short_name(name))
    return "".join(word if any(c.isdigit() for c in word) else word[0] for word in words).upper()[:4]


def column_of(
    model: ModelSpec,
    prediction: Prediction | None,
    reading: Reading,
    spec: TaskSpec,
    counts: Sequence[Count],
    thresholds: Mapping[str, Mapping[str, float]],
) -> Column:
    """The column of one chosen model; `prediction` is None where the reading ended without one."""
    if prediction is None:
        return _column(model, "", "missing", _("This reading ended before this model ran."))
    if prediction.state != "done":
        return _column(
            model,
            prediction.version,
            prediction.state,
            prediction.sentence or _("This model gave no answer."),
            seconds=seconds(prediction.seconds) if prediction.state == "failed" else "",
        )
    limits = thresholds.get(model.key, {})
    region, region_of = _region(prediction, reading, spec)
    image = next(
        (one for one in reading.study.images if one.id == prediction.image_id), reading.study.images[0]
    )
    own = model.kind == "region"
    empty = own and not prediction.region_px
    main = agreement.main_head(spec)
    return _column(
        model,
        prediction.version,
        "done",
        _("No region was found in this image.") if empty else "",
        answers=tuple(
            _answer(head, prediction, limits.get(head.key), not head.ordinal and head == main)
            for head in spec.heads
            if head.key in prediction.labels
        ),
        differs=_differs(prediction, counts, spec),
        risk=prediction.risk or "",
        uncertainty="" if prediction.uncertainty is None else score(prediction.uncertainty),
        region=region,
        region_of=region_of,
        area=area(prediction.area_mm2, prediction.region_px) if own and not empty else "",
        share=percent(prediction.region_px / (image.rows * image.columns))
        if own and prediction.region_px
        else "",
        lesion=lesion_of(prediction, spec),
        heatmaps=_heatmaps(prediction, spec),
        seconds=seconds(prediction.seconds),
        precision="" if prediction.precision == "float32" else prediction.precision,
    )


def _column(
    model: ModelSpec,
    version: str,
    state: str,
    sentence: str,
    *,
    answers: tuple[Answer, ...] = (),
    lesion: Lesion | None = None,
    heatmaps: tuple[Heatmap, ...] = (),
    **words: str,
) -> Column:
    blank = dict.fromkeys(
        ("differs", "risk", "uncertainty", "region", "region_of", "area", "share", "seconds", "precision"), ""
    )
    return Column(
        key=model.key,
        name=model.name,
        short=short_name(model.name),
        code=code_of(model.name),
        kind=model.kind,
        version=version,
        state=state,
        sentence=sentence,
        answers=answers,
        lesion=lesion,
        heatmaps=heatmaps,
        **{**blank, **words},
    )


def _answer(head: Head, prediction: Prediction, limit: float | None, charted: bool) -> Answer:
    said = prediction.labels[head.key]
    scores = prediction.scores.get(head.key, {})
    # Of more than two labels the highest score is given: a threshold decides nothing there.
    limit = limit if head.binary else None
    return Answer(
        key=head.key,
        name=_(head.name),
        label=said,
        positive=said == head.positive if head.binary else None,
        decided="" if limit is None else _begins(head, limit),
        charted=charted,
        bars=tuple(
            _bar(head, label, scores[label], label == said, limit if label == head.positive else None)
            for label in head.labels
            if label in scores
        ),
    )


def _begins(head: Head, limit: float) -> str:
    return _("%(label)s from %(limit)s", label=_(head.positive or ""), limit=score(limit))


def _bar(head: Head, label: str, value: float, top: bool, limit: float | None) -> Bar:
    title = _("%(head)s %(label)s: score %(score)s", head=_(head.name), label=_(label), score=score(value))
    if limit is not None:
        title += ". " + _begins(head, limit)
    return Bar(label, _(label), score(value), width(value), top, "" if limit is None else width(limit), title)


def _differs(prediction: Prediction, counts: Sequence[Count], spec: TaskSpec) -> str:
    """How this model lies from the majority: on the main head first, else on another."""
    main = agreement.main_head(spec).key
    ordered = sorted(counts, key=lambda count: count.head.key != main)
    found = (agreement.differs(c.head, prediction.labels.get(c.head.key, ""), c.majority) for c in ordered)
    return next((words for words in found if words), "")


def _region(prediction: Prediction, reading: Reading, spec: TaskSpec) -> tuple[str, str]:
    """The outline that the column shows and whose it is: its own, else the region model's where chosen."""
    names = {model.key: model.name for model in spec.models}
    if "region" in prediction.files:
        shown = spec.model(prediction.model)
        owner = spec.region_model if shown.kind == "classification" and spec.region_model else shown.key
        return f"{prediction.model}-region.png", names[owner]
    for other in reading.predictions:
        if other.image_id != prediction.image_id:
            continue
        if other.model == spec.region_model and other.state == "done" and "region" in other.files:
            return f"{other.model}-region.png", names[other.model]
    return "", ""


def _heatmaps(prediction: Prediction, spec: TaskSpec) -> tuple[Heatmap, ...]:
    whole = _("Whole image")
    unfocused = f"{prediction.model}-heatmap.png" if "heatmap" in prediction.files else ""
    if spec.region_model is None:
        # Nothing to focus on: one heatmap, which needs no word that tells it from another.
        return (Heatmap("unfocused", _("Heatmap"), unfocused, whole),) if unfocused else ()
    found = []
    if "heatmap_focused" in prediction.files:
        text = _focus(prediction, spec, spec.region_model)
        found.append(Heatmap("focused", _("Focused"), f"{prediction.model}-heatmap_focused.png", text))
    if unfocused:
        found.append(Heatmap("unfocused", _("Unfocused"), unfocused, whole))
    return tuple(found)


def _focus(prediction: Prediction, spec: TaskSpec, region_model: str) -> str:
    """What the focused heatmap was kept to; without a region that is the task's box, which may be the whole image."""
    if prediction.focus == "region":
        return _("Focused on the region of %(name)s", name=spec.model(region_model).name)
    if spec.focus_box == WHOLE:
        return _("Whole image: no region was found to focus on")
    return _("Focused on a fixed box: no region was found")
