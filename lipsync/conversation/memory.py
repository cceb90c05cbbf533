"""The memory of one conversation: its history, stored in the database while it goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Self

from lipsync.conversation.history import ConversationHistory
from lipsync.conversation.repository import Conversation, ConversationRepository
from lipsync.errors import LipsyncError
from lipsync.language_models.types import Message

log = logging.getLogger(__name__)


class ConversationMemory:
    """What was said in one conversation. Used by one event loop; the database is written by an executor.

    A database that cannot be written is logged: the conversation goes on with what it remembers.
    """

    def __init__(
        self,
        conversation: Conversation,
        history: ConversationHistory,
        repository: ConversationRepository,
        writer: Executor,
    ) -> None:
        """``writer``: an executor of one thread, so that changes are written in order; shared by conversations."""
        self.conversation = conversation
        self._history, self._repository, self._writer = history, repository, writer
        self._last: Future[None] | None = None

    @classmethod
    def open(cls, conversation: Conversation, repository: ConversationRepository, writer: Executor) -> Self:
        """Read what was said before. Blocks for the database; raises DatabaseError."""
        return cls(conversation, ConversationHistory(repository.utterances(conversation.id)), repository, writer)

    @property
    def history(self) -> ConversationHistory:
        """What was said, for reading."""
        return self._history

    def ask(self, question: str) -> None:
        """The person asked."""
        self._history.ask(question)
        self._store_last()

    def retract(self) -> None:
        """The last question is part of the next one."""
        self._history.retract()
        self._write(lambda: self._repository.retract(self.conversation.id))

    def answer(self, text: str, *, interrupted: bool) -> None:
        """The person heard ``text`` of an answer."""
        if text.strip():
            self._history.answer(text, interrupted=interrupted)
            self._store_last()

    def messages(self) -> list[Message]:
        """Return what was said as messages for a language model."""
        return self._history.messages()

    def flush(self) -> None:
        """Wait until all changes are written."""
        if self._last is not None:
            self._last.result()

    def _store_last(self) -> None:
        utterance = self._history.utterances[-1]
        self._write(lambda: self._repository.add(self.conversation.id, utterance))

    def _write(self, change: Callable[[], None]) -> None:
        def write() -> None:
            try:
                change()
            except LipsyncError as error:
                log.warning("a conversation cannot be stored: %s", error)

        self._last = self._writer.submit(write)
