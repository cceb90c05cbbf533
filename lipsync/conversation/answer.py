"""One spoken answer, made while the language model still writes: text, sound, face, motion and video in parts.

The model writes, a voice speaks the clause that is complete, and the face of the clause before is drawn, all at the
same time. What fails is left out or replaced, and named in :attr:`lipsync.conversation.parts.DonePart.degraded`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from lipsync.animation.body_motion.types import MotionGenerator
from lipsync.animation.track_blendshapes import BlendshapeStream
from lipsync.conversation.answer_face import AnswerFace
from lipsync.conversation.apologies import ApologyCode
from lipsync.conversation.cancellation import AnswerThreads
from lipsync.conversation.clause_speech import ClauseSpeaker, SpokenClause
from lipsync.conversation.live_video import AnswerVideo
from lipsync.conversation.options import AnswerOptions, StageLimits
from lipsync.conversation.parts import AnswerPart, AnswerWord, DonePart, SentencePart, VideoHeader, VideoPart
from lipsync.conversation.reply_text import ReplyClause
from lipsync.conversation.sound_pieces import FIRST_PIECE_S, PIECE_S, SoundPieces
from lipsync.errors import LipsyncError
from lipsync.speech.types import Phone, Speech

log = logging.getLogger(__name__)

_MAX_CHARACTERS = 10_000
"""Characters of a reply; a model that writes more is stopped."""


class ReplyText(Protocol):
    """Turns the pieces of a model's reply into clauses to speak. For one reply."""

    @property
    def action(self) -> str | None:
        """The action that the reply has named so far."""
        ...

    def add(self, piece: str) -> Iterable[ReplyClause]:
        """The clauses that are complete with ``piece``."""
        ...

    def finish(self) -> Iterable[ReplyClause]:
        """The rest."""
        ...


@dataclass
class AnswerParts:
    """What makes one answer. Everything but ``pieces``, ``reply`` and ``speaker`` may be missing."""

    pieces: AsyncGenerator[str, None]
    """The text as the language model writes it."""
    reply: ReplyText
    speaker: Callable[[Callable[[str], None]], ClauseSpeaker]
    """Creates the speaker; its argument is called with the name of a part that fails."""
    blendshapes: BlendshapeStream | None = None
    motion: MotionGenerator | None = None
    video: Callable[[AnswerThreads, str | None], AnswerVideo] | None = None
    """Prepares the video, in a worker thread, when the first text has come; the second argument is :attr:`phrase`."""
    phrase: Callable[[], str | None] = field(default=lambda: None)
    """The whole text where it is a fixed phrase, known when the first text has come; None for any other reply."""
    failed: Callable[[], Iterable[str]] = field(default=tuple)
    """Parts that have failed behind ``pieces``, known at the end of the text."""
    apology: Callable[[ApologyCode], str] = field(default=lambda _code: "")
    """A sentence to say in place of the text, or after it; empty: nothing is said."""


class Answer:
    """Makes one answer: take its :meth:`parts` once."""

    def __init__(
        self,
        source: AnswerParts,
        options: AnswerOptions,
        threads: AnswerThreads,
        limits: StageLimits = StageLimits(),  # noqa: B008 - immutable
        degraded: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``degraded`` are parts that are known not to work as they should."""
        self._source, self._options, self._threads, self._limits = source, options, threads, limits
        self._clock, self._began = clock, clock()
        self._degraded = dict.fromkeys(degraded)
        self._timings: dict[str, float] = {}
        self._texts: list[str] = []
        self._speaker = source.speaker(self._degrade)
        self._face = AnswerFace(options, source.blendshapes, source.motion, self._degrade)
        self._has_text = asyncio.Event()
        self._clauses: asyncio.Queue[ReplyClause | None] = asyncio.Queue()
        self._spoken: asyncio.Queue[SpokenClause | Speech | None] = asyncio.Queue(1)

    async def parts(self) -> AsyncGenerator[AnswerPart, None]:
        """The parts in order. Closing the generator stops the model, the voice and the drawing: when ``aclose`` has
        returned, no thread is busy with the answer.

        Raises nothing for parts that fail; they are named in the last part.
        """
        self._began = self._clock()
        video = asyncio.create_task(self._open_video())
        tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._speak()), video]
        try:
            async with aclosing(self._perform(video)) as parts:
                async for part in parts:
                    yield part
        finally:
            for task in tasks:
                task.cancel()
            await self._threads.close()
            await asyncio.gather(*tasks, return_exceptions=True)
            if video.done() and not video.cancelled() and video.exception() is None:
                opened = video.result()
                if opened is not None:
                    opened.close()

    # ---- text

    async def _write(self) -> None:
        """Put the clauses of the reply into the queue, and then None."""
        reply = self._source.reply
        try:
            problem = await self._read(reply)
            self._mark("llm")
            if problem:
                self._degrade("llm")
            for part in self._source.failed():
                self._degrade(part)
            if problem != "llm_cut":
                self._put(reply.finish())
            if problem == "llm_cut" or not self._texts:
                self._degrade("llm")
                self._put([ReplyClause(self._source.apology(problem or "llm_failed"))])
        except Exception:
            log.exception("the text of an answer broke off")
            self._degrade("llm")
        finally:
            self._has_text.set()
            self._clauses.put_nowait(None)

    async def _read(self, reply: ReplyText) -> ApologyCode | None:
        """Read the model's text; what went wrong, if anything."""
        limits, characters = self._limits, 0
        try:
            async with asyncio.timeout(limits.text_s), aclosing(self._source.pieces) as pieces:
                piece = await asyncio.wait_for(anext(pieces, None), limits.first_token_s)
                while piece is not None:
                    self._mark("llm_first")
                    self._has_text.set()
                    self._put(reply.add(piece))
                    characters += len(piece)
                    if characters > _MAX_CHARACTERS:
                        return "llm_cut"
                    piece = await anext(pieces, None)
        except TimeoutError:
            return "llm_cut" if "llm_first" in self._timings else "llm_slow"
        except LipsyncError as error:
            log.warning("the language model failed: %s", error.code)
            return "llm_failed"
        except Exception:  # a fault of a model's library: the answer goes on
            log.warning("the language model failed", exc_info=True)
            return "llm_failed"
        return None

    def _put(self, clauses: Iterable[ReplyClause]) -> None:
        for clause in clauses:
            if clause.text.strip():
                self._texts.append(clause.text.strip())
                self._clauses.put_nowait(clause)

    # ---- voice

    async def _speak(self) -> None:
        """Put the speech of each clause into the queue, then the silence at the end, and then None."""
        try:
            while (clause := await self._clauses.get()) is not None:
                pieces = self._speaker.speak(clause)
                while (spoken := await self._threads.run(partial(next, pieces, None))) is not None:
                    self._mark("tts_first")
                    await self._spoken.put(spoken)
            end = await self._threads.run(self._speaker.finish)
            if end is not None:
                await self._spoken.put(end)
        except Exception:
            log.exception("the speech of an answer broke off")
            self._degrade("tts")
        await self._spoken.put(None)

    # ---- face and video

    async def _open_video(self) -> AnswerVideo | None:
        prepare = self._source.video
        if prepare is None:
            return None
        await self._has_text.wait()
        try:
            phrase = self._source.phrase()
            return await self._threads.run(lambda: prepare(self._threads, phrase))
        except Exception as error:  # the portrait, the animator
            log.warning("an answer has no video: %s", error)
            self._degrade("video")
            return None

    async def _perform(self, opening: asyncio.Task[AnswerVideo | None]) -> AsyncGenerator[AnswerPart, None]:
        sound: SoundPieces | None = None
        video: AnswerVideo | None = None
        start, index = 0.0, 0
        while (item := await self._spoken.get()) is not None:
            clause = item if isinstance(item, SpokenClause) else None
            speech = item.speech if isinstance(item, SpokenClause) else item
            if clause is not None:
                yield self._sentence(clause, index, start)
                index += 1
            if sound is None:
                sound = SoundPieces(self._options.number, speech.rate)
                video = await opening
                if video is not None and (header := await self._start_video(video, speech.rate)) is not None:
                    yield header
            last = clause is None
            await self._threads.run(partial(self._face.add, speech, last=last))
            if clause is not None and (motion := self._face.motion(start, clause)) is not None:
                yield motion
            if video is not None and not await self._draw(partial(video.add, speech, last=last)):
                video = None
            async with aclosing(self._pieces(speech, start, sound, video)) as pieces:
                async for part in pieces:
                    yield part
            start += speech.duration
        if sound is not None and self._options.sound and (rest := sound.finish()) is not None:
            yield rest
        if (rest_of_video := await self._finish_video(video, start)) is not None:
            yield rest_of_video
        self._mark("total")
        text = " ".join(self._texts)
        yield DonePart(
            self._options.number,
            text,
            start,
            self._source.reply.action,
            dict(self._timings),
            tuple(sorted(self._degraded)),
        )

    async def _pieces(
        self, speech: Speech, start: float, sound: SoundPieces, video: AnswerVideo | None
    ) -> AsyncGenerator[AnswerPart, None]:
        """The parts of one piece of speech, in the order of their times."""
        begin = 0
        while begin < len(speech.samples):
            seconds = FIRST_PIECE_S if start == 0 and begin == 0 else PIECE_S
            samples = speech.samples[begin : begin + max(1, round(seconds * speech.rate))]
            begin += len(samples)
            until = start + begin / speech.rate
            if self._options.sound and (part := sound.add(samples)) is not None:
                self._mark("first_audio")
                yield part
            if (frames := self._face.frames(until)) is not None:
                yield frames
            if video is not None:
                before = video.end
                data = await self._draw(partial(video.draw, until))
                if data is None:
                    video = None
                elif data:
                    self._mark("first_video")
                    yield VideoPart(self._options.number, before, video.end, data)

    async def _start_video(self, video: AnswerVideo, rate: int) -> VideoHeader | None:
        started = await self._draw(partial(video.start, rate))
        return None if started is None else VideoHeader(self._options.number, *started)

    async def _finish_video(self, video: AnswerVideo | None, end: float) -> VideoPart | None:
        if video is None:
            return None
        before = video.end
        data = await self._draw(lambda: video.draw(end) + video.finish())
        if video.degraded is not None:
            self._degrade(video.degraded)
        return VideoPart(self._options.number, before, video.end, data) if data else None

    async def _draw(self, work: Callable[[], Any]) -> Any:
        """What ``work`` returns, True in place of None; None where the video has failed, now or before."""
        if "video" in self._degraded:
            return None
        try:
            value = await self._threads.run(work)
        except Exception as error:  # libav, the animator: the sound goes on
            log.warning("the video of an answer broke off: %s: %s", type(error).__name__, error)
            self._degrade("video")
            return None
        return True if value is None else value

    # ---- what is known of it

    def _sentence(self, clause: SpokenClause, index: int, start: float) -> SentencePart:
        words = tuple(AnswerWord(word.text, word.start + start, word.end + start) for word in clause.words)
        end = start + clause.speech.duration
        phones = tuple(Phone(phone.symbol, phone.start + start, phone.end + start) for phone in clause.speech.phones)
        return SentencePart(
            self._options.number, index, clause.text, start, end, clause.mood, words, phones, clause.action
        )

    def _degrade(self, part: str) -> None:
        self._degraded[part] = None

    def _mark(self, stage: str) -> None:
        self._timings.setdefault(stage, self._clock() - self._began)
