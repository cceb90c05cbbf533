"""Streaming conversion of the sample rate."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

_BLOCK_SAMPLES = 1 << 16  # samples passed to swresample in one call


class Resampler:
    """Resamples mono sound from ``rate`` Hz to ``to`` Hz with FFmpeg's swresample, without delay.

    n samples become ``ceil(n * to / rate)``, however they are split into calls. Not thread-safe.
    """

    def __init__(self, rate: int, to: int = 16_000) -> None:
        if rate < 1 or to < 1:
            raise ValueError(f"sample rates must be positive: {rate}, {to}")
        self._rate, self._to = rate, to
        self._consumed = 0
        self._emitted = 0
        self._resampler = av.AudioResampler("flt", "mono", to) if rate != to else None

    def add(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Append (n,) samples; return the (k,) resampled ones that became known, k >= 0."""
        if samples.ndim != 1:
            raise ValueError(f"samples must be one-dimensional, not {samples.shape}")
        samples = samples.astype(np.float32, copy=False)
        if self._resampler is None:
            self._consumed += len(samples)
            self._emitted += len(samples)
            return samples
        parts = []
        for start in range(0, len(samples), _BLOCK_SAMPLES):
            piece = np.ascontiguousarray(samples[None, start : start + _BLOCK_SAMPLES])
            frame = av.AudioFrame.from_ndarray(piece, "flt", "mono")
            frame.sample_rate, frame.time_base, frame.pts = self._rate, Fraction(1, self._rate), self._consumed
            self._consumed += piece.shape[1]
            parts += [np.array(resampled.to_ndarray()[0]) for resampled in self._resampler.resample(frame)]
        return self._emit(parts, self._target_length)

    def finish(self) -> NDArray[np.float32]:
        """Return the (k,) last samples. Nothing can be added afterwards."""
        if self._resampler is None or self._consumed == 0:
            return np.zeros(0, np.float32)
        parts = [np.array(resampled.to_ndarray()[0]) for resampled in self._resampler.resample(None)]
        missing = np.zeros(self._target_length, np.float32)  # lost to rounding in the filter
        return self._emit([*parts, missing], self._target_length)

    @property
    def _target_length(self) -> int:
        """Number of output samples for the input so far."""
        return -(-self._consumed * self._to // self._rate)

    def _emit(self, parts: list[NDArray[np.float32]], until: int) -> NDArray[np.float32]:
        emitted: NDArray[np.float32] = np.concatenate([np.zeros(0, np.float32), *parts])[: until - self._emitted]
        self._emitted += len(emitted)
        return emitted
