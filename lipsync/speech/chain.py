"""Voice chain: the preferred available engine speaks, and if it fails, the next one takes over mid-text."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

import numpy as np

from lipsync.errors import LipsyncError
from lipsync.settings import Settings
from lipsync.speech.engines.registry import ENGINE_FACTORIES, EngineEntry, EngineFactory, EngineRegistry
from lipsync.speech.errors import UnknownVoiceError, VoiceError
from lipsync.speech.live_speech import LiveSpeech
from lipsync.speech.priority import FALLBACK_ENGINE, parse_priority
from lipsync.speech.sentence import SentenceSynthesizer, SpeechSource
from lipsync.speech.sentence_chain import SentenceChain, VoiceChoice, fallback_of
from lipsync.speech.trim_silence import LEAD, PAUSE_AFTER, PAUSE_BEFORE, TAIL
from lipsync.speech.types import PLAIN, Fallback, Phone, Speech, Style, Voice, VoiceInfo
from lipsync.storage.cache import ArrayCache
from lipsync.text.errors import NothingToSayError
from lipsync.text.languages import resolve_language
from lipsync.text.split import split_sentences

log = logging.getLogger(__name__)


class VoiceChain:
    """All engines as one Voice. Thread-safe: the state of one text lives in its :class:`SpeechStream`."""

    name = "chain"
    styles = frozenset({"speed", "pitch", "pause"})

    def __init__(self, settings: Settings, factories: Mapping[str, EngineFactory] = ENGINE_FACTORIES) -> None:
        """``factories`` are the known engines by name. Raises InvalidFieldError for a wrong setting ``voices``."""
        self._priority = parse_priority(settings.voices, tuple(factories))
        self._engines = EngineRegistry(settings, factories)
        cache = ArrayCache(settings.cache.expanduser() / "speech", settings.speech_cache_max_mb, "speech")
        self._synthesizer = SentenceSynthesizer(cache, settings.voice_timeout_s)

    def voices(self) -> list[VoiceInfo]:
        """The voices of all available engines, in order of preference."""
        available = (self._engines.get(name).voice for name in self._priority.names)
        return [info for voice in available if voice is not None for info in _voices_of(voice)]

    def unavailable(self) -> dict[str, LipsyncError]:
        """Engines that the setting names but that cannot be used: the error by name of the engine."""
        engines = (self._engines.get(name) for name in self._priority.names)
        return {entry.name: entry.problem for entry in engines if entry.problem is not None}

    def available(self) -> list[str]:
        """Names of the available engines, in order of preference."""
        return [name for name in self._priority.names if self._engines.get(name).voice is not None]

    def cache_stats(self) -> dict[SpeechSource, int]:
        """Number of sentences synthesized, read from the disk cache, or found in memory."""
        return self._synthesizer.cache_stats()

    def engine(self, name: str) -> EngineEntry | None:
        """The engine of that name, available or not; None if the setting does not name it."""
        return self._engines.get(name) if name in self._priority.names else None

    def load(self, language: str) -> None:
        """Create all engines, and load the first one that can speak ``language``, a code.

        An engine that cannot be loaded is logged, and the next one is tried.
        """
        self.available()
        for choice in self._choices(language, None, ""):
            try:
                self._synthesizer.load(choice.engine)
                return
            except LipsyncError as error:
                log.warning("the voice engine %s cannot be loaded: %s", choice.engine.name, error)

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether any engine speaks the language, in this voice."""
        available = (self._engines.get(name).voice for name in self._priority.for_language(language))
        return any(engine is not None and engine.speaks(language, voice) for engine in available)

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - as every engine
        """Empty: the sentences of its engines are cached, not its own."""
        return ""

    def speak(
        self,
        text: str,
        language: str,
        voice: str | None = None,
        style: Style = PLAIN,
        *,
        sex: str = "",
    ) -> SpeechStream:
        """Speak ``text``, as returned by clean_text, sentence by sentence, with the first engine that can.

        ``voice`` is the name of a voice or of an engine; ``sex`` (male, female) is preferred where no voice is named.
        A wait for an engine can be cancelled (:mod:`lipsync.runtime.progress`): no fallback speaks then. Raises
        UnknownLanguageError or UnknownVoiceError at once; NothingToSayError or the error of the last engine while
        speaking.
        """
        return SpeechStream(text, self._sentence_chain(language, voice, style, sex))

    def open(self, language: str, voice: str | None = None, style: Style = PLAIN, *, sex: str = "") -> LiveSpeech:
        """Begin the speech of a text that comes piece by piece; the parameters and errors are those of
        :meth:`speak`."""
        return LiveSpeech(self._sentence_chain(language, voice, style, sex))

    def _sentence_chain(self, language: str, voice: str | None, style: Style, sex: str) -> SentenceChain:
        code = resolve_language(language).code
        requested = self._find_voice(voice) if voice else None
        choices = self._choices(code, requested, sex)
        fallbacks = self._explain_replacement(requested, code, choices[0])
        return SentenceChain(code, style, choices, self._synthesizer, fallbacks)

    def first_voice(self, language: str, voice: str | None = None, sex: str = "") -> str:
        """Name of the voice, or of the engine, with which :meth:`speak` begins; ``voice`` where it is given.

        Raises UnknownLanguageError or UnknownVoiceError.
        """
        if voice:
            self._find_voice(voice)
            return voice
        return self._choices(resolve_language(language).code, None, sex)[0].name

    def _find_voice(self, voice: str) -> tuple[EngineEntry, VoiceInfo | None]:
        """The engine of a voice, and the voice: None if the engine is unavailable or was named itself.

        A voice that is listed as ``engine:Name`` may be requested as ``Name``.
        """
        known = self._priority.names
        for name in sorted(
            known, key=lambda name: not voice.startswith(name)
        ):  # likely engines first: creating one may be slow
            engine = self._engines.get(name)
            is_engine = voice == name or (engine.voice is None and voice.startswith((f"{name}:", f"{name}-")))
            accepted = (voice, f"{name}:{voice}")
            info = next((info for info in _voices_of(engine.voice) if info.name in accepted), None)
            if is_engine or info is not None:
                return engine, info
        raise UnknownVoiceError(
            "unknown_voice", voice=voice[:40], known=", ".join(info.name for info in self.voices())
        )

    def _choices(
        self, language: str, named: tuple[EngineEntry, VoiceInfo | None] | None, sex: str
    ) -> list[VoiceChoice]:
        """Candidates in order of preference, down to FALLBACK_ENGINE."""
        choices: list[VoiceChoice] = []
        if named is not None:
            engine, info = named
            sex = info.sex or sex if info is not None else sex
            if info is not None and engine.voice is not None and engine.voice.speaks(language, info.name):
                choices.append(VoiceChoice(engine, info.name))
        order = self._priority.for_language(language)
        if named is not None and named[1] is None:
            order = (named[0].name, *order)
        for name in dict.fromkeys(order):
            engine = self._engines.get(name)
            if (
                engine.voice is not None
                and engine.voice.speaks(language)
                and (name == FALLBACK_ENGINE or all(choice.engine is not engine for choice in choices))
            ):
                default = _default_voice(engine.voice, language, sex)
                if all(choice.engine is not engine or choice.voice != default for choice in choices):
                    choices.append(VoiceChoice(engine, default))
            if name == FALLBACK_ENGINE:
                break
        return choices

    @staticmethod
    def _explain_replacement(
        named: tuple[EngineEntry, VoiceInfo | None] | None, language: str, first: VoiceChoice
    ) -> list[Fallback]:
        """The fallback to report if the first candidate is not of the requested engine; else none."""
        if named is None or first.engine is named[0]:
            return []
        engine, info = named
        voice = engine.name if info is None else info.name
        problem = engine.problem or VoiceError("voice_language", voice=voice, language=language)
        return [fallback_of(engine.name, problem, 0, first.name)]


class SpeechStream(Iterator[Speech]):
    """The speech of one text, a sentence at a time, all at one sample rate. Not thread-safe."""

    def __init__(self, text: str, chain: SentenceChain) -> None:
        self._chain = chain
        self._pieces = self._speak(text)

    @property
    def fallbacks(self) -> list[Fallback]:
        """Engines that have failed so far, in order."""
        return self._chain.fallbacks

    def __next__(self) -> Speech:
        return next(self._pieces)[0]

    def with_last(self) -> Iterator[tuple[Speech, bool]]:
        """The pieces, each with whether it is the last one. Nothing is synthesized ahead of what is returned."""
        return self._pieces

    def _speak(self, text: str) -> Iterator[tuple[Speech, bool]]:
        chain, lead = self._chain, LEAD
        last: Speech | None = None
        sentences = list(split_sentences(text, chain.language))
        for number, sentence in enumerate(sentences):
            speech = chain.synthesize(number, sentence)
            if speech is None:
                continue
            if number == len(sentences) - 1:
                yield chain.finalize(speech, lead, TAIL), True
                return
            last = chain.finalize(speech, lead, PAUSE_AFTER * chain.pause_factor)
            yield last, False
            lead = PAUSE_BEFORE * chain.pause_factor
        if last is None:
            raise NothingToSayError("nothing_to_say")
        # The voice has nothing to pronounce in the rest of the text, which nobody could know before.
        yield _silence(last, TAIL), True


def _silence(speech: Speech, seconds: float) -> Speech:
    """Silence after ``speech``, without a text."""
    samples = np.zeros(round(seconds * speech.rate), np.float32)
    return Speech(samples, speech.rate, (Phone("", 0.0, seconds),), "", speech.language, voice=speech.voice)


def _voices_of(voice: Voice | None) -> list[VoiceInfo]:
    return [] if voice is None else voice.voices()


def _default_voice(voice: Voice, language: str, sex: str) -> str | None:
    """Name of the voice of an engine that speaks ``language`` by default: its first of this sex, else its first."""
    fitting = [info for info in voice.voices() if language in info.languages]
    return next((info.name for info in fitting if sex and info.sex == sex), fitting[0].name if fitting else None)
