"""The language models of a conversation in order of preference: where one fails, the next one replies.

The last one, the stored replies, never fails, so there always is a reply.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from lipsync.errors import LipsyncError
from lipsync.language_models.collect import collect_reply
from lipsync.language_models.context import fit_messages
from lipsync.language_models.disclosure import asks_for_disclosure, disclosure_replies
from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.limits import LOAD_TIMEOUT_S
from lipsync.language_models.stored_replies import SURE_SIMILARITY, StoredReplies, choose
from lipsync.language_models.types import (
    CompletePart,
    GenerationOptions,
    LanguageModel,
    LLMResponse,
    Message,
    last_question,
)
from lipsync.runtime.circuit_breaker import CircuitBreaker
from lipsync.text.clauses import ClauseCutter
from lipsync.text.spoken_reply import SpokenReply

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GuardedModel:
    """A model that may fail, and the circuit breaker that all conversations share."""

    model: LanguageModel
    breaker: CircuitBreaker
    knows_little: bool = False
    """Whether a stored reply to a very similar question is better than the model's."""
    context: int = 4096
    """Tokens that it reads and writes; earlier messages are left out (:mod:`lipsync.language_models.context`)."""
    load: Callable[[], Awaitable[None]] | None = None
    """Returns when the model is loaded; raises LipsyncError. None: it need not be loaded."""


@dataclass(frozen=True)
class ModelFailure:
    """A model that did not reply, or broke off."""

    model: str
    """Name of the model, such as ``ollama``."""
    error: LipsyncError
    """Its code and sentence."""


@dataclass(frozen=True)
class TimeLimits:
    """Time limits of a reply, in seconds. The time in which a model is loaded counts for ``load_s`` alone."""

    first_token_s: float = 4.0
    """Until the first piece, and between two pieces."""
    whole_s: float = 30.0
    """Until the end, all models together."""
    load_s: float = LOAD_TIMEOUT_S
    """Until a model is loaded."""


@dataclass
class _Deadline:
    """The time on the clock of the event loop at which a reply has to end."""

    at: float


@dataclass(frozen=True)
class ReplySentences:
    """Sentences of a persona that replace those of a model."""

    broken_off: tuple[str, ...]
    """Ends of a reply that a model broke off, at least one."""
    disclosure: tuple[str, ...] = ()
    """Replies to the question whether a person or a machine answers; empty: those of the language."""


class ModelReply(AsyncIterator[str]):
    """A reply while it is written: an iterator of pieces of text, markup included.

    No piece comes before the first part that can be spoken is complete: until then another model can take over. Use
    it as an asynchronous context manager, or call ``aclose``.
    """

    def __init__(self, write: Callable[[ModelReply], AsyncGenerator[str, None]]) -> None:
        """``write`` yields the pieces, and sets the attributes of the reply."""
        self.model = ""
        """Name of the model that writes; empty until the first piece."""
        self.failures: list[ModelFailure] = []
        """Models that failed, in order."""
        self.is_broken_off = False
        """Whether the model failed after some of the reply had come."""
        self._pieces = write(self)

    @property
    def degraded(self) -> tuple[str, ...]:
        """``("llm",)`` where a model failed, else empty; :attr:`failures` has the reasons."""
        return ("llm",) if self.failures else ()

    async def __anext__(self) -> str:
        return await anext(self._pieces)

    async def aclose(self) -> None:
        """Stop the model."""
        await self._pieces.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class ModelChain:
    """The models that reply in one persona's conversations. Used by one event loop."""

    name = "chain"

    def __init__(
        self,
        models: Sequence[GuardedModel],
        stored: StoredReplies,
        language: str,
        sentences: ReplySentences,
        limits: TimeLimits | None = None,
    ) -> None:
        """``models`` in order of preference, before the ``stored`` replies; ``language`` is the persona's, a code."""
        self._models = tuple(models)
        self._stored = stored
        self._language = language
        self._sentences = sentences
        self._limits = limits or TimeLimits()

    def reply(self, messages: Sequence[Message], options: GenerationOptions) -> ModelReply:
        """The reply to ``messages``; it raises nothing."""
        return ModelReply(lambda reply: self._write(reply, messages, options))

    def stream(self, messages: Sequence[Message], options: GenerationOptions) -> AsyncGenerator[str, None]:
        """The pieces of the reply, for a caller that does not ask which model wrote it; it raises nothing."""
        return self.reply(messages, options)._pieces

    async def generate(self, messages: Sequence[Message], options: GenerationOptions) -> LLMResponse:
        """The whole reply; raises nothing."""
        return await collect_reply(self.stream(messages, options))

    async def health_check(self) -> bool:
        """Whether the preferred model works; True where only the stored replies are there."""
        return await self._models[0].model.health_check() if self._models else True

    async def _write(
        self, reply: ModelReply, messages: Sequence[Message], options: GenerationOptions
    ) -> AsyncGenerator[str, None]:
        question = last_question(messages)
        if asks_for_disclosure(question, self._language):
            reply.model = self._stored.name
            yield choose(self._sentences.disclosure or disclosure_replies(self._language), messages)
            return
        deadline = _Deadline(asyncio.get_running_loop().time() + self._limits.whole_s)
        for guarded in self._models:
            if guarded.knows_little and self._stored.find(question, SURE_SIMILARITY) is not None:
                break
            has_written = False
            try:
                async with contextlib.aclosing(self._stream_guarded(guarded, messages, options, deadline)) as pieces:
                    async for piece in pieces:
                        has_written = True
                        reply.model = guarded.model.name
                        yield piece
            except LipsyncError as error:
                log.warning("language model %s: %s", guarded.model.name, error)
                reply.failures.append(ModelFailure(guarded.model.name, error))
                if has_written:
                    reply.is_broken_off = True
                    yield f"… {choose(self._sentences.broken_off, messages)}"
                    return
            else:
                return
        reply.model = self._stored.name
        async for piece in self._stored.stream(messages, options):
            yield piece

    async def _stream_guarded(
        self, guarded: GuardedModel, messages: Sequence[Message], options: GenerationOptions, deadline: _Deadline
    ) -> AsyncGenerator[str, None]:
        """The reply of one model, held until its first part is complete. Raises LipsyncError.

        ``deadline`` is moved by the time in which the model is loaded.
        """
        model, breaker = guarded.model, guarded.breaker
        seconds = breaker.seconds_until_allowed()
        if seconds:
            raise LanguageModelError("llm_resting", model=model.name, seconds=round(seconds))
        held, spoken, cutter = "", SpokenReply(), ClauseCutter(self._language)
        messages = fit_messages(messages, guarded.context, options.max_tokens)
        try:
            deadline.at += await self._load(guarded)
            async with contextlib.aclosing(self._stream_in_time(model, messages, options, deadline.at)) as pieces:
                async for piece in pieces:
                    if cutter.has_cut:
                        yield piece
                        continue
                    held += piece
                    has_part = bool(cutter.feed(spoken.feed(piece)))
                    if isinstance(piece, CompletePart) and not spoken.is_waiting and cutter.finish():
                        yield CompletePart(held)
                    elif has_part:
                        yield held
            if not cutter.has_cut:
                if not cutter.feed(spoken.finish()) and not cutter.finish():
                    raise LanguageModelError("llm_empty", model=model.name)
                yield held
        except LipsyncError:
            breaker.record_failure()
            raise
        except Exception as error:
            log.exception("language model %s", model.name)
            breaker.record_failure()
            raise LanguageModelError("llm_broke_off", model=model.name) from error
        breaker.record_success()

    async def _load(self, guarded: GuardedModel) -> float:
        """Wait until the model is loaded; the seconds that takes. Raises what ``load`` raises, and LanguageModelError
        llm_slow where it takes too long."""
        if guarded.load is None:
            return 0.0
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._limits.load_s):
                await guarded.load()
        except TimeoutError as error:
            raise LanguageModelError("llm_slow", model=guarded.model.name) from error
        return loop.time() - began

    async def _stream_in_time(
        self, model: LanguageModel, messages: Sequence[Message], options: GenerationOptions, deadline: float
    ) -> AsyncGenerator[str, None]:
        """The pieces of ``model``. Raises what it raises, and LanguageModelError llm_slow where one is late."""
        loop = asyncio.get_running_loop()
        async with contextlib.aclosing(model.stream(messages, options)) as pieces:
            while True:
                try:
                    async with asyncio.timeout_at(min(deadline, loop.time() + self._limits.first_token_s)):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise LanguageModelError("llm_slow", model=model.name) from error
                yield piece
