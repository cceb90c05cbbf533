"""Storage of conversations in the database. Each call is one short transaction."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.sql import Select

from lipsync.conversation.errors import ConversationError
from lipsync.conversation.history import MAX_UTTERANCES, Utterance
from lipsync.storage.database import fetch_rows, translate_database_errors
from lipsync.storage.tables import ConversationRow, UtteranceRow

MAX_CONVERSATIONS = 500
"""Conversations of one caller that are kept; a new one above it replaces the one that was changed longest ago."""
MAX_TITLE = 80
"""Characters of a title."""


class Conversation(BaseModel):
    """One stored conversation, without what was said."""

    model_config = ConfigDict(frozen=True)

    id: str
    owner: str
    persona: str
    title: str
    """The beginning of the first question; empty before it."""
    created: float
    """Seconds since the epoch."""
    changed: float
    """Seconds since the epoch."""


_FIELDS = [getattr(ConversationRow, name).label(name) for name in Conversation.model_fields]


class ConversationRepository:
    """Reads and writes the conversations of all callers. Safe for many threads and processes.

    Every method raises DatabaseError. A caller reaches only their own conversations: those of others are unknown.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        """``clock`` returns seconds since the epoch."""
        self._engine, self._clock = engine, clock

    def create(self, owner: str, persona: str) -> Conversation:
        """Begin a conversation of a caller with a persona."""
        now = self._clock()
        conversation = Conversation(
            id=secrets.token_hex(16),
            owner=owner,
            persona=persona,
            title="",
            created=now,
            changed=now,
        )
        with self._transaction() as connection:
            connection.execute(insert(ConversationRow).values(conversation.model_dump()))
        newest = (
            select(ConversationRow.id)
            .where(ConversationRow.owner == owner)
            .order_by(ConversationRow.changed.desc(), ConversationRow.number.desc())
            .offset(MAX_CONVERSATIONS)
        )
        for (id,) in self._rows(newest):
            self._delete(id)
        return conversation

    def get(self, id: str, owner: str) -> Conversation:
        """Return a conversation of the caller. Raises ConversationError conversation_unknown."""
        query = select(*_FIELDS).where(ConversationRow.id == id, ConversationRow.owner == owner)
        for row in self._rows(query):
            return Conversation.model_validate(row._asdict())
        raise ConversationError("conversation_unknown")

    def resume(self, id: str, owner: str) -> Conversation:
        """Return a conversation of the caller that goes on; :meth:`delete_if_empty` of who had it before spares it.

        Raises ConversationError conversation_unknown.
        """
        found = self.get(id, owner)
        if found.title:
            return found
        now = self._clock()
        with self._transaction() as connection:
            connection.execute(update(ConversationRow).where(ConversationRow.id == id).values(changed=now))
        return found.model_copy(update={"changed": now})

    def recent(self, owner: str, limit: int) -> list[Conversation]:
        """Return the caller's conversations, the one that was changed last first."""
        query = (
            select(*_FIELDS)
            .where(ConversationRow.owner == owner)
            .order_by(ConversationRow.changed.desc(), ConversationRow.number.desc())
            .limit(limit)
        )
        return [Conversation.model_validate(row._asdict()) for row in self._rows(query)]

    def utterances(self, id: str) -> list[Utterance]:
        """Return what was said in a conversation, the oldest first."""
        query = (
            select(UtteranceRow.role, UtteranceRow.text, UtteranceRow.interrupted, UtteranceRow.created)
            .where(UtteranceRow.conversation == id)
            .order_by(UtteranceRow.number)
        )
        return [Utterance.model_validate(row._asdict()) for row in self._rows(query)]

    def add(self, id: str, utterance: Utterance) -> None:
        """Append an utterance; of more than MAX_UTTERANCES the oldest go. A deleted conversation takes none."""
        changes = update(ConversationRow).where(ConversationRow.id == id)
        with self._transaction() as connection:
            if not connection.execute(changes.values(changed=self._clock())).rowcount:
                return
            connection.execute(insert(UtteranceRow).values(conversation=id, **utterance.model_dump()))
            if utterance.role == "user":
                title = " ".join(utterance.text.split())[:MAX_TITLE]
                connection.execute(changes.where(ConversationRow.title == "").values(title=title))
            rows = _newest_first(id).offset(MAX_UTTERANCES).limit(1)
            for number, _ in connection.execute(rows).all():
                too_old = (UtteranceRow.conversation == id, UtteranceRow.number <= number)
                connection.execute(delete(UtteranceRow).where(*too_old))

    def retract(self, id: str) -> None:
        """Delete the last utterance if it is a question."""
        with self._transaction() as connection:
            for number, role in connection.execute(_newest_first(id).limit(1)).all():
                if role == "user":
                    connection.execute(delete(UtteranceRow).where(UtteranceRow.number == number))

    def delete(self, id: str, owner: str) -> None:
        """Delete a conversation of the caller. Raises ConversationError conversation_unknown."""
        self.get(id, owner)
        self._delete(id)

    def delete_if_empty(self, conversation: Conversation) -> None:
        """Delete ``conversation`` if nothing was said in it, and nobody has resumed it since."""
        has_utterances = select(UtteranceRow.number).where(UtteranceRow.conversation == conversation.id).exists()
        unchanged = (ConversationRow.id == conversation.id, ConversationRow.changed == conversation.changed)
        with self._transaction() as connection:
            connection.execute(delete(ConversationRow).where(*unchanged, ~has_utterances))

    def delete_expired(self, max_hours: float) -> None:
        """Delete the conversations in which nothing was said for ``max_hours``."""
        expired = select(ConversationRow.id).where(ConversationRow.changed < self._clock() - max_hours * 3600)
        for (id,) in self._rows(expired):
            self._delete(id)

    # --- statements

    def _delete(self, id: str) -> None:
        with self._transaction() as connection:
            connection.execute(delete(UtteranceRow).where(UtteranceRow.conversation == id))
            connection.execute(delete(ConversationRow).where(ConversationRow.id == id))

    def _rows(self, query: Select[*tuple[Any, ...]]) -> list[Row[*tuple[Any, ...]]]:
        return fetch_rows(self._engine, query)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with translate_database_errors(), self._engine.begin() as connection:
            yield connection


def _newest_first(id: str) -> Select[int, str]:
    return (
        select(UtteranceRow.number, UtteranceRow.role)
        .where(UtteranceRow.conversation == id)
        .order_by(UtteranceRow.number.desc())
    )
