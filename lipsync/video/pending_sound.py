"""Sound that waits for the frames of its time, so that both streams are interleaved in a file."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray


class PendingSound:
    """Samples in order, given out as frames of libav."""

    def __init__(self, rate: int) -> None:
        """``rate`` in Hz."""
        self._rate = rate
        self._pending: deque[NDArray[np.float32]] = deque()
        self._taken = 0

    def add(self, samples: NDArray[np.float32]) -> None:
        """Append (n,) float32 mono samples in [-1, 1]."""
        self._pending.append(samples)

    def take_until(self, until: int | None) -> Iterator[av.AudioFrame]:
        """The samples up to sample ``until``, or all of them, as planar float frames with their times."""
        while self._pending and (until is None or self._taken < until):
            samples = self._pending.popleft()
            room = self._rate if until is None else until - self._taken
            if len(samples) > room:
                self._pending.appendleft(samples[room:])
                samples = samples[:room]
            if len(samples) == 0:
                continue
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "fltp", "mono")
            frame.sample_rate, frame.time_base, frame.pts = self._rate, Fraction(1, self._rate), self._taken
            self._taken += len(samples)
            yield frame
