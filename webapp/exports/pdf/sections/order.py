"""The report from top to bottom: verdicts first, then the answers, pictures, scores, and what is known of the models."""

from __future__ import annotations

from collections.abc import Iterable

from reportlab.platypus import Flowable

from webapp.exports.content import Content
from webapp.exports.pdf.look import BODY, BULLET, HEADING, STAMP
from webapp.exports.pdf.sections.answers import agreement, findings, scores
from webapp.exports.pdf.sections.illustrations import illustrations
from webapp.exports.pdf.sections.model_facts import model_facts
from webapp.exports.pdf.sections.verdicts import verdict_history, verdict_title
from webapp.exports.pdf.tags import TaggedParagraph
from webapp.exports.pdf.text import escaped, paragraph
from webapp.formats import day_time
from webapp.words import gettext as _


def sections(content: Content) -> list[Flowable]:
    """Everything between head and foot."""
    return [
        *_stamp(content),
        *verdict_title(content),
        *agreement(content),
        *illustrations(content),
        *findings(content),
        *scores(content),
        *verdict_history(content),
        *_reading(content),
        *_limits(content),
        *model_facts(content),
    ]


def _stamp(content: Content) -> Iterable[Flowable]:
    reading = content.reading
    if not reading.outside_validated_input:
        return
    said = _(
        "Read anyway by %(by)s, %(when)s: “%(reason)s”",
        by=reading.anyway_by,
        when=day_time(reading.created_at),
        reason=reading.anyway_reason,
    )
    gate = str((reading.gate or {}).get("sentence") or "")
    if gate:
        said += " " + _("The gate had said: %(sentence)s", sentence=gate)
    yield TaggedParagraph(f"<b>{escaped(_('Outside validated input.'))}</b> {escaped(said)}", STAMP)


def _reading(content: Content) -> Iterable[Flowable]:
    result, reading = content.result, content.reading
    yield paragraph(_("Reading and image"), HEADING)
    if result.patient_code:
        yield paragraph(_("Patient code %(code)s", code=result.patient_code), BODY)
    image = _("%(image)s. Study of %(when)s", image=result.image, when=day_time(result.uploaded_at))
    yield paragraph(image, BODY)
    if reading.ended_at is not None:
        yield paragraph(
            _("Reading %(id)s, ended %(when)s.", id=reading.id, when=day_time(reading.ended_at)), BODY
        )
    if result.gate and result.gate.kind:
        if reading.outside_validated_input:
            yield paragraph(
                _("The gate had stopped this image; it saw: %(kind)s.", kind=_(result.gate.kind)), BODY
            )
        else:
            yield paragraph(_("Gate passed: %(kind)s.", kind=_(result.gate.kind)), BODY)
    if result.note:
        yield paragraph(_("Note: %(note)s", note=result.note), BODY)
    for sentence in result.image_warnings:
        yield paragraph(_("Warning: %(sentence)s", sentence=sentence), BODY)
    yield paragraph(_("Study %(uuid)s", uuid=result.uuid), BODY)


def _limits(content: Content) -> Iterable[Flowable]:
    limits = content.spec.wording.limits
    if limits:
        yield paragraph(_("Limits of this task"), HEADING)
        yield from (paragraph(_(limit), BULLET, bullet="•") for limit in limits)
