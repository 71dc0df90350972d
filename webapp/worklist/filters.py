"""What the worklist is narrowed to and in which order it stands: read from an address, written into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ml.tasks import TaskSpec, offered
from webapp.readings.summary import Question, label_question, stage_question
from webapp.settings import current_settings
from webapp.studies.history import STATES

VERDICTS = ("with", "without")
AGREEMENTS = ("differ", "same")
OWNERS = ("mine", "shared")
COLUMNS = ("patient", "task", "status", "stage", "agreement", "risk", "verdict", "owner", "date")
NEWEST, DIRECTIONS = "date", ("asc", "desc")


@dataclass(frozen=True)
class Filters:
    """What the worklist is narrowed to; empty means any. `sort` and `direction` are its order.

    `status` is a label of the summary, `stage` one of its stages, both of the chosen task where there is one; `state` is
    that of the last reading; `verdict` is with or without one of the own; `agreement` whether the models differ;
    `owner` is mine or shared; `label` the id of an own label; `first` and `last` are days in the clinic's time zone, both
    included. `code` is a part of a patient code: it comes by POST only and is in no address.
    """

    task: str = ""
    status: str = ""
    stage: str = ""
    state: str = ""
    verdict: str = ""
    agreement: str = ""
    owner: str = ""
    label: int | None = None
    first: date | None = None
    last: date | None = None
    code: str = ""
    sort: str = NEWEST
    direction: str = "desc"

    @property
    def specs(self) -> tuple[TaskSpec, ...]:
        """The tasks whose studies they let through."""
        return tuple(spec for spec in offered() if self.task in ("", spec.key))

    @property
    def label_question(self) -> Question:
        """What the labels of these studies answer."""
        return label_question(self.specs)

    @property
    def stage_question(self) -> Question:
        """What the stages of these studies answer."""
        return stage_question(self.specs)

    @property
    def by_answer(self) -> bool:
        """Whether they narrow by what the models say."""
        return bool(self.status or self.stage or self.agreement)

    @property
    def since(self) -> datetime | None:
        """The first moment of the first day, in UTC."""
        return _midnight(self.first) if self.first else None

    @property
    def until(self) -> datetime | None:
        """The first moment after the last day, in UTC."""
        return _midnight(self.last + timedelta(days=1)) if self.last else None

    @property
    def narrowing(self) -> dict[str, str]:
        """These filters, without the order, as they stand in an address."""
        given = {
            "task": self.task,
            "status": self.status,
            "stage": self.stage,
            "state": self.state,
            "verdict": self.verdict,
            "agreement": self.agreement,
            "owner": self.owner,
            "label": str(self.label or ""),
            "from": self.first.isoformat() if self.first else "",
            "to": self.last.isoformat() if self.last else "",
        }
        return {name: value for name, value in given.items() if value}

    @property
    def order(self) -> dict[str, str]:
        """The order as it stands in an address; nothing for the newest first."""
        return {} if self.is_newest_first else {"sort": self.sort, "dir": self.direction}

    @property
    def arguments(self) -> dict[str, Any]:
        """Filters and order as they stand in an address: texts, for `url_for`."""
        return self.narrowing | self.order

    @property
    def is_newest_first(self) -> bool:
        return (self.sort, self.direction) == (NEWEST, "desc")

    def sorted_by(self, column: str) -> dict[str, Any]:
        """The address of the same list in the order of this column; a second time the other way round."""
        falling_first = column in ("date", "stage", "risk")
        turned = "asc" if self.direction == "desc" else "desc"
        direction = turned if column == self.sort else ("desc" if falling_first else "asc")
        return replace(self, sort=column, direction=direction).arguments

    def without(self, name: str) -> dict[str, Any]:
        """The address of the same list without one of the filters."""
        return {key: value for key, value in self.arguments.items() if key != name}


def filters_from(arguments: Mapping[str, str], code: str = "") -> Filters:
    """Read the filters of an address. What makes no sense is left out, as if it had not been chosen."""

    def known(name: str, choices: tuple[str, ...], fallback: str = "") -> str:
        value = arguments.get(name, "")
        return value if value in choices else fallback

    of_task = Filters(task=known("task", tuple(spec.key for spec in offered())))
    label = arguments.get("label", "")
    return replace(
        of_task,
        status=known("status", of_task.label_question.labels),
        stage=known("stage", of_task.stage_question.labels),
        state=known("state", STATES),
        verdict=known("verdict", VERDICTS),
        agreement=known("agreement", AGREEMENTS),
        owner=known("owner", OWNERS),
        label=int(label) if label.isascii() and label.isdigit() and len(label) < 10 else None,
        first=_day(arguments.get("from", "")),
        last=_day(arguments.get("to", "")),
        code=code.strip()[:64],
        sort=known("sort", COLUMNS, NEWEST),
        direction=known("dir", DIRECTIONS, "desc"),
    )


def _midnight(day: date) -> datetime:
    zone = ZoneInfo(current_settings().timezone)
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # The first and last days of the calendar have no midnight in every time zone.
    return day if 1900 <= day.year <= 2200 else None
