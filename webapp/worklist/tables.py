"""The labels that a user gives to studies: of that user alone, several a study."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Base


class Label(Base):
    """A word of one user for studies. `name` has 1 to 40 characters, once a user, whatever its case."""

    __tablename__ = "label"
    __table_args__ = (UniqueConstraint("user_id", "folded"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    name: Mapped[str] = mapped_column(String(40))
    folded: Mapped[str] = mapped_column(String(120))


class Labelled(Base):
    """One label on one study."""

    __tablename__ = "labelled"

    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"), primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"), primary_key=True, index=True)

    label: Mapped[Label] = relationship()
