"""One sentence by one engine: from the cache, or synthesized within a time limit, validated and aligned."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from threading import Event, Lock
from typing import Literal, TypeVar

from lipsync.errors import LipsyncError
from lipsync.messages import Message
from lipsync.runtime.memory import release_memory
from lipsync.runtime.single_flight import SingleFlight
from lipsync.runtime.time_limit import TimeLimitExceeded
from lipsync.speech.alignment.align import align_phones
from lipsync.speech.engines.registry import EngineEntry, Preloadable
from lipsync.speech.errors import SpeechFailedError
from lipsync.speech.priority import FALLBACK_ENGINE
from lipsync.speech.segments import concatenate
from lipsync.speech.speech_cache import load_speech, save_speech, speech_key
from lipsync.speech.time_stretch import time_stretch
from lipsync.speech.trim_silence import scale_pauses
from lipsync.speech.types import Speech, Style, Voice
from lipsync.speech.validation import check_rate, check_sound, check_speaking, max_duration
from lipsync.storage.cache import ArrayCache, code_fingerprint

Value = TypeVar("Value")

SpeechSource = Literal["made", "disk", "memory"]
"""Whether a sentence was synthesized, read from the disk cache, or found in memory."""

log = logging.getLogger(__name__)

_TIMED_CHARACTERS = 100
"""Characters that the setting ``voice_timeout_s`` covers; the time limit of a longer sentence grows in proportion."""
_MAX_LOADING_S = 300.0
"""Maximum seconds for loading an engine."""
_MAX_IN_MEMORY = 8
"""Sentences kept in memory; concurrent requests for the same sentence share one synthesis."""


class SentenceSynthesizer:
    """Synthesizes sentences with any engine, with cache, time limit and validation. Thread-safe."""

    def __init__(self, cache: ArrayCache, seconds: float) -> None:
        """``seconds`` is the time limit for a sentence of up to 100 characters."""
        self._cache, self._seconds = cache, seconds
        self._recent: SingleFlight[Speech] = SingleFlight(_MAX_IN_MEMORY)
        self._lock = Lock()
        self._counts: Counter[SpeechSource] = Counter()

    def load(self, engine: EngineEntry) -> None:
        """Load an engine once, within the time limit for loading. Raises LipsyncError."""
        voice = engine.voice
        if not engine.loaded and isinstance(voice, Preloadable):
            load_voice = voice.load
            self._run(engine, lambda _: _translate_errors(engine.name, load_voice), _MAX_LOADING_S)
        engine.loaded = True

    def synthesize(
        self,
        engine: EngineEntry,
        voice: str | None,
        text: str,
        language: str,
        style: Style,
    ) -> Speech:
        """The sentence ``text`` with phones, and the silence that the engine left at its ends.

        A wait for the engine can be cancelled (:mod:`lipsync.runtime.progress`).

        Raises NothingToSayError, SpeechFailedError (the engine failed, was too slow, or returned unusable sound), and
        the LipsyncErrors of the engine.
        """
        speaker = engine.voice
        if speaker is None:
            missing = Message("cause.engine_missing")
            raise engine.problem or SpeechFailedError("voice_failed", voice=engine.name, reason=missing)
        own = Style(**{name: getattr(style, name) for name in speaker.styles})  # what the engine does itself
        fingerprint = speaker.fingerprint(language, voice)
        if fingerprint:
            sound = (engine.name, fingerprint, voice, language, own.speed, own.pitch, own.pause, text)
            key = speech_key(code_fingerprint(("speech", "text", "audio")), *sound)
            speech, is_own = self._recent.get(
                key, lambda: self._load_or_synthesize(key, engine, voice, text, language, own)
            )
            if not is_own:
                self._count("memory")
        else:
            self._count("made")
            speech = self._synthesize(engine, voice, text, language, own)
        # What the engine cannot do itself. Pauses are found by the phones, so they are scaled before stretching.
        speech = speech if "pause" in speaker.styles else scale_pauses(speech, style.pause)
        return time_stretch(speech, style.speed / own.speed, style.pitch - own.pitch)

    def cache_stats(self) -> dict[SpeechSource, int]:
        """Number of sentences so far, by source."""
        with self._lock:
            return dict(self._counts)

    def _count(self, source: SpeechSource) -> None:
        with self._lock:
            self._counts[source] += 1

    def _load_or_synthesize(
        self,
        key: str,
        engine: EngineEntry,
        voice: str | None,
        text: str,
        language: str,
        own: Style,
    ) -> Speech:
        speech = load_speech(self._cache, key)
        self._count("disk" if speech is not None else "made")
        if speech is None:
            speech = self._synthesize(engine, voice, text, language, own)
            save_speech(self._cache, key, speech)
        return speech

    def _synthesize(
        self,
        engine: EngineEntry,
        voice: str | None,
        text: str,
        language: str,
        own: Style,
    ) -> Speech:
        speaker = engine.voice
        assert speaker is not None
        self.load(engine)
        seconds = self._seconds * max(1.0, len(text) / _TIMED_CHARACTERS) / min(own.speed, 1.0)

        def work(dropped: Event) -> Speech:
            return _translate_errors(
                engine.name, lambda: _collect_pieces(speaker, voice, text, language, own, dropped)
            )

        # Nothing could take over from the fallback engine, and it speaks at a hundred times real time: no limit.
        speech = work(Event()) if engine.name == FALLBACK_ENGINE else self._run(engine, work, seconds)
        return speech if speech.phones else align_phones(speech, language)

    @staticmethod
    def _run(engine: EngineEntry, work: Callable[[Event], Value], seconds: float) -> Value:
        if engine.executor.is_stuck:
            raise SpeechFailedError("voice_busy", voice=engine.name)
        try:
            return engine.executor.run(work, seconds)
        except TimeLimitExceeded:
            raise SpeechFailedError("voice_slow", voice=engine.name, limit=f"{seconds:g}") from None


def _collect_pieces(voice: Voice, name: str | None, text: str, language: str, style: Style, dropped: Event) -> Speech:
    """All that the engine returns for one sentence, as one piece. Raises TimeLimitExceeded, and anything."""
    shown_name = name or voice.name
    pieces: list[Speech] = []
    remaining = max_duration(text, style.speed)
    for piece in voice.speak(text, language, name, style):
        if dropped.is_set():
            raise TimeLimitExceeded
        check_rate(piece, shown_name)
        pieces.append(piece)
        remaining -= piece.duration
        if remaining < 0:  # an engine that does not stop: the rest is not waited for
            break
    if not pieces:
        raise SpeechFailedError("voice_silent", voice=shown_name)
    whole = replace(concatenate(pieces), text=text)
    if voice.name != FALLBACK_ENGINE:  # from which no other engine could take over
        check_sound(whole, shown_name, style.speed)
        check_speaking(whole, shown_name, language, style.speed)
    return whole


def _translate_errors(name: str, work: Callable[[], Value]) -> Value:
    """Return what ``work`` returns; turn any exception of the engine ``name`` into a LipsyncError."""
    try:
        return work()
    except (LipsyncError, TimeLimitExceeded):
        raise
    except Exception as error:  # third-party code: a bug in an engine must not end the request
        no_memory = _is_out_of_memory(error)
        log.warning("the voice engine %s failed", name, exc_info=not no_memory)
        reason = f"{type(error).__name__}: {error}".rstrip(".")[:200]
    # The exception is gone here, and with it the memory that its frames held.
    if no_memory:
        release_memory()
        raise SpeechFailedError("voice_no_memory", voice=name)
    raise SpeechFailedError("voice_failed", voice=name, reason=reason)


def _is_out_of_memory(error: Exception) -> bool:
    """Whether it is Python's MemoryError, torch.OutOfMemoryError, or the error of torch's CPU allocator."""
    message = str(error)
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and (
            type(error).__name__ == "OutOfMemoryError"
            or "out of memory" in message
            or "can't allocate memory" in message
        )
    )
