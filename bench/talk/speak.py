"""The questions as sound, spoken by a voice of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.resample import Resampler
from lipsync.hearing.types import RATE
from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings

_FRAME = RATE // 100
"""Samples of a frame in which loudness is measured: 10 ms."""
_VOICED = 0.01
"""Loudness of a voiced frame, as a part of the loudest one: -40 dB."""
_NOISE = 3e-4
"""Standard deviation of the noise of the microphone: -70 dB of full scale."""


@dataclass(frozen=True)
class Spoken:
    """A question as sound."""

    text: str
    samples: NDArray[np.float32]
    """(n,) mono samples in [-1, 1], RATE a second, without silence at the end."""

    @property
    def seconds(self) -> float:
        """Seconds from the first sample to the last voiced one."""
        return len(self.samples) / RATE


def speak_questions(settings: Settings, texts: Sequence[str], language: str) -> tuple[str, list[Spoken]]:
    """Name of the voice engine, and ``texts`` as it speaks them."""
    service = LipsyncService(settings)
    service.load()
    spoken, name = [], ""
    for text in texts:
        pieces = list(service.speak(text=text, language=language))
        resampler = Resampler(pieces[0].rate, RATE)
        samples = np.concatenate([*(resampler.add(piece.samples) for piece in pieces), resampler.finish()])
        spoken.append(Spoken(text, samples[: last_voiced(samples)]))
    for voice in service.voices():
        if language in voice.languages:
            name = voice.name
            break
    return name, spoken


def last_voiced(samples: NDArray[np.float32]) -> int:
    """Index after the last voiced sample; voiced is what is louder than -40 dB of the loudest 10 ms."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    loudness = np.sqrt(np.mean(np.square(frames, dtype=np.float64), axis=1))
    return int(np.flatnonzero(loudness >= _VOICED * loudness.max())[-1] + 1) * _FRAME


def silence(seconds: float, seed: int = 0) -> NDArray[np.float32]:
    """What a microphone sends where nobody speaks: faint noise."""
    noise = np.random.default_rng(seed).normal(0.0, _NOISE, round(seconds * RATE))
    return noise.astype(np.float32)
