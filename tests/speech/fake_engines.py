"""Fake engines for tests of the chain: they speak with espeak-ng but without phones, and can be made to misbehave."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from lipsync.audio.resample import Resampler
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.engines.registry import EngineFactory
from lipsync.speech.types import PLAIN, Speech, Style, Voice, VoiceInfo

Behaviour = Callable[[Iterator[Speech]], Iterator[Speech]]
"""Turns the pieces of one sentence into the pieces to return."""


class FakeEngine:
    """Voices ``NAME:low`` and ``NAME:high`` at 24000 Hz. ``behaviour`` applies to sentences that contain ``word``."""

    styles: frozenset[str] = frozenset()

    def __init__(
        self,
        name: str,
        behaviour: Behaviour | None = None,
        word: str = "",
        *,
        languages: tuple[str, ...] = ("ru", "en"),
        pitch: float = 0.0,
        rate: int = 24_000,
        version: str = "",
    ) -> None:
        self.name, self._behaviour, self._word = name, behaviour, word
        self._languages, self._pitch, self._rate, self.version = languages, pitch, rate, version
        self._counting = threading.Lock()
        self.sentences: list[str] = []
        """Sentences that were requested."""

    def voices(self) -> list[VoiceInfo]:
        kinds = (("low", "male"), ("high", "female"))
        return [VoiceInfo(f"{self.name}:{kind}", self.name, self._languages, sex=sex) for kind, sex in kinds]

    def speaks(self, language: str, voice: str | None = None) -> bool:
        return language in self._languages and (voice is None or voice in {info.name for info in self.voices()})

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - the signature of all engines
        return self.version

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:
        assert style == PLAIN, "this engine implements no style"
        with self._counting:
            self.sentences.append(text)
        pieces = self._pieces(text, language, voice or f"{self.name}:low")
        return self._behaviour(pieces) if self._behaviour is not None and self._word in text else pieces

    def _pieces(self, text: str, language: str, voice: str) -> Iterator[Speech]:
        own = "espeak-female" if voice.endswith("high") else "espeak-male"
        for piece in EspeakVoice().speak(text, language, own, Style(pitch=self._pitch)):
            resampler = Resampler(piece.rate, self._rate)
            samples = np.concatenate([resampler.add(piece.samples), resampler.finish()])
            yield Speech(samples, self._rate, text=text, language=language, voice=voice)


def engine_factories(*engines: FakeEngine) -> dict[str, EngineFactory]:
    """Factories of these engines, then of espeak-ng."""

    def constant_factory(voice: Voice) -> EngineFactory:
        return lambda _settings: voice

    return {
        **{engine.name: constant_factory(engine) for engine in engines},
        "espeak": constant_factory(EspeakVoice()),
    }


# ---- behaviours


def raises(error: Exception) -> Behaviour:
    """Raises instead of speaking."""

    def behaviour(pieces: Iterator[Speech]) -> Iterator[Speech]:  # noqa: ARG001
        raise error
        yield

    return behaviour


def raises_in_the_middle(error: Exception) -> Behaviour:
    """Speaks half a sentence, then raises."""

    def behaviour(pieces: Iterator[Speech]) -> Iterator[Speech]:
        for piece in pieces:
            yield replace(piece, samples=piece.samples[: len(piece.samples) // 2])
        raise error

    return behaviour


def hangs(until: threading.Event) -> Behaviour:
    """Blocks until ``until`` is set."""

    def behaviour(pieces: Iterator[Speech]) -> Iterator[Speech]:
        until.wait()
        yield from pieces

    return behaviour


def changes(change: Callable[[Speech], Speech]) -> Behaviour:
    """Returns modified sound."""

    def behaviour(pieces: Iterator[Speech]) -> Iterator[Speech]:
        yield from map(change, pieces)

    return behaviour


def never_ends(pieces: Iterator[Speech]) -> Iterator[Speech]:
    """Repeats its first piece forever."""
    for piece in pieces:
        while True:
            yield piece


def closes_at_once(pieces: Iterator[Speech]) -> Iterator[Speech]:
    """Returns no pieces."""
    pieces = iter(())
    yield from pieces
