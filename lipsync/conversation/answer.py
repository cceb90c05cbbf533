"""One spoken answer, made while the language model still writes: text, sound, face, motion and video in parts.

The model writes, a voice speaks the clause that is complete, and the face of the clause before is drawn, all at the
same time. What fails is left out or replaced, and named in :attr:`lipsync.conversation.parts.DonePart.degraded`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial

from lipsync.conversation.answer_face import AnswerFace
from lipsync.conversation.answer_film import AnswerFilm
from lipsync.conversation.answer_source import AnswerParts, ReplyText
from lipsync.conversation.apologies import ApologyCode
from lipsync.conversation.cancellation import AnswerThreads
from lipsync.conversation.clause_speech import SpokenClause
from lipsync.conversation.filler import Filler
from lipsync.conversation.live_video import AnswerVideo
from lipsync.conversation.options import AnswerOptions, StageLimits
from lipsync.conversation.parts import AnswerPart, AnswerWord, DonePart, SentencePart
from lipsync.conversation.reply_text import ReplyClause
from lipsync.conversation.sound_pieces import FIRST_PIECE_S, PIECE_S, SoundPieces
from lipsync.errors import LipsyncError
from lipsync.speech.types import Phone, Speech

log = logging.getLogger(__name__)

_MAX_CHARACTERS = 10_000
"""Characters of a reply; a model that writes more is stopped."""


@dataclass(frozen=True)
class _Piece:
    """A piece of speech, in the order of the answer."""

    speech: Speech
    clause: SpokenClause | None
    """None: a pause."""
    is_filler: bool = False
    is_last: bool = False


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
        self._has_text, self._has_clause = asyncio.Event(), asyncio.Event()
        self._has_filler = False
        self._clauses: asyncio.Queue[ReplyClause | Filler | None] = asyncio.Queue()
        self._spoken: asyncio.Queue[_Piece | None] = asyncio.Queue(1)

    async def parts(self) -> AsyncGenerator[AnswerPart, None]:
        """The parts in order. Closing the generator stops the model, the voice and the drawing: when ``aclose`` has
        returned, no thread is busy with the answer.

        Raises nothing for parts that fail; they are named in the last part.
        """
        self._began = self._clock()
        video = asyncio.create_task(self._open_video())
        tasks = [*(asyncio.create_task(work) for work in (self._write(), self._fill(), self._speak())), video]
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
            self._has_clause.set()
            self._clauses.put_nowait(None)

    async def _read(self, reply: ReplyText) -> ApologyCode | None:
        """Read the model's text; what went wrong, if anything."""
        limits, characters = self._limits, 0
        try:
            async with asyncio.timeout(limits.text_s), aclosing(self._source.pieces) as pieces:
                async with asyncio.timeout(limits.first_token_s):
                    piece = await anext(pieces, None)
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
                self._has_clause.set()

    async def _fill(self) -> None:
        """Put the filler into the queue where no clause is there some time after the person's turn."""
        filler = self._source.filler
        if filler is None:
            return
        await filler.turn_ended
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.filler_s):
                await self._has_clause.wait()
        if not self._has_clause.is_set():
            self._has_filler = True
            self._clauses.put_nowait(filler)
            self._has_text.set()

    # ---- voice

    async def _speak(self) -> None:
        """Put the speech of each clause into the queue, then the silence at the end, and then None."""
        try:
            while (clause := await self._clauses.get()) is not None:
                if isinstance(clause, Filler):
                    for part in clause.clauses:
                        await self._speak_clause(part, is_filler=True)
                    await self._pause(is_filler=True)
                else:
                    await self._speak_clause(clause)
            await self._pause()
        except Exception:
            log.exception("the speech of an answer broke off")
            self._degrade("tts")
        await self._spoken.put(None)

    async def _speak_clause(self, clause: ReplyClause, *, is_filler: bool = False) -> None:
        pieces = self._speaker.speak(clause)
        while (spoken := await self._threads.run(partial(next, pieces, None))) is not None:
            if not is_filler:
                self._mark("tts_first")
            await self._spoken.put(_Piece(spoken.speech, spoken, is_filler))

    async def _pause(self, *, is_filler: bool = False) -> None:
        end = await self._threads.run(self._speaker.finish)
        if end is not None:
            await self._spoken.put(_Piece(end, None, is_filler, is_last=not is_filler))

    # ---- face and video

    async def _open_video(self) -> AnswerVideo | None:
        prepare = self._source.video
        if prepare is None:
            return None
        await self._has_text.wait()
        try:
            phrase = None if self._has_filler else self._source.phrase()
            return await self._threads.run(lambda: prepare(self._threads, phrase, self._has_filler))
        except Exception as error:  # the portrait, the animator
            log.warning("an answer has no video: %s", error)
            self._degrade("video")
            return None

    async def _open_filler_video(self) -> AnswerVideo | None:
        """The video of the filler where it was drawn before; else it is drawn with the reply's."""
        filler = self._source.filler
        if filler is None or self._source.video is None:
            return None
        try:
            return await self._threads.run(filler.video)
        except Exception as error:  # the portrait: that of the reply says so
            log.debug("a filler has no video: %s", error)
            return None

    async def _perform(self, opening: asyncio.Task[AnswerVideo | None]) -> AsyncGenerator[AnswerPart, None]:
        film = AnswerFilm(self._options.number, self._threads, self._degrade)
        sound: SoundPieces | None = None
        start, index, is_replaying = 0.0, 0, False
        while (piece := await self._spoken.get()) is not None:
            speech, clause = piece.speech, piece.clause
            if clause is not None:
                yield self._sentence(clause, index, start, is_filler=piece.is_filler)
                index += 1
            if sound is None:
                sound = SoundPieces(self._options.number, speech.rate)
                replay = await self._open_filler_video() if piece.is_filler else None
                is_replaying = replay is not None
                if (header := await film.start(replay or await opening, speech.rate)) is not None:
                    yield header
            elif is_replaying and not piece.is_filler:
                is_replaying = False
                if (rest := await film.follow(await opening, start, speech.rate)) is not None:
                    yield rest
            await self._threads.run(partial(self._face.add, speech, last=piece.is_last))
            if clause is not None and (motion := self._face.motion(start, clause)) is not None:
                yield motion
            await film.add(speech, last=piece.is_last)
            async with aclosing(self._pieces(piece, start, sound, film)) as parts:
                async for part in parts:
                    yield part
            start += speech.duration
        if sound is not None and self._options.sound and (rest_of_sound := sound.finish()) is not None:
            yield rest_of_sound
        if (rest_of_film := await film.finish(start)) is not None:
            yield rest_of_film
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
        self, piece: _Piece, start: float, sound: SoundPieces, film: AnswerFilm
    ) -> AsyncGenerator[AnswerPart, None]:
        """The parts of one piece of speech, in the order of their times."""
        begin, speech = 0, piece.speech
        while begin < len(speech.samples):
            seconds = FIRST_PIECE_S if start == 0 and begin == 0 else PIECE_S
            samples = speech.samples[begin : begin + max(1, round(seconds * speech.rate))]
            begin += len(samples)
            until = start + begin / speech.rate
            if self._options.sound and (part := sound.add(samples)) is not None:
                self._mark("filler" if piece.is_filler else "first_audio")
                yield part
            if (frames := self._face.frames(until)) is not None:
                yield frames
            if (pictures := await film.draw(until)) is not None:
                if not piece.is_filler:
                    self._mark("first_video")
                yield pictures

    # ---- what is known of it

    def _sentence(self, clause: SpokenClause, index: int, start: float, *, is_filler: bool) -> SentencePart:
        words = tuple(AnswerWord(word.text, word.start + start, word.end + start) for word in clause.words)
        phones = tuple(Phone(phone.symbol, phone.start + start, phone.end + start) for phone in clause.speech.phones)
        return SentencePart(
            self._options.number,
            index,
            clause.text,
            start,
            start + clause.speech.duration,
            clause.mood,
            words,
            phones,
            clause.action,
            is_filler,
        )

    def _degrade(self, part: str) -> None:
        self._degraded[part] = None

    def _mark(self, stage: str) -> None:
        self._timings.setdefault(stage, self._clock() - self._began)
