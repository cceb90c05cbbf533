"""The sound of an answer as 16-bit samples at one rate, cut into pieces that can be sent while it goes on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.resample import Resampler
from lipsync.audio.segment import SEGMENT_RATE
from lipsync.conversation.parts import SoundPart

FIRST_PIECE_S = 0.12
"""Seconds of the first piece of an answer: three frames of video, so that the first picture comes soon."""
PIECE_S = 0.2
"""Seconds of each other piece."""


class SoundPieces:
    """Cuts the sound of one answer. Not thread-safe."""

    def __init__(self, answer: int, rate: int) -> None:
        """``rate`` of the samples that are added, in Hz."""
        self._answer = answer
        self._resampler = Resampler(rate, SEGMENT_RATE)
        self._samples = 0

    @property
    def duration(self) -> float:
        """Seconds of sound so far."""
        return self._samples / SEGMENT_RATE

    def add(self, samples: NDArray[np.float32]) -> SoundPart | None:
        """The next (n,) float32 mono samples in [-1, 1]; None where the filter keeps all of them for now."""
        return self._part(self._resampler.add(samples))

    def finish(self) -> SoundPart | None:
        """What the filter has kept, if anything."""
        return self._part(self._resampler.finish())

    def _part(self, samples: NDArray[np.float32]) -> SoundPart | None:
        if not len(samples):
            return None
        start = self.duration
        self._samples += len(samples)
        data = np.round(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
        return SoundPart(self._answer, start, len(samples) / SEGMENT_RATE, data)
