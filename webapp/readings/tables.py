"""What the models are asked and what they answer: readings, predictions, and the workers that read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Base, UtcDateTime, utc_now

if TYPE_CHECKING:
    from webapp.studies.tables import Image, Study

ACTIVE = ("queued", "running")
ENDED = ("done", "failed", "stopped", "cancelled")


class Reading(Base):
    """One run of the chosen models on one study. This row is the truth; the queue is only a bell.

    `state` is queued, running, done, failed, stopped (by the gate) or cancelled. `worker`, `attempt` and
    `lease_until` say who works on it and until when that claim counts. `error` is a sentence for the
    clinician, `detail` a trace for the log. The summary columns are what history filters on. `latest` marks
    the newest reading of its study, which is the one that the pages show. `anyway_reason` and `anyway_by` are
    why, and by whose account, an image was read that the gate had stopped; when is `created_at`. `current_slice` is the
    position of the slice that `current_model` reads.
    """

    __tablename__ = "reading"
    __table_args__ = (
        Index("ix_reading_state_lease", "state", "lease_until"),
        Index(
            "ix_reading_one_latest_a_study",
            "study_id",
            unique=True,
            sqlite_where=text("latest"),
            postgresql_where=text("latest"),
        ),
        Index("ix_reading_summary", "summary_label", "summary_stage"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"), index=True)
    latest: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(16), default="queued")
    models: Mapped[list[str]] = mapped_column(JSON)
    worker: Mapped[str | None] = mapped_column(String(36))
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    current_model: Mapped[str | None] = mapped_column(String(64))
    current_slice: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(1000))
    detail: Mapped[str | None] = mapped_column(Text)
    gate: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    summary_label: Mapped[str | None] = mapped_column(String(64))
    summary_stage: Mapped[str | None] = mapped_column(String(64), index=True)
    summary_risk: Mapped[str | None] = mapped_column(String(8), index=True)
    summary_agreement: Mapped[float | None]
    anyway_reason: Mapped[str | None] = mapped_column(String(1000))
    anyway_by: Mapped[str | None] = mapped_column(String(254))

    study: Mapped[Study] = relationship(back_populates="readings")
    predictions: Mapped[list[Prediction]] = relationship(back_populates="reading", order_by="Prediction.id")

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to this reading."""
        return self.state in ENDED

    @property
    def outside_validated_input(self) -> bool:
        """Whether somebody wanted the models to read what the gate had stopped."""
        return self.anyway_reason is not None


class Prediction(Base):
    """What one model says of one slice in one reading. One row a slice and model, whatever happens to the worker.

    `state` is done, failed or not_applicable, the last two with their `sentence`. `scores` is head key to
    label to score, `labels` head key to label. `lesion` holds the numbers of a lesion model: pixels,
    share_of_region, area_mm2 and near_joint_share (either may be null), burden. `files` names the stored
    pictures, relative to the study's folder. `fingerprint` is equal where the same weights read the same
    pixels: that answer serves again.
    """

    __tablename__ = "prediction"
    __table_args__ = (UniqueConstraint("reading_id", "image_id", "model"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reading_id: Mapped[int] = mapped_column(ForeignKey("reading.id"))
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), index=True)
    model: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(32))
    weights_sha256: Mapped[str | None] = mapped_column(String(64))
    fingerprint: Mapped[str | None] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(16))
    sentence: Mapped[str | None] = mapped_column(String(1000))
    scores: Mapped[dict[str, dict[str, float]]] = mapped_column(JSON, default=dict)
    labels: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    uncertainty: Mapped[float | None]
    risk: Mapped[str | None] = mapped_column(String(8))
    seconds: Mapped[float]
    precision: Mapped[str] = mapped_column(String(16))
    region_px: Mapped[int | None]
    area_mm2: Mapped[float | None]
    lesion: Mapped[dict[str, float | None] | None] = mapped_column(JSON(none_as_null=True))
    focus: Mapped[str | None] = mapped_column(String(16))
    files: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    detail: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    reading: Mapped[Reading] = relationship(back_populates="predictions")
    image: Mapped[Image] = relationship()


class Worker(Base):
    """One start of a worker process, under a fresh id; `/readyz` reads its heartbeat."""

    __tablename__ = "worker"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
