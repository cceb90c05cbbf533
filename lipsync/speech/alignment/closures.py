"""Lip closures of p and b, located in the sound: the dip in its level near the expected time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.silence import CLOSURE_FLOOR
from lipsync.speech.types import Phone

_LIPS = ("p", "b")
"""Phones that are moved. m is not: its murmur dips as little as its neighbours."""
_SEARCH_S = 0.06
"""Maximum distance in seconds of the lowest point of the dip from the expected middle."""
_MIN_DEPTH_DB = 6.0
"""Minimum depth of a dip in decibels below the lower of its two sides."""
_EDGE_SHARE = 0.3
"""Share of the depth, from the bottom, at which the lips close and open."""
_CLOSED_SHARE = 0.7
"""Share of a stop in which the lips are closed; the rest is its burst. The same value as in lipsync.animation."""
_MIN_HALF_S = 0.02
"""Minimum length in seconds of half a closure."""
_STEP_S, _WINDOW_S = 0.0025, 0.012
"""Seconds between two levels, and of the window of each."""
_LOWEST_HZ, _HIGHEST_HZ = 500.0, 4500.0
"""Band above the voicing, which continues behind the closed lips of a b."""


def place_closures(phones: Sequence[Phone], samples: NDArray[np.float32], rate: int) -> list[Phone]:
    """Move each p and b so that its closure lies where the sound is softest; return the new phones.

    ``samples`` is (n,) float32 mono at ``rate`` Hz. Neighbouring phones are shortened or extended. Phones without an
    audible dip stay where they are.
    """
    levels = _band_levels(samples, rate)
    placed = list(phones)
    for place, phone in enumerate(phones):
        if not phone.symbol.startswith(_LIPS):
            continue
        closed = _CLOSED_SHARE * (phone.end - phone.start)
        middle = phone.start + closed / 2
        dip = _find_dip(levels, middle, closed / 2)
        if dip is not None:
            _shift_phone(placed, place, dip - middle, len(samples) / rate)
    return placed


def _find_dip(levels: NDArray[np.float64], middle: float, half: float) -> float | None:
    """Time in seconds of the middle of the dip near ``middle``, or None."""
    around = max(half, _MIN_HALF_S) + _SEARCH_S  # include the sounds on both sides
    first, last = max(0, round((middle - around) / _STEP_S)), min(len(levels), round((middle + around) / _STEP_S) + 1)
    near = levels[first:last]
    times = np.arange(first, last) * _STEP_S
    allowed = np.abs(times - middle) <= _SEARCH_S
    if not allowed.any():
        return None
    lowest = int(np.argmin(np.where(allowed, near, np.inf)))
    ground = near[lowest]
    depth = min(near[: lowest + 1].max(), near[lowest:].max()) - ground
    if depth < _MIN_DEPTH_DB:
        return None
    loud = near >= ground + _EDGE_SHARE * depth
    before = np.flatnonzero(loud[:lowest])
    after = np.flatnonzero(loud[lowest:])
    return float(times[before[-1] + 1] + times[lowest + after[0] - 1]) / 2


def _shift_phone(phones: list[Phone], place: int, by: float, duration: float) -> None:
    """Move the phone at index ``place`` by at most ``by`` seconds: each neighbour keeps a third of its length."""
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


def _band_levels(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """(k,) level in decibels of the band of _LOWEST_HZ to _HIGHEST_HZ; value i is centred at i * _STEP_S seconds."""
    width = max(4, round(_WINDOW_S * rate))
    padded = np.pad(samples, (width // 2, width))
    centres = np.round(np.arange(int(len(samples) / rate / _STEP_S) + 1) * _STEP_S * rate).astype(np.int64)
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
    floor = CLOSURE_FLOOR * max(float(np.percentile(powers, 95)), 1e-9)
    decibels: NDArray[np.float64] = 10 * np.log10(powers + floor)
    return decibels
