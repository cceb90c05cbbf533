"""Engines for tests of the chain: they speak with espeak-ng's voice as engines do that know no phones, until told to
misbehave, and then they really do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from lipsync.media.resample import Resampler
from lipsync.speech.espeak import EspeakVoice
from lipsync.speech.installed import Maker
from lipsync.speech.types import PLAIN, Speech, Style, Voice, VoiceInfo

Deed = Callable[[Iterator[Speech]], Iterator[Speech]]
"""What becomes of the pieces of one sentence."""


class Parrot:
    """``NAME:low`` and ``NAME:high`` at 24000 samples a second. Sentences that hold ``word`` are done ``deed`` to."""

    styles: frozenset[str] = frozenset()

    def __init__(
        self,
        name: str,
        deed: Deed | None = None,
        word: str = "",
        *,
        languages: tuple[str, ...] = ("ru", "en"),
        pitch: float = 0.0,
        rate: int = 24_000,
        mark: str = "",
    ) -> None:
        self.name, self._deed, self._word = name, deed, word
        self._languages, self._pitch, self._rate, self.mark = languages, pitch, rate, mark
        self._counting = threading.Lock()
        self.said: list[str] = []
        """Sentences that it was asked to speak."""

    def voices(self) -> list[VoiceInfo]:
        kinds = (("low", "male"), ("high", "female"))
        return [VoiceInfo(f"{self.name}:{kind}", self.name, self._languages, sex=sex) for kind, sex in kinds]

    def speaks(self, language: str, voice: str | None = None) -> bool:
        return language in self._languages and (voice is None or voice in {one.name for one in self.voices()})

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - as every engine
        return self.mark

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:
        assert style == PLAIN, "it has no style of its own"
        with self._counting:
            self.said.append(text)
        pieces = self._pieces(text, language, voice or f"{self.name}:low")
        return self._deed(pieces) if self._deed is not None and self._word in text else pieces

    def _pieces(self, text: str, language: str, voice: str) -> Iterator[Speech]:
        own = "espeak-female" if voice.endswith("high") else "espeak-male"
        for piece in EspeakVoice().speak(text, language, own, Style(pitch=self._pitch)):
            resampler = Resampler(piece.rate, self._rate)
            samples = np.concatenate([resampler.add(piece.samples), resampler.finish()])
            yield Speech(samples, self._rate, text=text, language=language, voice=voice)


def makers(*parrots: Parrot) -> dict[str, Maker]:
    """A table of engines: these, then espeak-ng."""

    def give(voice: Voice) -> Maker:
        return lambda _settings: voice

    return {**{parrot.name: give(parrot) for parrot in parrots}, "espeak": give(EspeakVoice())}


# ---- deeds


def raises(error: Exception) -> Deed:
    """Raises instead of speaking."""

    def deed(pieces: Iterator[Speech]) -> Iterator[Speech]:  # noqa: ARG001
        raise error
        yield

    return deed


def raises_in_the_middle(error: Exception) -> Deed:
    """Speaks half a sentence, then raises."""

    def deed(pieces: Iterator[Speech]) -> Iterator[Speech]:
        for piece in pieces:
            yield replace(piece, samples=piece.samples[: len(piece.samples) // 2])
        raise error

    return deed


def hangs(until: threading.Event) -> Deed:
    """Does not come back before ``until``."""

    def deed(pieces: Iterator[Speech]) -> Iterator[Speech]:
        until.wait()
        yield from pieces

    return deed


def changes(change: Callable[[Speech], Speech]) -> Deed:
    """Gives another sound than it should."""

    def deed(pieces: Iterator[Speech]) -> Iterator[Speech]:
        yield from map(change, pieces)

    return deed


def never_ends(pieces: Iterator[Speech]) -> Iterator[Speech]:
    """Goes on for an hour and more, a sentence at a time."""
    for piece in pieces:
        while True:
            yield piece


def closes_at_once(pieces: Iterator[Speech]) -> Iterator[Speech]:
    """Ends without a word."""
    pieces = iter(())
    yield from pieces
