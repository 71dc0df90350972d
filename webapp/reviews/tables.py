"""What clinicians say of the models: verdicts on predictions, own answers given before them, and when the models' answers
were shown to them. Rows are never changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import JSON, Connection, ForeignKey, Index, String, UniqueConstraint, event
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from webapp.extensions import Base, UtcDateTime, utc_now

if TYPE_CHECKING:
    from webapp.accounts.tables import User
    from webapp.readings.tables import Prediction
    from webapp.studies.tables import Study

JUDGEMENTS = ("agree", "disagree", "unusable")
REASONS = ("answer", "outline", "artefact", "quality", "wrong_image", "other")


class SignedRowKept(Exception):
    """Somebody tried to change or delete what was signed. A later row supersedes an earlier one."""


class Verdict(Base):
    """A clinician's signed judgement of one prediction. The last one of a user on a prediction counts.

    `judgement` is agree, disagree or unusable. `labels` is head key to right label: the prediction's own where the
    clinician agrees, none where it is unusable or the model gives no labels. `reason` is one of REASONS, or empty
    with agree. `signed_by` is the account's name at that time. A clinician may have drawn the right outline:
    `outline_file` is its mask in the study's folder (1-bit PNG on the image's own grid), `outline_sha256` that of the
    file, `outline_kind` region or lesion, `outline_px` how many pixels lie inside: 0 says that there is nothing to outline.
    """

    __tablename__ = "verdict"
    __table_args__ = (Index("ix_verdict_study_user", "study_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    prediction_id: Mapped[int] = mapped_column(ForeignKey("prediction.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    judgement: Mapped[str] = mapped_column(String(16))
    labels: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    reason: Mapped[str] = mapped_column(String(16), default="")
    note: Mapped[str] = mapped_column(String(1000), default="")
    signed_by: Mapped[str] = mapped_column(String(254))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    outline_kind: Mapped[str | None] = mapped_column(String(16))
    outline_file: Mapped[str | None] = mapped_column(String(128))
    outline_sha256: Mapped[str | None] = mapped_column(String(64))
    outline_px: Mapped[int | None]

    study: Mapped[Study] = relationship()
    prediction: Mapped[Prediction] = relationship()
    user: Mapped[User] = relationship()


class OwnAnswer(Base):
    """What a second reader says of a study before the models' answers are shown. One a study and user, for good.

    `labels` is head key to label, or to null where the reader cannot tell.
    """

    __tablename__ = "own_answer"
    __table_args__ = (UniqueConstraint("study_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    labels: Mapped[dict[str, str | None]] = mapped_column(JSON, default=dict)
    note: Mapped[str] = mapped_column(String(1000), default="")
    signed_by: Mapped[str] = mapped_column(String(254))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    study: Mapped[Study] = relationship()
    user: Mapped[User] = relationship()


class Reveal(Base):
    """When the models' answers on a study were first shown to a user: an own answer that is later is not independent."""

    __tablename__ = "reveal"
    __table_args__ = (UniqueConstraint("study_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    revealed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


@event.listens_for(Verdict, "before_update")
@event.listens_for(Verdict, "before_delete")
@event.listens_for(OwnAnswer, "before_update")
@event.listens_for(OwnAnswer, "before_delete")
@event.listens_for(Reveal, "before_update")
@event.listens_for(Reveal, "before_delete")
def _keep(_mapper: Mapper[Base], _connection: Connection, row: Base) -> None:
    raise SignedRowKept(f"{type(row).__name__} rows are signed; add a later one instead.")
