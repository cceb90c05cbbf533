"""One sentence by one engine: from the cache, or spoken within its time and looked at, and its phones found."""

from __future__ import annotations

import gc
import logging
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from threading import Event, Lock
from typing import Literal, TypeVar

import numpy as np

from lipsync.cache import ArrayCache, preparation
from lipsync.errors import LipsyncError
from lipsync.media.resample import Resampler
from lipsync.once import Once
from lipsync.progress import Meanwhile
from lipsync.speech.align import align_phones
from lipsync.speech.cache import load_speech, save_speech, speech_key
from lipsync.speech.edges import with_pauses
from lipsync.speech.installed import Installed, Loads
from lipsync.speech.limited import TooSlow
from lipsync.speech.order import FLOOR
from lipsync.speech.soundness import check_rate, check_sound, check_speaking, longest
from lipsync.speech.stretch import stretched
from lipsync.speech.types import Phone, Speech, SpeechWord, Style, Voice

Value = TypeVar("Value")

Origin = Literal["made", "disk", "memory"]
"""Where a sentence came from."""

log = logging.getLogger(__name__)

_CHARACTERS = 100
"""The time of a longer sentence is that of so many characters, times as many as it has."""
_LOADING = 300.0
"""Seconds that an engine may take to load."""
_REMEMBERED = 8
"""Sentences that stay in memory: one that several want at once is spoken once."""


class Speaker:
    """Speaks sentences. Safe for many threads."""

    def __init__(self, cache: ArrayCache, seconds: float) -> None:
        """``seconds`` is the time for a sentence of up to a hundred characters."""
        self._cache, self._seconds = cache, seconds
        self._known: Once[Speech] = Once(_REMEMBERED)
        self._lock = Lock()
        self._origins: Counter[Origin] = Counter()

    def load(self, engine: Installed, meanwhile: Meanwhile | None = None) -> None:
        """Do what is slow before an engine can speak, once. Raises LipsyncError."""
        voice = engine.voice
        if not engine.loaded and isinstance(voice, Loads):
            loads = voice.load
            self._run(engine, lambda _: _guarded(engine.name, loads), _LOADING, meanwhile)
        engine.loaded = True

    def say(
        self,
        engine: Installed,
        voice: str | None,
        text: str,
        language: str,
        style: Style,
        meanwhile: Meanwhile | None = None,
    ) -> Speech:
        """The sentence ``text`` with phones, and silence as the engine left it at its ends.

        ``meanwhile`` is called while the engine is waited for, and what it raises is raised.

        Raises LipsyncError: nothing_to_say, voice_slow, voice_busy, voice_no_memory, voice_silent, voice_broken,
        voice_length, voice_babbles, voice_failed, and what the engine raises.
        """
        speaks = engine.voice
        if speaks is None:
            raise engine.problem or LipsyncError("voice_failed", voice=engine.name, reason="it is not there")
        own = Style(**{name: getattr(style, name) for name in speaks.styles})  # what it does itself
        mark = speaks.fingerprint(language, voice)
        if mark:
            sound = (engine.name, mark, voice, language, own.speed, own.pitch, own.pause, text)
            key = speech_key(preparation(("speech",)), *sound)
            said, mine = self._known.get(
                key, lambda: self._kept(key, engine, voice, text, language, own, meanwhile), meanwhile
            )
            if not mine:
                self._count("memory")
        else:
            self._count("made")
            said = self._spoken(engine, voice, text, language, own, meanwhile)
        # What the engine does not do itself. Its pauses are between phones, so first of all.
        said = said if "pause" in speaks.styles else with_pauses(said, style.pause)
        return stretched(said, style.speed / own.speed, style.pitch - own.pitch)

    def origins(self) -> dict[Origin, int]:
        """How many sentences came from where, until now."""
        with self._lock:
            return dict(self._origins)

    def _count(self, origin: Origin) -> None:
        with self._lock:
            self._origins[origin] += 1

    def _kept(
        self,
        key: str,
        engine: Installed,
        voice: str | None,
        text: str,
        language: str,
        own: Style,
        meanwhile: Meanwhile | None,
    ) -> Speech:
        kept = load_speech(self._cache, key)
        self._count("disk" if kept is not None else "made")
        if kept is None:
            kept = self._spoken(engine, voice, text, language, own, meanwhile)
            save_speech(self._cache, key, kept)
        return kept

    def _spoken(
        self,
        engine: Installed,
        voice: str | None,
        text: str,
        language: str,
        own: Style,
        meanwhile: Meanwhile | None,
    ) -> Speech:
        speaks = engine.voice
        assert speaks is not None
        self.load(engine, meanwhile)
        seconds = self._seconds * max(1.0, len(text) / _CHARACTERS) / min(own.speed, 1.0)

        def work(dropped: Event) -> Speech:
            return _guarded(engine.name, lambda: _collected(speaks, voice, text, language, own, dropped))

        # Nobody could take over from the floor, and it speaks at a hundred times real time.
        said = work(Event()) if engine.name == FLOOR else self._run(engine, work, seconds, meanwhile)
        return said if said.phones else align_phones(said, language)

    @staticmethod
    def _run(engine: Installed, work: Callable[[Event], Value], seconds: float, meanwhile: Meanwhile | None) -> Value:
        if engine.limited.stuck:
            raise LipsyncError("voice_busy", voice=engine.name)
        try:
            return engine.limited.run(work, seconds, meanwhile)
        except TooSlow:
            raise LipsyncError("voice_slow", voice=engine.name, limit=f"{seconds:g}") from None


def _collected(voice: Voice, name: str | None, text: str, language: str, style: Style, dropped: Event) -> Speech:
    """All that the engine says for one sentence, as one piece. Raises LipsyncError, TooSlow, and anything."""
    called = name or voice.name
    pieces: list[Speech] = []
    left = longest(text, style.speed)
    for piece in voice.speak(text, language, name, style):
        if dropped.is_set():
            raise TooSlow
        check_rate(piece, called)
        pieces.append(piece)
        left -= piece.duration
        if left < 0:  # an engine that does not find its end: no more of it is waited for
            break
    if not pieces:
        raise LipsyncError("voice_silent", voice=called)
    whole = replace(_joined(pieces), text=text)
    if voice.name != FLOOR:  # from which nobody could take over
        check_sound(whole, called, style.speed)
        check_speaking(whole, called, language, style.speed)
    return whole


def _joined(pieces: list[Speech]) -> Speech:
    """The pieces as one, of the rate of the first; with phones and words where all of them have some."""
    first = pieces[0]
    if len(pieces) == 1:
        return first
    phones: list[Phone] = []
    words: list[SpeechWord] = []
    sounds = []
    start = 0.0
    for piece in pieces:
        phones += [Phone(one.symbol, one.start + start, one.end + start) for one in piece.phones]
        words += [SpeechWord(one.text, one.start + start, one.end + start) for one in piece.words]
        resampler = Resampler(piece.rate, first.rate)
        sounds += [resampler.add(piece.samples), resampler.finish()]
        start = sum(len(sound) for sound in sounds) / first.rate
    return replace(
        first,
        samples=np.concatenate(sounds),
        phones=tuple(phones) if all(piece.phones for piece in pieces) else (),
        words=tuple(words) if all(piece.words for piece in pieces) else (),
    )


def _guarded(name: str, work: Callable[[], Value]) -> Value:
    """What ``work`` gives; whatever it raises becomes a LipsyncError that says what befell the engine ``name``."""
    try:
        return work()
    except (LipsyncError, TooSlow):
        raise
    except Exception as error:  # engines are others' code: no mistake of theirs may end the request
        no_memory = _is_memory(error)
        log.warning("the voice engine %s failed", name, exc_info=not no_memory)
        reason = f"{type(error).__name__}: {error}".rstrip(".")[:200]
    # Here the error is gone, and with it what its frames held.
    if no_memory:
        _return_memory()
        raise LipsyncError("voice_no_memory", voice=name)
    raise LipsyncError("voice_failed", voice=name, reason=reason)


def _is_memory(error: Exception) -> bool:
    """Python's own, CUDA's (torch.OutOfMemoryError), and what torch's CPU allocator raises."""
    said = str(error)
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and (type(error).__name__ == "OutOfMemoryError" or "out of memory" in said or "can't allocate memory" in said)
    )


def _return_memory() -> None:
    """Give back to the device what torch keeps for later."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
