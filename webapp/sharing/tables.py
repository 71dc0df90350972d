"""Which colleagues may see a study that is not theirs. A share that ended keeps its row: who could see what, and when."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Base, UtcDateTime, utc_now

if TYPE_CHECKING:
    from webapp.accounts.tables import User
    from webapp.studies.tables import Study

_OPEN = text("ended_at IS NULL")


class Share(Base):
    """One colleague who may see one study, from `shared_at` until `ended_at` (None: still). `user` is the colleague."""

    __tablename__ = "share"
    __table_args__ = (
        Index(
            "ix_share_one_open",
            *("user_id", "study_id"),
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    shared_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    shared_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    study: Mapped[Study] = relationship()
    user: Mapped[User] = relationship(foreign_keys=[user_id])
    by: Mapped[User] = relationship(foreign_keys=[shared_by])
