"""The lesion that a lesion model outlines: its mask, how large it is, and how much of it lies near the task's anatomy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml.tasks import TaskSpec
from webapp.studies.view.agreement import questions
from webapp.studies.view.numbers import lesion_area, percent, whole_percent
from webapp.words import gettext as _

if TYPE_CHECKING:
    from webapp.readings.tables import Prediction


@dataclass(frozen=True)
class Lesion:
    """What the page says of one. `file`: its mask's name in an address. Without an outline `file` and `near_joints` are empty."""

    file: str
    extent: str
    near_joints: str


def lesion_of(prediction: Prediction, spec: TaskSpec) -> Lesion | None:
    """The lesion of a lesion model's prediction; None for other models."""
    found = prediction.lesion
    if found is None:
        return None
    if not found["pixels"]:
        return Lesion("", _nothing_outlined(prediction, spec), "")
    share = _(
        "%(share)s of %(region)s",
        share=_unbroken(percent(found["share_of_region"] or 0.0)),
        region=_(spec.wording.region),
    )
    area = found["area_mm2"]
    if area is None:
        extent = _("Lesion of unknown area (the file gives no pixel spacing), %(share)s", share=share)
    else:
        extent = _("Lesion %(area)s, %(share)s", area=_unbroken(lesion_area(area)), share=share)
    return Lesion(
        file=f"{prediction.model}-lesion.png",
        extent=extent,
        near_joints=_near(found["near_joint_share"] or 0.0, spec),
    )


def _near(share: float, spec: TaskSpec) -> str:
    if not spec.wording.lesion_near:
        return ""
    near = _(spec.wording.lesion_near)
    return _("%(share)s of it near %(anatomy)s", share=_unbroken(whole_percent(share)), anatomy=near)


def _unbroken(number: str) -> str:
    """In a narrow column the sentence takes several lines; a number stays with its unit."""
    return number.replace(" ", "\N{NO-BREAK SPACE}")


def _nothing_outlined(prediction: Prediction, spec: TaskSpec) -> str:
    """Scores follow from every share, outlines from the high ones: where they part, the page says why."""
    if any(prediction.labels.get(head.key) == head.positive for head in spec.heads if head.positive):
        return _(
            "No lesion clear enough to outline: %(heads)s follow from fainter signs", heads=questions(spec)
        )
    return _("No lesion found in %(region)s", region=_(spec.wording.region))
