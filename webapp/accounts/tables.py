"""Who may come in: users, their sessions and tokens, and the attempts that limit guessing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Base, UtcDateTime, utc_now

ROLES = ("clinician", "admin")
STATES = ("pending", "active", "disabled")
THEMES = ("dark", "light", "system")


class User(Base):
    """A person with an account. `email` is stored in lower case. `second_reader`: wants to answer before the models do."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20), default="clinician")
    state: Mapped[str] = mapped_column(String(20), default="pending")
    theme: Mapped[str] = mapped_column(String(10), default="dark")
    second_reader: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    sessions: Mapped[list[Session]] = relationship(back_populates="user", cascade="all, delete-orphan")
    tokens: Mapped[list[ApiToken]] = relationship(back_populates="user", cascade="all, delete-orphan")

    @property
    def is_admin(self) -> bool:
        """An administrator sees all studies and all users."""
        return self.role == "admin"

    @property
    def is_active(self) -> bool:
        """Approved and not disabled (Flask-Login asks for this name)."""
        return self.state == "active"

    @property
    def is_authenticated(self) -> bool:
        """Flask-Login asks for this; a row of this table always is."""
        return True

    @property
    def is_anonymous(self) -> bool:
        """Flask-Login asks for this; a row of this table never is."""
        return False

    def get_id(self) -> str:
        """Flask-Login asks for this."""
        return str(self.id)


class Session(Base):
    """One browser that is logged in. Only a hash of the cookie's token is stored."""

    __tablename__ = "session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    address: Mapped[str] = mapped_column(String(45), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")

    user: Mapped[User] = relationship(back_populates="sessions")


class ApiToken(Base):
    """A key for scripts. Only its hash is stored."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship(back_populates="tokens")


class Attempt(Base):
    """One failed log-in or one sign-up, counted by `subject`: a hash of the account's name, or an address."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_action_subject_made_at", "action", "subject", "made_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
