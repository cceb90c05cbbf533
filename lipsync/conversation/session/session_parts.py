"""What a live conversation works with."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lipsync.conversation.parts import AnswerPart
from lipsync.conversation.protocol.client_messages import Start
from lipsync.conversation.protocol.server_messages import ErrorMessage
from lipsync.conversation.session.listening import Listening
from lipsync.conversation.turns import actions as do
from lipsync.errors import LipsyncError
from lipsync.hearing.types import Transcript


class Answers(Protocol):
    """Makes the answers of one session. Closing a generator stops all work on its answer."""

    def reply(
        self, number: int, question: str, language: str | None, start: Start, turn_ended: Future[None]
    ) -> AsyncGenerator[AnswerPart, None]:
        """The answer to ``question``, which is not yet in the history; ``start`` says what is wanted.

        ``turn_ended`` is done when the person has begun to wait.
        """
        ...

    def say(
        self, number: int, text: str | AsyncGenerator[str, None], start: Start, failed: Sequence[str] = ()
    ) -> AsyncGenerator[AnswerPart, None]:
        """``text`` as it is, spoken; ``failed``: parts in whose place it is said, named in ``degraded``."""
        ...

    def apology(self, reason: do.FallbackReason) -> str:
        """The sentence for a part that is too late or broken."""
        ...


class SessionHistory(Protocol):
    """What was said in the conversation. Fast; used by the event loop."""

    def ask(self, question: str) -> None:
        """The person has asked."""
        ...

    def retract(self) -> None:
        """The last question is part of the next one."""
        ...

    def answer(self, text: str, *, interrupted: bool) -> None:
        """What was heard of the answer."""
        ...


@dataclass(frozen=True)
class SessionParts:
    """What a session works with."""

    answers: Answers
    history: SessionHistory
    listening: Listening
    transcribe: Callable[[NDArray[np.float32], str | None], Transcript]
    """Recognizes (n,) float32 mono samples, RATE a second, in the language of a code. Blocks; may raise anything."""
    executor: Executor
    """Threads in which it is called."""
    spend: Callable[[], ErrorMessage | None] = lambda: None
    """Counts a question of the caller; an error where it is one too many."""
    explain: Callable[[LipsyncError], str] = str
    """The sentence of an error in the caller's language."""
