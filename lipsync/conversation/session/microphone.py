"""The microphone's sound of a live conversation: converted, examined for a voice, and kept as long as needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.resample import Resampler
from lipsync.audio.segment import decode_pcm16
from lipsync.hearing.types import RATE, WINDOW, VoiceActivityDetector

MAX_KEPT_S = 65.0
"""Seconds of sound that are kept: the longest turn, and what comes while its last words are recognized."""


@dataclass(frozen=True)
class MicrophoneWindow:
    """One window of sound, with the decision about voice activity in it."""

    probability: float
    """Probability of a voice, 0 to 1."""
    end: float
    """End of the window, seconds of the microphone's sound."""
    samples: NDArray[np.float32]
    """(WINDOW,) float32 mono samples in [-1, 1], RATE a second."""


class Microphone:
    """Takes 16-bit sound of any rate. Not thread-safe."""

    def __init__(self, detector: VoiceActivityDetector, rate: int) -> None:
        """``rate``: samples a second of what is added."""
        self._detector = detector
        self._resampler = Resampler(rate, RATE)
        self._half_sample = b""
        self._kept: deque[NDArray[np.float32]] = deque()
        self._first = self._received = self._examined = 0
        """Numbers of samples: the first that is kept, all, and those in examined windows."""
        self._unexamined: NDArray[np.float32] = np.zeros(0, np.float32)

    @property
    def seconds(self) -> float:
        """Seconds of sound received so far."""
        return self._received / RATE

    def add(self, pcm16: bytes) -> Iterator[MicrophoneWindow]:
        """Append little-endian 16-bit mono samples, and examine the windows that are complete now."""
        data = self._half_sample + pcm16
        whole = len(data) // 2 * 2
        self._half_sample = data[whole:]
        samples = self._resampler.add(decode_pcm16(data[:whole]))
        if len(samples):
            self._kept.append(samples)
        self._received += len(samples)
        self.forget_before(self.seconds - MAX_KEPT_S)
        self._unexamined = np.concatenate([self._unexamined, samples])
        for probability in self._detector.probabilities(samples):
            window, self._unexamined = self._unexamined[:WINDOW], self._unexamined[WINDOW:]
            self._examined += WINDOW
            yield MicrophoneWindow(probability, self._examined / RATE, window)

    def part(self, start: float, end: float) -> NDArray[np.float32]:
        """(n,) the samples from ``start`` to ``end`` seconds; what is kept no longer is left out."""
        kept = np.concatenate([np.zeros(0, np.float32), *self._kept])
        begin, stop = (max(0, round(seconds * RATE) - self._first) for seconds in (start, end))
        return np.asarray(kept[begin:stop], np.float32)

    def forget_before(self, start: float) -> None:
        """Sound before ``start`` seconds is no longer needed."""
        while self._kept and (self._first + len(self._kept[0])) <= start * RATE:
            self._first += len(self._kept.popleft())
