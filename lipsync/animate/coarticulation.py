"""Phones -> smooth curves of the mouth: each phone pulls towards its shape, and neighbours pull at the same time.

After Cohen and Massaro, "Modeling coarticulation in synthetic visual speech" (1993): the mouth is the mean of the
shapes of all phones near by, each weighted by its dominance, which decays away from the phone. What must be reached
whatever the neighbours are, the closure of the lips for p, b, m and the bite of f and v, are curves of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animate.loudness import loudness, smoothed
from lipsync.animate.types import ARKIT_NAMES
from lipsync.animate.visemes import TONGUE, VISEMES, Articulation, articulations, viseme_weights
from lipsync.speech.types import Phone, Speech

STEP = 0.005
"""Seconds between two points of a curve."""

_REACH = {"PP": 0.035, "FF": 0.035}
_REACH_OTHERS = 0.055
"""Seconds in which a phone's dominance decays."""
_PLATEAU = 0.030
"""Seconds on both sides of its middle for which a closure or a bite holds at least."""
_RAMP = 0.070
"""Seconds in which the lips close, and open again."""
_BLUR = 0.022
_SHUT_FROM = 0.15
"""Seconds: in every longer pause the mouth shuts."""
_CLOSING = 0.10
"""Seconds which that takes, after the pause begins and before it ends."""
_QUIET = 0.12
"""Loudness, of 1, under which a sound without known phones is taken for a pause."""
_JAW = ARKIT_NAMES.index("jawOpen")


@dataclass(frozen=True)
class Curves:
    """The mouth during one Speech, a row every STEP seconds from its start."""

    weights: NDArray[np.float64]
    """(n, 52) in the order of ARKIT_NAMES."""
    contacts: NDArray[np.float64]
    """(n, 3) seal, bite, tongue, as in FaceTrack."""
    loudness: NDArray[np.float64]
    """(n,) 0 silence, 1 loud."""


def curves_of(speech: Speech, *, ends: bool) -> Curves:
    """The mouth during ``speech``; without phones the jaw follows the loudness. ``ends``: shut it at the end."""
    times = times_of(speech)
    loud = loudness(speech.samples, speech.rate, times)
    phones = speech.phones or _phones_by_loudness(times, loud)
    shapes, seal, bite = _activations(phones, times)
    rest = _rest(phones, times, speech.duration, ends)
    awake = 1 - _eased(rest)[:, None]
    shapes = smoothed(shapes * awake, _BLUR, STEP)
    weights = shapes @ viseme_weights().astype(np.float64)
    weights[:, _JAW] *= 0.60 + 0.45 * np.minimum(loud, 1.0)
    if not speech.phones:
        weights *= np.clip(loud, 0.0, 1.0)[:, None]
    # shut means shut: the blur must not leave a rest of the neighbours' shapes inside a pause
    weights *= awake
    seal = np.maximum(_bridged(seal, rest), rest)
    contacts = np.stack([_eased(seal), _eased(bite), shapes @ TONGUE], axis=1)
    return Curves(weights, contacts, loud)


def times_of(speech: Speech) -> NDArray[np.float64]:
    """(n,) times of the curves' points, in seconds from the start of ``speech``; the last is not before its end."""
    count = int(np.ceil(speech.duration / STEP)) + 1
    times: NDArray[np.float64] = np.arange(count, dtype=np.float64) * STEP
    return times


def _activations(
    phones: Iterable[Phone], times: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(n, V) how far each shape is taken on, rows sum to at most 1; (n,) closure and (n,) bite, with linear ramps."""
    pull = np.zeros((len(times), len(VISEMES)))
    seal, bite = np.zeros(len(times)), np.zeros(len(times))
    for start, end, asked in _targets(phones):
        centre, half = (start + end) / 2, (end - start) / 2
        reach = _REACH.get(asked.viseme, _REACH_OTHERS)
        # beyond four reaches dominance is under 0.0004 of itself
        first, last = np.searchsorted(times, (start - 4 * reach - _RAMP, end + 4 * reach + _RAMP))
        distance = np.abs(times[first:last] - centre)
        away = np.maximum(distance - half / 2, 0.0)
        pull[first:last, VISEMES.index(asked.viseme)] += asked.dominance * np.exp(-((away / reach) ** 1.5))
        held = np.clip(1 - (distance - max(half, _PLATEAU)) / _RAMP, 0.0, 1.0)
        if asked.seal:
            seal[first:last] = np.maximum(seal[first:last], asked.seal * held)
        if asked.bite:
            bite[first:last] = np.maximum(bite[first:last], asked.bite * held)
    total = pull.sum(axis=1, keepdims=True)
    return pull / np.maximum(total, 1e-6), seal, bite


def _targets(phones: Iterable[Phone]) -> Iterable[tuple[float, float, Articulation]]:
    for phone in phones:
        start, length = phone.start, phone.end - phone.start
        if not phone.symbol:
            # a break of a few hundredths of a second barely closes the mouth
            strength = 1.3 * min(1.0, max(0.0, (length - 0.05) / 0.12))
            if strength > 0:
                yield start, phone.end, Articulation("rest", strength)
            continue
        for asked in articulations(phone.symbol):
            yield start, start + length * asked.share, asked
            start += length * asked.share


def _rest(phones: Iterable[Phone], times: NDArray[np.float64], duration: float, ends: bool) -> NDArray[np.float64]:
    """(n,) 1 in pauses, 0 in speech, with linear ramps inside the pauses."""
    rest = np.zeros(len(times))
    for phone in phones:
        length = phone.end - phone.start
        if phone.symbol or length < _SHUT_FROM:
            continue
        ramp = min(_CLOSING, 0.4 * length)
        # silence at either end of the sound goes on beyond it
        rising = 1.0 if phone.start <= STEP else np.clip((times - phone.start) / ramp, 0.0, 1.0)
        falling = 1.0 if phone.end >= duration - STEP else np.clip((phone.end - times) / ramp, 0.0, 1.0)
        rest = np.maximum(rest, np.minimum(rising, falling))
    if ends:
        rest = np.maximum(rest, np.clip(1 - (duration - times) / _CLOSING, 0.0, 1.0))
    return rest


def _bridged(seal: NDArray[np.float64], rest: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep the lips together between a pause and a p, b or m that follows or precedes it at once."""
    shut = np.maximum(seal, rest)
    at_rest = rest >= 1.0
    closed = np.flatnonzero(shut >= 1.0)
    for here, there in itertools.pairwise(closed):
        if 1 < there - here <= 0.12 / STEP and (at_rest[here] or at_rest[there]):
            seal[here:there] = 1.0
    return seal


def _phones_by_loudness(times: NDArray[np.float64], loud: NDArray[np.float64]) -> tuple[Phone, ...]:
    """Sound as one open vowel, and the quiet parts as pauses, where nothing better is known."""
    quiet = loud < _QUIET
    edges = np.flatnonzero(np.diff(quiet)) + 1
    bounds = [0, *edges.tolist(), len(times) - 1]
    spans = [(a, b) for a, b in itertools.pairwise(bounds) if b > a]
    return tuple(Phone("" if quiet[a] else "ɐ", float(times[a]), float(times[b])) for a, b in spans)


def _eased(ramp: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smoothstep: no corner where a ramp begins and ends."""
    return ramp * ramp * (3 - 2 * ramp)
