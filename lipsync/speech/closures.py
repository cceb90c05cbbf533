"""Where the lips close for p and b, read off the sound: the dip in its level near where they are expected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lipsync.speech.types import Phone

_LIPS = ("p", "b")
"""m is left where it is: its murmur is no deeper dip than its neighbours'."""
_REACH = 0.06
"""Seconds from the expected middle within which the dip's lowest point is looked for."""
_DEPTH = 6.0
"""Decibels below the softer of its two sides that make a dip."""
_EDGE = 0.3
"""Of its depth, from its ground: there the lips close and open."""
_CLOSED = 0.7
"""Of the phone's length: the rest is its burst, as lipsync.animate counts it."""
_NARROWEST = 0.02
"""Seconds that half a closure takes at least."""
_STEP, _WINDOW = 0.0025, 0.012
_LOWEST_HZ, _HIGHEST_HZ = 500.0, 4500.0
"""Above the voice's hum, which goes on behind the closed lips of a b."""
_FLOOR = 1e-6


def place_closures(phones: Sequence[Phone], samples: NDArray[np.float32], rate: int) -> list[Phone]:
    """The phones, with each p and b moved so that its closure lies where the sound is softest.

    ``samples`` is (n,) mono of ``rate`` a second. Its neighbours give way; where no dip is heard nothing moves.
    """
    levels = _levels(samples, rate)
    placed = list(phones)
    for place, phone in enumerate(phones):
        if not phone.symbol.startswith(_LIPS):
            continue
        closed = _CLOSED * (phone.end - phone.start)
        middle = phone.start + closed / 2
        dip = _dip(levels, middle, closed / 2)
        if dip is not None:
            _move(placed, place, dip - middle, len(samples) / rate)
    return placed


def _dip(levels: NDArray[np.float64], middle: float, half: float) -> float | None:
    """Seconds of the middle of the dip near ``middle``; None where there is none."""
    around = max(half, _NARROWEST) + _REACH  # so that the sounds on both sides are seen
    first, last = max(0, round((middle - around) / _STEP)), min(len(levels), round((middle + around) / _STEP) + 1)
    near = levels[first:last]
    times = np.arange(first, last) * _STEP
    allowed = np.abs(times - middle) <= _REACH
    if not allowed.any():
        return None
    lowest = int(np.argmin(np.where(allowed, near, np.inf)))
    ground = near[lowest]
    depth = min(near[: lowest + 1].max(), near[lowest:].max()) - ground
    if depth < _DEPTH:
        return None
    loud = near >= ground + _EDGE * depth
    before = np.flatnonzero(loud[:lowest])
    after = np.flatnonzero(loud[lowest:])
    return float(times[before[-1] + 1] + times[lowest + after[0] - 1]) / 2


def _move(phones: list[Phone], place: int, by: float, duration: float) -> None:
    """Move the phone as far as its neighbours allow: each keeps a third of its length."""
    phone = phones[place]
    if place > 0:
        before = phones[place - 1]
        by = max(by, (before.start - before.end) * 2 / 3)
    if place + 1 < len(phones):
        after = phones[place + 1]
        by = min(by, (after.end - after.start) * 2 / 3)
    start, end = max(0.0, phone.start + by), min(duration, phone.end + by)
    phones[place] = Phone(phone.symbol, start, end)
    if place > 0:
        phones[place - 1] = Phone(before.symbol, before.start, start)
    if place + 1 < len(phones):
        phones[place + 1] = Phone(after.symbol, end, after.end)


def _levels(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """(k,) decibels of the band in which lips and jaw show, every _STEP seconds; row i is centred at i * _STEP."""
    width = max(4, round(_WINDOW * rate))
    padded = np.pad(samples, (width // 2, width))
    centres = np.round(np.arange(int(len(samples) / rate / _STEP) + 1) * _STEP * rate).astype(np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    hertz = np.fft.rfftfreq(width, 1 / rate)
    band = (hertz >= _LOWEST_HZ) & (hertz < _HIGHEST_HZ)
    shape = np.hanning(width).astype(np.float32)
    powers = np.concatenate(
        [
            np.square(np.abs(np.fft.rfft(windows[centres[first : first + 2048]] * shape)[:, band])).sum(axis=1)
            for first in range(0, len(centres), 2048)
        ]
    )
    decibels: NDArray[np.float64] = 10 * np.log10(powers + _FLOOR * max(float(np.percentile(powers, 95)), 1e-9))
    return decibels
