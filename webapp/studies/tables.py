"""What a clinician uploads: a study and its images."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Base, UtcDateTime, utc_now

if TYPE_CHECKING:
    from webapp.accounts.tables import User
    from webapp.readings.tables import Reading


_SHOWN = text("deleted_at IS NULL")
_SORTED = (
    *("created_at", "id", "task", "patient_code", "last_state", "last_label", "last_stage", "last_risk"),
    *("last_agreement", "owner_verdict", "owner_spoke", "deleted_at"),
)


def _new_uuid() -> str:
    return str(uuid4())


class Study(Base):
    """The image or stack of one patient at one time, as its owner uploaded it.

    `patient_code` is a pseudonym that the clinician chose; it never stands in an address or a log line. A
    deleted study keeps its row until it is removed for good, so that deleting can be undone.

    The columns `last_…` repeat state and summary of the last reading, `owner_verdict` the last judgement that the
    owner signed, and `owner_spoke` whether the owner has signed a verdict or an own answer; empty, or -1, where
    there is none. `webapp/studies/standing.py` keeps them; nobody else writes them.
    """

    __tablename__ = "study"
    __table_args__ = (
        # Each holds all that the worklist sorts and filters by: one pass over it answers any of its questions, and
        # no row is fetched that the page does not show. SQLite wants `deleted_at` in it for that.
        Index("ix_study_worklist_of_user", "user_id", *_SORTED, sqlite_where=_SHOWN, postgresql_where=_SHOWN),
        Index("ix_study_worklist", *_SORTED, "user_id", sqlite_where=_SHOWN, postgresql_where=_SHOWN),
        Index("ix_study_code_of_user", "user_id", "patient_code", "created_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True, default=_new_uuid)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    task: Mapped[str] = mapped_column(String(64))
    patient_code: Mapped[str | None] = mapped_column(String(64), index=True)
    note: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_state: Mapped[str] = mapped_column(String(16), default="", server_default="")
    last_label: Mapped[str] = mapped_column(String(64), default="", server_default="")
    last_stage: Mapped[str] = mapped_column(String(64), default="", server_default="")
    last_risk: Mapped[str] = mapped_column(String(8), default="", server_default="")
    last_agreement: Mapped[float] = mapped_column(default=-1.0, server_default="-1")
    owner_verdict: Mapped[str] = mapped_column(String(16), default="", server_default="")
    owner_spoke: Mapped[bool] = mapped_column(default=False, server_default=false())

    user: Mapped[User] = relationship()
    images: Mapped[list[Image]] = relationship(back_populates="study", order_by="Image.position")
    readings: Mapped[list[Reading]] = relationship(back_populates="study", order_by="Reading.id")


class Image(Base):
    """One stored image of a study: where its file is and what the file says of itself.

    `file` is a name inside the study's folder, `sha256` that of the stored bytes, `pixel_mm_row` and
    `pixel_mm_column` the spacing of rows and columns in millimetres where the file tells it. `position` counts through
    the study, `series` its series, both from 0; `place_mm` is where a slice lies along the normal of its series.
    """

    __tablename__ = "image"
    __table_args__ = (UniqueConstraint("study_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    position: Mapped[int] = mapped_column(default=0)
    series: Mapped[int] = mapped_column(default=0, server_default="0")
    place_mm: Mapped[float | None]
    file: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    rows: Mapped[int]
    columns: Mapped[int]
    pixel_mm_row: Mapped[float | None]
    pixel_mm_column: Mapped[float | None]
    sequence: Mapped[str | None] = mapped_column(String(32))
    orientation: Mapped[str | None] = mapped_column(String(128))
    format: Mapped[str] = mapped_column(String(16))
    warnings: Mapped[list[str]] = mapped_column(JSON, default=list)

    study: Mapped[Study] = relationship(back_populates="images")
