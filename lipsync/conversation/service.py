"""Conversations: everything that hears, thinks and speaks, assembled once, each part when it is first needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock, Thread

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.body_motion.types import MotionGenerator
from lipsync.animation.track_blendshapes import TrackLipSyncGenerator
from lipsync.conversation.answer import Answer
from lipsync.conversation.answer_source import AnswerParts, ReplyText
from lipsync.conversation.answer_store import AnswerStore
from lipsync.conversation.answer_videos import AnswerVideos, VideoSource
from lipsync.conversation.apologies import apology
from lipsync.conversation.background_loop import BackgroundLoop
from lipsync.conversation.cancellation import AnswerThreads
from lipsync.conversation.clause_speech import ClauseSpeaker, MoodDetector, detect_moods
from lipsync.conversation.filler import Filler
from lipsync.conversation.gpu_memory import GpuMemoryBound
from lipsync.conversation.health import HealthMonitor, check_health
from lipsync.conversation.options import AnswerOptions, stage_limits
from lipsync.conversation.parts import AnswerPart, DonePart
from lipsync.conversation.portrait_loops import PortraitLoops
from lipsync.conversation.responder import FixedReply, Reply, Responder, Speaker
from lipsync.conversation.talk_limits import LEVELS, Overload, PictureLevel, TalkSlots
from lipsync.hearing.types import RATE, Transcriber, Transcript
from lipsync.language_models.types import Message as ChatMessage
from lipsync.pipeline.video_service import VideoService
from lipsync.settings import Settings
from lipsync.speech.live_speech import LiveSpeech

log = logging.getLogger(__name__)

THREADS_PER_TALK = 3
"""Worker threads that one talk can use at the same time: text to speech, drawing, and loading or storing."""
HEARING_THREADS_PER_TALK = 2
"""Threads for the recognition of one talk's speech: of a turn, and of one that was given up."""
_MAX_ENDING_S = 5.0
"""Seconds that the end of the threads is waited for."""


@dataclass(frozen=True)
class ConversationParts:
    """What conversations are assembled of: functions that create each part when it is first needed."""

    responder: Callable[[], Responder]
    reply_text: Callable[[str], ReplyText]
    """Creates what turns the text of a model into clauses, for a language code."""
    transcriber: Callable[[], Transcriber]
    motion: Callable[[], MotionGenerator]
    load_transcriber: Callable[[str], None] = lambda _language: None
    """Loads the model that hears a language code."""
    moods: MoodDetector = detect_moods
    unload: tuple[Callable[[], None], ...] = ()
    """Free GPU memory of what is idle, in this order."""


class ConversationService:
    """Answers questions aloud. Thread-safe: answers are made in an event loop of its own (:attr:`loop`)."""

    def __init__(self, settings: Settings, service: Callable[[], VideoService], parts: ConversationParts) -> None:
        """``service`` returns the loaded service, or raises LipsyncError while it loads. Nothing is created yet."""
        self.settings = settings
        self.limits = stage_limits(settings)
        """How long the stages of an answer may take."""
        self.slots = TalkSlots(settings.talks)
        """The places of those who talk."""
        self.loop = BackgroundLoop()
        """Where answers are made; its methods bring them to threads and to other event loops."""
        self.answers = AnswerStore(settings.state / "answers")
        """Sound and video of answers that callers fetch."""
        self.gpu = GpuMemoryBound(settings.max_vram_mb, parts.unload)
        self.health = HealthMonitor()
        """Whether each part works: what the last check and the last answers show."""
        self.overload = Overload()
        """What of the picture is made, by how fast the last answers were drawn."""
        self.service, self._parts = service, parts
        self.pool = ThreadPoolExecutor(THREADS_PER_TALK * settings.talks + 2, "talk")
        """Threads for the work of answers."""
        self.hearing_pool = ThreadPoolExecutor(HEARING_THREADS_PER_TALK * settings.talks, "hearing")
        """Threads for the recognition of speech: a recognizer that hangs keeps no answer from being made."""
        self.writer = ThreadPoolExecutor(1, "conversation-memory")
        """The thread that writes what is said into the database, in order."""
        self._videos = AnswerVideos(settings, lambda: service().live, self.pool)
        self.loops = PortraitLoops(settings, lambda: service().live)
        """Videos of portraits that do not speak."""
        self._lock = Lock()
        self._responder: Responder | None = None
        self._motion: MotionGenerator | None = None
        self._transcriber: Transcriber | None = None

    # ---- parts

    @property
    def responder(self) -> Responder:
        """Personas and language models. Raises LipsyncError for settings that are wrong."""
        with self._lock:
            if self._responder is None:
                self._responder = self._parts.responder()
            return self._responder

    @property
    def motion(self) -> MotionGenerator:
        """The generator of body motions. Raises LipsyncError."""
        with self._lock:
            if self._motion is None:
                self._motion = self._parts.motion()
            return self._motion

    @property
    def transcriber(self) -> Transcriber:
        """The recognizer of speech. Raises HearingError, also while it recognizes, where it is not installed."""
        with self._lock:
            if self._transcriber is None:
                self._transcriber = self._parts.transcriber()
            return self._transcriber

    def speaker(self, persona: str | None) -> Speaker:
        """How ``persona`` speaks; None: the default one. Raises LipsyncError."""
        return self.responder.speaker(persona)

    # ---- answers

    def answer(
        self,
        question: str,
        history: Sequence[ChatMessage] = (),
        *,
        persona: str | None = None,
        options: AnswerOptions = AnswerOptions(),  # noqa: B008 - immutable
        turn_ended: Future[None] | None = None,
    ) -> AsyncGenerator[AnswerPart, None]:
        """Answer ``question`` after ``history`` in the voice of ``persona``; language, voice and avatar of
        ``options`` are the persona's.

        ``turn_ended`` is for live answers, and done when the person has begun to wait: some time later a filler of
        the persona is spoken where no text is there.

        The generator is to be read in :attr:`loop`: by ``loop.iterate`` in a thread, by ``loop.stream`` in another
        event loop. Raises LipsyncError at once: not_ready, failed_to_load, unknown_persona, vram_full.
        """
        self._check()
        begin = partial(self.responder.reply, persona, history, question)
        return self._answer(self.speaker(persona), begin, options, turn_ended=turn_ended, uses=("llm", "tts"))

    def say(
        self,
        text: str,
        *,
        persona: str | None = None,
        options: AnswerOptions = AnswerOptions(),  # noqa: B008 - immutable
        failed: Sequence[str] = (),
    ) -> AsyncGenerator[AnswerPart, None]:
        """Speak ``text`` in the voice of ``persona``, without a language model: as :meth:`answer`.

        The video of a phrase of the persona is drawn once and then sent from the cache. ``failed``: parts in whose
        place it is said, named in :attr:`DonePart.degraded`.
        """
        reply = FixedReply(text, is_phrase=text in self.speaker(persona).phrases, failed=failed)
        return self.speak(lambda: reply, persona=persona, options=options)

    def speak(
        self,
        begin: Callable[[], Reply],
        *,
        persona: str | None = None,
        options: AnswerOptions = AnswerOptions(),  # noqa: B008 - immutable
        uses: Sequence[str] = ("tts",),
    ) -> AsyncGenerator[AnswerPart, None]:
        """Speak the reply that ``begin`` starts: as :meth:`answer`. ``uses``: parts whose health it shows."""
        self._check()
        return self._answer(self.speaker(persona), begin, options, uses=uses)

    def _check(self) -> None:
        """Raise LipsyncError where nothing can be answered now."""
        self.service()
        self.gpu.check()

    async def _answer(
        self,
        speaker: Speaker,
        begin: Callable[[], Reply],
        options: AnswerOptions,
        level: PictureLevel | None = None,
        uses: Sequence[str] = ("tts",),
        turn_ended: Future[None] | None = None,
    ) -> AsyncGenerator[AnswerPart, None]:
        """Make an answer. None as the ``level`` of its picture: that of :attr:`overload`, which measures it."""
        ended = self.overload.drawn if level is None else lambda _film_s, _spent_s: None
        level = level or self.overload.level
        wanted_fps = options.fps
        options = replace(
            options,
            language=speaker.language,
            voice=speaker.voice,
            avatar=speaker.avatar,
            speed=speaker.speed * options.speed,
        )
        degraded: list[str] = []
        if options.video and level.degraded is not None:
            degraded.append(level.degraded)
            if not level.has_video:
                self.overload.skipped()
            options = replace(options, video=level.has_video, fps=min(options.fps, level.max_fps))
        motion = None
        if options.motion:
            try:
                motion = self.motion
            except Exception as error:  # presets that are not there
                log.warning("answers have no motion: %s", error)
                degraded.append("motion")
        reply = begin()
        video = self._videos.source(options, level, wanted_fps, ended) if options.video else None
        source = AnswerParts(
            pieces=reply.pieces(),
            reply=self._parts.reply_text(speaker.language),
            speaker=lambda failed: ClauseSpeaker(
                lambda: self._open_speech(options), options.language, failed, self._parts.moods
            ),
            blendshapes=None
            if options.blendshapes == "none"
            else TrackLipSyncGenerator(options.blendshapes, seed=options.seed, fps=options.weights_fps).stream(),
            motion=motion,
            video=None if video is None else video.open,
            phrase=reply.phrase,
            filler=None if turn_ended is None else self._filler(speaker, options.number, turn_ended, video),
            failed=reply.failed,
            apology=lambda code: apology(code, options.language),
        )
        answer = Answer(source, options, AnswerThreads(self.pool), self.limits, degraded)
        async with aclosing(answer.parts()) as parts:
            async for part in parts:
                if isinstance(part, DonePart):  # a stored reply says nothing about the language model
                    self.health.note_use(part.degraded, set(uses) - ({"llm"} if reply.phrase() else set()))
                yield part

    def _filler(
        self, speaker: Speaker, number: int, turn_ended: Future[None], video: VideoSource | None
    ) -> Filler | None:
        """The filler of the answer of this number, one after the other; None for a persona without fillers."""
        if not speaker.fillers:
            return None
        text = speaker.fillers[number % len(speaker.fillers)]
        reply = self._parts.reply_text(speaker.language)
        clauses = (*reply.add(text), *reply.finish())
        waiting = asyncio.wrap_future(turn_ended)
        return Filler(clauses, waiting) if video is None else Filler(clauses, waiting, partial(video.replay, text))

    def _open_speech(self, options: AnswerOptions) -> LiveSpeech:
        return self.service().live.open_speech(options.language, options.voice, speed=options.speed)

    async def prepare(self, persona: str | None = None, *, video: bool = False) -> None:
        """Load what answers in the voice of ``persona``, before the first question, and speak its phrases once; with
        ``video`` theirs are drawn, too. For :attr:`loop`. Raises LipsyncError: not_ready, failed_to_load,
        unknown_persona.
        """
        self.service()
        speaker = self.speaker(persona)
        loading = asyncio.create_task(self.responder.preload(persona))
        try:
            for phrase in speaker.phrases:
                options = AnswerOptions(blendshapes="none", motion=False, video=video, fps=self.settings.fps)
                reply = FixedReply(phrase, is_phrase=True)
                answer = self._answer(speaker, lambda reply=reply: reply, options, LEVELS[0])  # type: ignore[misc]
                async with aclosing(answer) as parts:
                    async for _ in parts:
                        pass
            await loading
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)

    # ---- hearing

    def load_recognizer(self, language: str) -> None:
        """Load what hears ``language``, a code, before the first words: seconds. Raises HearingError."""
        self._parts.load_transcriber(language)

    def transcribe(self, samples: NDArray[np.float32], language: str | None) -> Transcript:
        """The words in (n,) float32 mono ``samples``, 16,000 a second. Blocks. Raises HearingError."""
        with self.health.watch("stt"):
            return self.transcriber.transcribe(samples, language)

    async def hear(self, samples: NDArray[np.float32], language: str | None = None) -> Transcript:
        """The words in (n,) float32 mono ``samples``, 16,000 a second; for :attr:`loop`.

        Raises HearingError; TimeoutError where recognition takes longer than :attr:`limits` allow. (The thread ends
        when the recognition does.)
        """
        seconds = self.limits.hearing_s * max(1.0, len(samples) / RATE / 10)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(seconds):
            return await loop.run_in_executor(self.hearing_pool, self.transcribe, samples, language)

    # ---- health and end

    async def health_check(self) -> dict[str, bool]:
        """Whether each part works now: ``llm``, ``tts``, ``lipsync``, ``motion``, ``stt``; raises nothing."""
        return (await check_health(self)).works

    def close(self) -> None:
        """End all answers, threads and child processes, and free GPU memory."""
        if self._responder is not None:
            try:
                self.loop.submit(self._responder.close()).result(5)
            except Exception:
                log.warning("the language models did not end", exc_info=True)
        self.loop.close()
        ending = Thread(target=self._end_threads, daemon=True)
        ending.start()
        self.writer.shutdown()
        ending.join(_MAX_ENDING_S)  # recognition that hangs cannot be stopped: the process ends without it
        self.gpu.unload_all()

    def _end_threads(self) -> None:
        for pool in (self.hearing_pool, self.pool):
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in (self.pool, self.hearing_pool):
            pool.shutdown()
