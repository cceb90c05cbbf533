"""Replies without a model: the stored one whose question is most similar, else a polite sentence."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lipsync.language_models.collect import collect_reply
from lipsync.language_models.types import GenerationOptions, LLMResponse, Message, last_question
from lipsync.text.similarity import SimilarityIndex, fold_words
from lipsync.text.stage_directions import ACTION_NAME

MIN_SIMILARITY = 0.5
"""Similarity from which a stored reply is given; found with the paraphrases and the other questions of the tests."""
SURE_SIMILARITY = 0.7
"""Similarity from which a stored reply is better than that of a model that knows little."""
Sentence = Annotated[str, Field(min_length=1, max_length=400)]
"""A question, or a sentence to speak, in the file of a persona: 1 to 400 characters."""


class StoredReply(BaseModel):
    """A reply to some forms of a question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    questions: tuple[Sentence, ...] = Field(min_length=1, max_length=50, description="Forms of the question.")
    replies: tuple[Sentence, ...] = Field(
        min_length=1, max_length=20, description="Replies; one that was not given before is taken."
    )
    action: str | None = Field(
        None, pattern=f"^{ACTION_NAME.pattern}$", description="Action of the body, such as `greet`."
    )


class StoredReplies:
    """A language model that only knows stored replies. It never fails. Used by any thread."""

    name = "stored"

    def __init__(self, replies: Sequence[StoredReply], fallbacks: Sequence[str]) -> None:
        """``fallbacks`` are the polite sentences for all other questions, at least one."""
        self._replies = [reply for reply in replies for _ in reply.questions]
        questions = [question for reply in replies for question in reply.questions]
        self._exact = {" ".join(fold_words(question)): index for index, question in enumerate(questions)}
        self._index = SimilarityIndex(questions)
        self._fallbacks = tuple(fallbacks)

    def find(self, question: str, min_similarity: float = MIN_SIMILARITY) -> StoredReply | None:
        """Return the stored reply to ``question``; None where no stored question is as similar as that."""
        if not self._replies:
            return None
        exact = self._exact.get(" ".join(fold_words(question)))
        if exact is not None:
            return self._replies[exact]
        index, similarity = self._index.best(question)
        return self._replies[index] if similarity >= min_similarity else None

    def reply(self, messages: Sequence[Message]) -> tuple[str, str | None]:
        """Return the reply to the last message of the person, and its action."""
        found = self.find(last_question(messages))
        return choose(self._fallbacks if found is None else found.replies, messages), found.action if found else None

    async def generate(self, messages: Sequence[Message], options: GenerationOptions) -> LLMResponse:
        """The whole reply."""
        return await collect_reply(self.stream(messages, options))

    async def stream(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,  # noqa: ARG002 - of the interface
    ) -> AsyncGenerator[str, None]:
        """The reply, in one piece; its action is markup."""
        text, action = self.reply(messages)
        yield with_action(text, action)

    async def health_check(self) -> bool:
        """True: it needs nothing."""
        return True


def choose(replies: Sequence[str], messages: Sequence[Message]) -> str:
    """Return one of ``replies`` that the conversation ``messages`` does not hold, else the least recent one.

    The choice depends on the conversation alone: the same one gets the same reply.
    """
    spoken = [message.content for message in messages if message.role == "assistant"]
    start = zlib.crc32(str(len(spoken)).encode()) % len(replies) if spoken else 0
    rotated = [*replies[start:], *replies[:start]]

    def last_use(reply: str) -> int:
        return max((index for index, text in enumerate(spoken) if reply in text), default=-1)

    return min(rotated, key=last_use)


def with_action(text: str, action: str | None) -> str:
    """Return ``text`` with ``action`` as markup, as :mod:`lipsync.text.spoken_reply` reads it."""
    return f"[action: {action}] {text}" if action else text
