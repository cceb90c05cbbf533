"""Sound at any rate becomes sound at another, as it comes."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 1 << 16  # samples given to swresample in one call


class Resampler:
    """Mono sound of ``rate`` samples a second to ``to`` samples a second, with FFmpeg's swresample.

    What stands at time t in the one stands at t in the other, and n samples become ``ceil(n * to / rate)``, however
    they are cut. For one thread.
    """

    def __init__(self, rate: int, to: int = 16_000) -> None:
        if rate < 1 or to < 1:
            raise ValueError(f"rates are positive: {rate}, {to}")
        self._rate, self._to = rate, to
        self._taken = 0
        self._given = 0
        self._resampler = av.AudioResampler("flt", "mono", to) if rate != to else None

    def add(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) in [-1, 1], the samples that follow, to the (k,) that are now known, k >= 0."""
        if samples.ndim != 1:
            raise ValueError(f"sound is one row of samples, not {samples.shape}")
        samples = samples.astype(np.float32, copy=False)
        if self._resampler is None:
            self._taken += len(samples)
            self._given += len(samples)
            return samples
        parts = []
        for start in range(0, len(samples), _AT_ONCE):
            piece = np.ascontiguousarray(samples[None, start : start + _AT_ONCE])
            frame = av.AudioFrame.from_ndarray(piece, "flt", "mono")
            frame.sample_rate, frame.time_base, frame.pts = self._rate, Fraction(1, self._rate), self._taken
            self._taken += piece.shape[1]
            parts += [np.array(one.to_ndarray()[0]) for one in self._resampler.resample(frame)]
        return self._give(parts, self._length)

    def finish(self) -> NDArray[np.float32]:
        """The (k,) last samples. Nothing can be added after."""
        if self._resampler is None or self._taken == 0:
            return np.zeros(0, np.float32)
        parts = [np.array(one.to_ndarray()[0]) for one in self._resampler.resample(None)]
        missing = np.zeros(self._length, np.float32)  # what the filter rounded away at the end
        return self._give([*parts, missing], self._length)

    @property
    def _length(self) -> int:
        """Samples that come of those taken so far."""
        return -(-self._taken * self._to // self._rate)

    def _give(self, parts: list[NDArray[np.float32]], until: int) -> NDArray[np.float32]:
        given: NDArray[np.float32] = np.concatenate([np.zeros(0, np.float32), *parts])[: until - self._given]
        self._given += len(given)
        return given
