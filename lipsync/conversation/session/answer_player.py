"""Sends one answer while it is made: not before it is released, and never far ahead of what the client has played."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Protocol

from lipsync.conversation.pacing import MAX_AHEAD_S, PlaybackClock
from lipsync.conversation.parts import AnswerPart, DonePart, SentencePart, SoundPart, VideoPart
from lipsync.conversation.session.message_form import MessageForm, Outgoing
from lipsync.conversation.turns.events import AnswerFailed, AnswerFinished, Event, SentenceTimes, SoundStarted
from lipsync.runtime.talk_priority import TALK_PRIORITY

log = logging.getLogger(__name__)

_MAX_PARTS = 48
"""Parts that are made ahead of those sent: about four seconds."""
_TOLERANCE_S = 1e-3


class Outlet(Protocol):
    """Where messages go."""

    async def put(self, message: Outgoing, answer: int | None = None) -> None:
        """Send ``message`` after those before, unless ``answer`` is stopped."""
        ...


class AnswerPlayer:
    """One answer of a session. Used by one event loop."""

    def __init__(
        self,
        number: int,
        parts: AsyncGenerator[AnswerPart, None],
        form: MessageForm,
        outlet: Outlet,
        report: Callable[[Event], None],
        clock: Callable[[], float],
        sent: Callable[[SoundPart], None] = lambda _: None,
        released: Callable[[], None] = lambda: None,
    ) -> None:
        """``report`` takes the events of the answer, ``sent`` its sound as it is sent; ``clock`` reads seconds;
        ``released`` is called when the answer may be sent.

        Begins to make the answer at once.
        """
        self.number = number
        self.sentences: list[SentencePart] = []
        """The sentences that are made, in order."""
        self.done: DonePart | None = None
        """The end of the answer, once it is sent."""
        self._form, self._outlet, self._report, self._sent = form, outlet, report, sent
        self._on_release = released
        self._made: asyncio.Queue[AnswerPart | None] = asyncio.Queue(_MAX_PARTS)
        self._released, self._moved = asyncio.Event(), asyncio.Event()
        self._is_complete = False
        """Whether all parts are made."""
        self._playback = PlaybackClock(clock)
        self._has_sound = False
        self._maker = asyncio.create_task(self._make(parts))
        self._sender = asyncio.create_task(self._send())

    def release(self) -> None:
        """The answer may be sent."""
        self._released.set()
        self._on_release()

    def note_played(self, seconds: float) -> None:
        """The client has played the answer up to ``seconds``."""
        self._playback.report(seconds)
        self._moved.set()

    async def stop_sending(self) -> None:
        """Send nothing more; what was made is kept for :meth:`remaining_text`."""
        await _cancelled(self._sender)

    async def cancel(self) -> None:
        """Stop all work on the answer, and wait for its end."""
        await _cancelled(self._sender)
        await _cancelled(self._maker)

    async def remaining_text(self, sentence: int) -> AsyncGenerator[str, None]:
        """The text of the answer from the sentence of this index on, without a filler, while the rest of it is made.
        After :meth:`stop_sending`."""
        index = sentence
        try:
            while True:
                for part in self.sentences[index:]:
                    if not part.is_filler:
                        yield f"{part.text} "
                index = max(index, len(self.sentences))
                if self._is_complete and self._made.empty():
                    break
                await self._made.get()
        finally:
            await self.cancel()

    async def _make(self, parts: AsyncGenerator[AnswerPart, None]) -> None:
        try:
            async with aclosing(parts) as opened:
                async for part in opened:
                    if isinstance(part, SentencePart):
                        self.sentences.append(part)
                    await self._made.put(part)
        except Exception:
            log.exception("an answer broke off")
        self._is_complete = True
        await self._made.put(None)

    async def _send(self) -> None:
        await self._released.wait()
        with TALK_PRIORITY.answering(self._playback.seconds_ahead):  # renders wait while it runs dry
            while (part := await self._made.get()) is not None:
                await self._send_part(part)
        if self.done is None:
            self._report(AnswerFailed(self.number))
        else:
            self._report(AnswerFinished(self.number, self.done.total_duration))

    async def _send_part(self, part: AnswerPart) -> None:
        match part:
            case SentencePart():
                words = tuple((word.text, word.start, word.end) for word in part.words)
                self._report(SentenceTimes(self.number, part.index, part.text, part.start, part.end, words))
            case SoundPart():
                await self._wait_until_due(part.start)
                if not self._has_sound:
                    self._has_sound = True
                    self._report(SoundStarted(self.number))
                self._playback.send(part.start + part.duration)
                self._sent(part)
            case VideoPart():
                await self._wait_until_due(part.start)
            case DonePart():
                self.done = part
                self._playback.end()
        for message in self._form.add(part):
            await self._outlet.put(message, self.number)

    async def _wait_until_due(self, start: float) -> None:
        while (ahead := start - self._playback.played - MAX_AHEAD_S) > _TOLERANCE_S:
            self._moved.clear()
            with suppress(TimeoutError):  # wait_for of Python 3.11 can lose a cancellation
                async with asyncio.timeout(ahead):
                    await self._moved.wait()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
