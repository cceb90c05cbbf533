"""The chain of voices: the best engine that is there speaks, and when it fails, the next one goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from lipsync.cache import ArrayCache
from lipsync.errors import LipsyncError
from lipsync.media.resample import Resampler
from lipsync.progress import Meanwhile
from lipsync.settings import Settings
from lipsync.speech.edges import LEAD, PAUSE_AFTER, PAUSE_BEFORE, TAIL, with_edges
from lipsync.speech.fallback import Fallback
from lipsync.speech.installed import MAKERS, Engines, Installed, Maker
from lipsync.speech.languages import resolve_language
from lipsync.speech.levelling import Level
from lipsync.speech.order import FLOOR, read_order
from lipsync.speech.sentence import Origin, Speaker
from lipsync.speech.text import sentences
from lipsync.speech.types import PLAIN, Speech, Style, Voice, VoiceInfo

log = logging.getLogger(__name__)

_CODED_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Samples a second that AAC knows; a voice of any other rate is resampled to the highest."""


@dataclass(frozen=True)
class Choice:
    """An engine that may speak, and in which of its voices."""

    engine: Installed
    voice: str | None

    @property
    def name(self) -> str:
        """What it is called where a person reads of it."""
        return self.voice or self.engine.name


class VoiceChain:
    """All engines as one Voice. Safe for many threads: what belongs to one text is in its :class:`Speaking`."""

    name = "chain"
    styles = frozenset({"speed", "pitch", "pause"})

    def __init__(self, settings: Settings, makers: Mapping[str, Maker] = MAKERS) -> None:
        """``makers`` are the engines there are, by name. Raises LipsyncError bad_field when ``voices`` is wrong."""
        self._order = read_order(settings.voices, tuple(makers))
        self._engines = Engines(settings, makers)
        cache = ArrayCache(settings.cache.expanduser() / "speech", settings.speech_cache_max_mb, "speech")
        self._speaker = Speaker(cache, settings.voice_seconds)

    def voices(self) -> list[VoiceInfo]:
        """Those of all engines that are there, in their order."""
        there = (self._engines.get(name).voice for name in self._order.names)
        return [info for voice in there if voice is not None for info in _listed(voice)]

    def absent(self) -> dict[str, LipsyncError]:
        """Why engines of the order are not there, by name."""
        engines = (self._engines.get(name) for name in self._order.names)
        return {one.name: one.problem for one in engines if one.problem is not None}

    def there(self) -> list[str]:
        """Names of the engines that are there, in their order."""
        return [name for name in self._order.names if self._engines.get(name).voice is not None]

    def origins(self) -> dict[Origin, int]:
        """How many sentences were spoken anew, read from the disk, or still known."""
        return self._speaker.origins()

    def engine(self, name: str) -> Installed | None:
        """The engine of that name, or why it is not there; None where the order does not name it."""
        return self._engines.get(name) if name in self._order.names else None

    def load(self, language: str) -> None:
        """Make all engines, and load the one that speaks the language of this code by default.

        One that cannot be loaded is a line in the log: it will not be the one that speaks.
        """
        self.there()
        for choice in self._choices(language, None, ""):
            try:
                self._speaker.load(choice.engine)
                return
            except LipsyncError as error:
                log.warning("the voice engine %s cannot be loaded: %s", choice.engine.name, error)

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether some engine speaks the language, in this voice."""
        there = (self._engines.get(name).voice for name in self._order.of(language))
        return any(one is not None and one.speaks(language, voice) for one in there)

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - as every engine
        """Empty: it caches what its engines say, and is not cached itself."""
        return ""

    def speak(
        self,
        text: str,
        language: str,
        voice: str | None = None,
        style: Style = PLAIN,
        *,
        sex: str = "",
        meanwhile: Meanwhile | None = None,
    ) -> Speaking:
        """Speak ``text``, what clean_text returned, sentence by sentence; the first engine that can does.

        ``voice`` is the name of a voice or of an engine; ``sex`` (male, female) is what is preferred where no voice
        is named; ``meanwhile`` is called while an engine is waited for, and what it raises ends the speaking, with no
        fallback. Raises LipsyncError unknown_language or unknown_voice at once, nothing_to_say or speech_failed while
        speaking.
        """
        code = resolve_language(language).code
        named = self._named(voice) if voice else None
        choices = self._choices(code, named, sex)
        missing = self._missing(named, code, choices[0])
        return Speaking(text, code, style, choices, self._speaker, missing, meanwhile)

    def _named(self, voice: str) -> tuple[Installed, VoiceInfo | None]:
        """The engine that has this voice, and the voice; none when the engine is not there, or was named itself.

        A voice that is listed as ``engine:Name`` may be called ``Name``.
        """
        known = self._order.names
        for name in sorted(known, key=lambda name: not voice.startswith(name)):  # no other engine is made in vain
            engine = self._engines.get(name)
            own = voice == name or (engine.voice is None and voice.startswith((f"{name}:", f"{name}-")))
            called = (voice, f"{name}:{voice}")
            info = next((one for one in _listed(engine.voice) if one.name in called), None)
            if own or info is not None:
                return engine, info
        raise LipsyncError("unknown_voice", voice=voice[:40], known=", ".join(one.name for one in self.voices()))

    def _choices(self, language: str, named: tuple[Installed, VoiceInfo | None] | None, sex: str) -> list[Choice]:
        """Who may speak, the first first; the floor is the last."""
        choices: list[Choice] = []
        if named is not None:
            engine, info = named
            sex = info.sex if info is not None else sex
            if info is not None and engine.voice is not None and engine.voice.speaks(language, info.name):
                choices.append(Choice(engine, info.name))
        order = self._order.of(language)
        if named is not None and named[1] is None:
            order = (named[0].name, *order)
        for name in dict.fromkeys(order):
            engine = self._engines.get(name)
            if (
                engine.voice is not None
                and engine.voice.speaks(language)
                and (name == FLOOR or all(one.engine is not engine for one in choices))
            ):
                choices.append(Choice(engine, _fitting(engine.voice, language, sex)))
            if name == FLOOR:
                break
        return choices

    @staticmethod
    def _missing(named: tuple[Installed, VoiceInfo | None] | None, language: str, first: Choice) -> list[Fallback]:
        """Why it is not the engine of the voice that was named."""
        if named is None or first.engine is named[0]:
            return []
        engine, info = named
        voice = engine.name if info is None else info.name
        problem = engine.problem or LipsyncError("voice_language", voice=voice, language=language)
        return [_fallback(engine.name, problem, 0, first.name)]


class Speaking(Iterator[Speech]):
    """One text being spoken, for one thread: gives the pieces, all of one rate, and tells who could not go on."""

    def __init__(
        self,
        text: str,
        language: str,
        style: Style,
        choices: list[Choice],
        speaker: Speaker,
        fallbacks: list[Fallback],
        meanwhile: Meanwhile | None = None,
    ) -> None:
        self._language, self._style = language, style
        self._choices, self._speaker, self._meanwhile = choices, speaker, meanwhile
        self._levels: dict[str, Level] = {}
        self._rate = 0
        self._pieces = self._spoken(text)
        self.fallbacks = fallbacks
        """Voices that could not go on until now, in order."""

    def __next__(self) -> Speech:
        return next(self._pieces)[0]

    def with_last(self) -> Iterator[tuple[Speech, bool]]:
        """The pieces, each with whether it is the last: a sentence is said before the one before it is given."""
        return self._pieces

    def _spoken(self, text: str) -> Iterator[tuple[Speech, bool]]:
        between = self._style.pause / self._style.speed
        pending: Speech | None = None
        lead = LEAD
        for number, sentence in enumerate(sentences(text, self._language)):
            said = self._said(number, sentence)
            if said is None:
                continue
            if pending is not None:
                yield self._finished(pending, lead, PAUSE_AFTER * between), False
                lead = PAUSE_BEFORE * between
            pending = said
        if pending is None:
            raise LipsyncError("nothing_to_say")
        yield self._finished(pending, lead, TAIL), True

    def _said(self, number: int, sentence: str) -> Speech | None:
        """The sentence by the first that can speak it, as it came; None when there is nothing to say in it."""
        while True:
            choice, *others = self._choices
            try:
                said = self._speaker.say(
                    choice.engine, choice.voice, sentence, self._language, self._style, self._meanwhile
                )
                return replace(said, text=sentence, language=self._language, voice=choice.voice or said.voice)
            except LipsyncError as error:
                problem = error
            if problem.code == "nothing_to_say" and not others:
                return None
            if not others:
                raise problem
            self._choices = others
            self.fallbacks.append(_fallback(choice.engine.name, problem, number, others[0].name))
            log.warning(
                "voice %s: %s %s takes over from sentence %d on", choice.name, problem, others[0].name, number
            )

    def _finished(self, said: Speech, lead: float, tail: float) -> Speech:
        """With the silence around it, as loud as every voice, at the rate of the first."""
        speech = with_edges(said, lead, tail)
        level = self._levels.setdefault(said.voice, Level())
        samples = level.levelled(speech.samples, speech.rate)
        if not self._rate:
            self._rate = speech.rate if speech.rate in _CODED_RATES else _CODED_RATES[-1]
        resampler = Resampler(speech.rate, self._rate)
        samples = np.concatenate([resampler.add(samples), resampler.finish()])
        return replace(speech, samples=samples, rate=self._rate)


def _fallback(engine: str, problem: LipsyncError, piece: int, voice: str) -> Fallback:
    said = {language: problem.sentence(language) for language in ("en", "ru")}
    return Fallback(engine, problem.code, said, piece, voice)


def _listed(voice: Voice | None) -> list[VoiceInfo]:
    return [] if voice is None else voice.voices()


def _fitting(voice: Voice, language: str, sex: str) -> str | None:
    """The name of its voice that speaks the language when none is named: the first of this sex, else the first."""
    fitting = [info for info in voice.voices() if language in info.languages]
    return next((info.name for info in fitting if sex and info.sex == sex), fitting[0].name if fitting else None)
