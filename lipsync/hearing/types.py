"""Recognized speech, and the interfaces of a recognizer and of a detector of ended turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
"""Samples a second of all sound in this package."""

WINDOW = 512
"""Samples of one decision about voice activity: 32 ms."""


@dataclass(frozen=True)
class TranscribedWord:
    """One recognized word with its time."""

    text: str
    start: float
    """Seconds from the start of the sound."""
    end: float
    """Seconds from the start of the sound."""


@dataclass(frozen=True)
class TranscribedSegment:
    """One recognized phrase with its time."""

    text: str
    start: float
    """Seconds from the start of the sound."""
    end: float
    """Seconds from the start of the sound."""
    words: tuple[TranscribedWord, ...] = ()
    """Words in order; empty unless they were asked for."""
    no_speech_probability: float = 0.0
    """Probability, by the recognizer, that the segment is silence or noise, 0 to 1."""
    average_log_probability: float = 0.0
    """Mean natural logarithm of the probability of a token."""


@dataclass(frozen=True)
class Transcript:
    """What was recognized in a piece of sound. ``text`` is empty where nobody speaks."""

    text: str
    language: str
    """Code such as ``ru``."""
    duration: float
    """Seconds of sound."""
    segments: tuple[TranscribedSegment, ...] = ()


class Transcriber(Protocol):
    """Recognizes speech. Thread-safe; one recognition takes tenths of a second of processor time."""

    name: str
    """``whisper-base``."""

    def transcribe(
        self,
        samples: NDArray[np.float32],
        language: str | None = None,
        *,
        timestamps: bool = False,
        threads: int | None = None,
    ) -> Transcript:
        """The words in (n,) float32 mono ``samples`` in [-1, 1], RATE a second.

        ``language`` is a code such as ``ru``; None: it is detected. With ``timestamps`` the segments and their words
        have times; without, recognition is faster. ``threads`` of the processor are used at most; None: all that
        help. While frames are drawn, 1 is faster than 2. Raises HearingError.
        """
        ...

    def health_check(self) -> bool:
        """Whether speech can be recognized now; fast, raises nothing."""
        ...


class VoiceActivityDetector(Protocol):
    """Says where a voice is, for one stream of sound. Not thread-safe."""

    def probabilities(self, samples: NDArray[np.float32]) -> Iterator[float]:
        """The probability of a voice, 0 to 1, of each further window of WINDOW samples that is complete now.

        ``samples``: the next (n,) float32 mono samples in [-1, 1], RATE a second; the rest waits for the next call.
        """
        ...


class TurnDetector(Protocol):
    """Decides whether a person has finished."""

    def required_silence(self, text: str, language: str) -> float:
        """Seconds of silence after which the turn that ends in ``text`` is over; shorter for a finished sentence."""
        ...
