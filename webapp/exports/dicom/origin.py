"""What every DICOM object of an export says of where it comes from: maker, times, and UIDs that belong to its content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import CodedConcept
from pydicom import Dataset

from webapp.exports.content import Content
from webapp.version import __version__

MAKER = "Sidelight"
SCHEME = "99SIDELIGHT"
SCHEMES = [CodingSchemeIdentificationItem(SCHEME, name="Sidelight", version="1")]


@dataclass(frozen=True)
class Origin:
    """Where the objects of one export come from.

    The same reading, exported again by the same version of Sidelight, gives the same objects under the same UIDs: an archive
    that gets them twice has them once.
    """

    study: UUID
    reading: int

    def uid(self, what: str) -> str:
        """A UID under 2.25 for a part of this export."""
        return f"2.25.{uuid5(self.study, f'{what} of reading {self.reading} by {__version__}').int}"


def origin_of(content: Content) -> Origin:
    """The origin of the objects of an export."""
    return Origin(UUID(content.study.uuid), content.reading.id)


def concept(value: str, meaning: str) -> CodedConcept:
    """A word of a task or of Sidelight that no public vocabulary has."""
    return CodedConcept(value, SCHEME, meaning[:64])


def date_by(dataset: Dataset, moment: datetime) -> None:
    """Give an object the time at which its content was made, in UTC, instead of that of the export."""
    day, time = moment.strftime("%Y%m%d"), moment.strftime("%H%M%S")
    dataset.InstanceCreationDate = dataset.ContentDate = day
    dataset.InstanceCreationTime = dataset.ContentTime = time
    dataset.TimezoneOffsetFromUTC = "+0000"
    for equipment in dataset.get("ContributingEquipmentSequence") or []:
        equipment.ContributionDateTime = f"{day}{time}+0000"
