"""What was said in a conversation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lipsync.language_models.types import Message

MAX_UTTERANCES = 1000
"""Utterances of one conversation that are remembered; above it the oldest go."""
MAX_TEXT = 20_000
"""Characters of one utterance that are remembered."""


class Utterance(BaseModel):
    """Something that was said: a question, or as much of an answer as was heard."""

    model_config = ConfigDict(frozen=True)

    role: Literal["user", "assistant"]
    text: str = Field(max_length=MAX_TEXT)
    interrupted: bool = False
    """Whether the answer was longer and only this much was heard."""
    created: float
    """Seconds since the epoch."""


def heard_text(words: Iterable[tuple[str, float, float]], played_s: float) -> str:
    """Return the words of an answer that were heard to their end, joined by spaces.

    ``words``: each with its start and end in seconds from the start of the answer, in order, as in
    ``SentenceTimes.words``. ``played_s``: seconds of the answer that were played.

    >>> heard_text([("Hello,", 0.0, 0.5), ("world!", 0.5, 1.0)], 0.9)
    'Hello,'
    """
    heard = []
    for word, _, end in words:
        if end > played_s:
            break
        heard.append(word)
    return " ".join(heard)


class ConversationHistory:
    """The utterances of one conversation, in memory. Not thread-safe; no method waits for anything."""

    def __init__(self, utterances: Sequence[Utterance] = (), clock: Callable[[], float] = time.time) -> None:
        """``clock`` returns seconds since the epoch."""
        self._utterances = list(utterances)[-MAX_UTTERANCES:]
        self._clock = clock

    @property
    def utterances(self) -> tuple[Utterance, ...]:
        """What was said, the oldest first."""
        return tuple(self._utterances)

    def ask(self, question: str) -> None:
        """The person asked."""
        self._add("user", question, interrupted=False)

    def retract(self) -> None:
        """The last question is part of the next one. Nothing happens where the last utterance is an answer."""
        if self._utterances and self._utterances[-1].role == "user":
            self._utterances.pop()

    def answer(self, text: str, *, interrupted: bool) -> None:
        """The person heard ``text``. Nothing happens where nothing was heard."""
        if text.strip():
            self._add("assistant", text.strip(), interrupted=interrupted)

    def messages(self) -> list[Message]:
        """Return what was said as messages for a language model, which reads as much as fits into its context
        (:mod:`lipsync.language_models.context`)."""
        return [Message(role=utterance.role, content=utterance.text) for utterance in self._utterances]

    def _add(self, role: Literal["user", "assistant"], text: str, *, interrupted: bool) -> None:
        stored = text[:MAX_TEXT].encode("utf-8", "replace").decode().replace("\0", "")  # what no database takes
        utterance = Utterance(role=role, text=stored, interrupted=interrupted, created=self._clock())
        self._utterances.append(utterance)
        del self._utterances[:-MAX_UTTERANCES]
