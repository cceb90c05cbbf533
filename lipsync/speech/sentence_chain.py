"""Sentences of one text by the candidates of a voice chain: when one fails, the next takes over from there on."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np

from lipsync.audio.loudness import LoudnessNormalizer
from lipsync.audio.resample import Resampler
from lipsync.errors import LipsyncError
from lipsync.speech.engines.registry import EngineEntry
from lipsync.speech.sentence import SentenceSynthesizer
from lipsync.speech.trim_silence import set_edges
from lipsync.speech.types import Fallback, Speech, Style
from lipsync.text.errors import NothingToSayError

log = logging.getLogger(__name__)

_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Sample rates in Hz that are kept, all supported by AAC; a voice of any other rate is resampled to the highest."""


@dataclass(frozen=True)
class VoiceChoice:
    """A candidate: an engine, and one of its voices."""

    engine: EngineEntry
    voice: str | None

    @property
    def name(self) -> str:
        """Name of the voice, or of the engine if no voice is chosen."""
        return self.voice or self.engine.name


class SentenceChain:
    """Speaks the sentences of one text, all at the sample rate of the first. Not thread-safe."""

    def __init__(
        self,
        language: str,
        style: Style,
        choices: list[VoiceChoice],
        synthesizer: SentenceSynthesizer,
        fallbacks: list[Fallback],
    ) -> None:
        """``choices`` are the candidates in order of preference, at least one; ``language`` is a code."""
        self.language = language
        self.pause_factor = style.pause / style.speed
        """Factor of the length of pauses between sentences."""
        self.fallbacks = fallbacks
        """Engines that have failed so far, in order."""
        self._style, self._choices, self._synthesizer = style, choices, synthesizer
        self._normalizers: dict[str, LoudnessNormalizer] = {}
        self._rate = 0

    def synthesize(self, number: int, sentence: str) -> Speech | None:
        """The sentence by the first candidate that can speak it; None if none of them has anything to pronounce in
        it. ``number`` is its index in the text. Raises LipsyncError: that of the last candidate."""
        while True:
            choice, *others = self._choices
            try:
                speech = self._synthesizer.synthesize(
                    choice.engine, choice.voice, sentence, self.language, self._style
                )
                return replace(speech, text=sentence, language=self.language, voice=choice.voice or speech.voice)
            except NothingToSayError as error:
                if not others:
                    return None
                problem: LipsyncError = error
            except LipsyncError as error:
                if not others:
                    raise
                problem = error
            self._choices = others
            self.fallbacks.append(fallback_of(choice.engine.name, problem, number, others[0].name))
            log.warning(
                "voice %s: %s %s takes over from sentence %d on", choice.name, problem, others[0].name, number
            )

    def finalize(self, speech: Speech, lead: float, tail: float) -> Speech:
        """Set the silence around the speech, ``lead`` seconds before and ``tail`` after, its loudness, and the sample
        rate of the first piece."""
        speech = set_edges(speech, lead, tail)
        normalizer = self._normalizers.setdefault(speech.voice, LoudnessNormalizer())
        samples = normalizer.normalize(speech.samples, speech.rate)
        if not self._rate:
            self._rate = speech.rate if speech.rate in _AAC_RATES else _AAC_RATES[-1]
        resampler = Resampler(speech.rate, self._rate)
        samples = np.concatenate([resampler.add(samples), resampler.finish()])
        return replace(speech, samples=samples, rate=self._rate)


def fallback_of(engine: str, problem: LipsyncError, piece: int, voice: str) -> Fallback:
    """The report that ``engine`` failed with ``problem`` at sentence ``piece``, from which on ``voice`` speaks."""
    return Fallback(engine, problem.code, problem.description.texts(), piece, voice)
