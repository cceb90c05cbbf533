"""The table of keys."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from lipsync.jobs.tables import Base


class KeyRow(Base):
    """One key; what is kept of its secret part is a hash."""

    __tablename__ = "keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[str] = mapped_column(String(100))
    """With spaces between them."""
    created: Mapped[float]
    """Seconds since the epoch."""
    revoked: Mapped[float | None]
