"""Recognizes the avatar's own voice in the microphone: by its sound, and by its words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lipsync.hearing.short_words import bare_words
from lipsync.hearing.types import RATE

FRAME = RATE // 50
"""Samples of one frame of the envelope: 20 ms."""
MAX_LAG_FRAMES = 30
"""An echo comes up to 600 ms after the sound: the line, the player's buffer, the loudspeaker, the room."""
_LAGS = np.arange(MAX_LAG_FRAMES + 1)
_FRAME_S = FRAME / RATE
_EDGES_HZ = (200, 400, 650, 950, 1350, 1900, 2700, 3900, 6000)
"""Edges of the bands of the envelope. In several bands two voices are alike by chance far less than in one."""
_BANDS = len(_EDGES_HZ) - 1
_FLOOR_DB = -90.0
_CAPACITY = 2048
"""Frames of our own sound that are remembered, future ones included: 41 s."""
_PAST_FRAMES = 200
"""Frames of _CAPACITY that lie before the present one: 4 s."""
_HISTORY = 100
"""Frames of the microphone by which the lag is found: 2 s."""
_MIN_CORRELATION = 0.65
"""Correlation over _HISTORY from which the microphone has an echo. Of echoes at -6 to -20 dB in a room, 99 % reach
0.77 (three voices of ours), at -30 dB 0.65; of 711 pairs of pieces with other words none reaches 0.55."""
_MIN_WEIGHT = 0.03
"""Weight of a new estimate of the coupling in the mean, after the first ones."""
_MAX_EXCESS_DB = 4.0
"""A frame is explained as an echo where it is at most this much louder than the echo is expected to be."""
_AUDIBLE_DB = -65.0
"""Frames of the microphone below this level, in dBFS of a band, have no part in any decision."""
_MIN_ACTIVE_FRAMES = 25
"""Frames of our sound, of the last _HISTORY, without which nothing can be learned: half a second."""
_LEARNING_LOOKS = 2
"""Correlated looks in a row after which the lag and the coupling are believed."""
_DOUBT_FRAMES = 150
"""Frames of our sound in which nothing correlates after which an echo is forgotten: 3 s."""
_LEARNING_FRAMES = 5
"""Frames from one look at the correlation to the next."""
_WARM_UP_FRAMES = 50
"""Frames of our sound, the first second of it, in which a voice is taken for an echo that is still to be learned."""
_FORGETTING_FRAMES = 50
"""Frames without the expected echo after which it is forgotten: a headset was plugged in, or the volume lowered."""
_MISSING_DB = 10.0
"""An echo is missing where the microphone is so much quieter than it."""
_JOINED_FRAMES = 2
"""Pieces of our sound that follow each other within so many frames are one sound."""

MIN_REPEATED_WORDS = 3
"""Minimum words of a text that counts as a repetition of what the avatar said."""


class EchoDetector:
    """Compares the microphone with what is played. Not thread-safe; one for each microphone.

    The method is that of a double-talk detector: the envelopes of both sounds, eight bands in frames of 20 ms, are
    correlated at lags of 0 to 600 ms. Where they agree, the coupling (level of the echo against our sound, a band) is
    learned. From then on a frame that is about as loud as the expected echo is our own voice, and a louder one is a
    person, who may speak at the same time.
    """

    def __init__(self) -> None:
        self._own = np.full((_CAPACITY, _BANDS), _FLOOR_DB, np.float32)
        """Levels in dB by the number of the frame in the microphone's sound, modulo _CAPACITY."""
        self._own_end = 0
        self._own_rest = np.zeros(0, np.float32)
        self._heard = np.full((_HISTORY, _BANDS), _FLOOR_DB, np.float32)
        self._frame = 0
        """Number of the next frame of the microphone."""
        self._rest = np.zeros(0, np.float32)
        self._lag: int | None = None
        self._coupling = np.zeros(_BANDS, np.float32)
        self._correlated = self._uncorrelated = self._missing = self._learned = self._since_learning = 0
        self._warm_up = _WARM_UP_FRAMES
        self._is_own = False

    @property
    def lag_s(self) -> float | None:
        """Seconds by which the echo follows our sound; None while no echo was heard."""
        return None if self._lag is None else self._lag * _FRAME_S

    def play(self, samples: NDArray[np.float32], start: float) -> None:
        """Take sound that is played: (n,) float32 mono samples in [-1, 1], RATE a second.

        ``start``: when its first sample leaves the player as far as is known, in seconds of the microphone's sound.
        Pieces that follow each other within 40 ms are joined. What is more than 30 s ahead is ignored.
        """
        frame = round(start / _FRAME_S)
        if abs(frame - self._own_end) > _JOINED_FRAMES:
            self._own_rest = np.zeros(0, np.float32)
            self._own_end = frame
        sound = np.concatenate([self._own_rest, samples])
        count = len(sound) // FRAME
        self._own_rest = sound[count * FRAME :].copy()
        numbers = np.arange(self._own_end, self._own_end + count)
        self._own_end += count
        kept = (numbers > self._frame - _PAST_FRAMES) & (numbers < self._frame + _CAPACITY - _PAST_FRAMES - 1)
        self._own[numbers[kept] % _CAPACITY] = _levels(sound[: count * FRAME])[kept]

    def stop(self, at: float) -> None:
        """Forget what would be played from ``at`` on, in seconds of the microphone's sound: it was interrupted."""
        first = max(round(at / _FRAME_S), self._frame - _PAST_FRAMES)
        if self._own_end > first:
            self._own[np.arange(first, self._own_end)[-_CAPACITY:] % _CAPACITY] = _FLOOR_DB
        self._own_rest = np.zeros(0, np.float32)
        self._own_end = first

    def is_own_voice(self, samples: NDArray[np.float32]) -> bool:
        """Whether the next (n,) samples of the microphone, RATE a second, hold our own voice and no other."""
        sound = np.concatenate([self._rest, np.asarray(samples, np.float32)])
        count = len(sound) // FRAME
        self._rest = sound[count * FRAME :].copy()
        if count:
            self._hear(_levels(sound[: count * FRAME]))
        return self._is_own

    def _hear(self, levels: NDArray[np.float32]) -> None:
        count = len(levels)
        self._heard = np.concatenate([self._heard, levels])[-_HISTORY:]
        self._frame += count
        # Forget our sound that is too old to be heard, before its place is used again.
        old = np.arange(self._frame - _PAST_FRAMES - count, self._frame - _PAST_FRAMES)
        self._own[old % _CAPACITY] = _FLOOR_DB
        if self._own_end < self._frame - _HISTORY - MAX_LAG_FRAMES:
            self._is_own = False  # we have been silent for longer than any echo lasts
            return
        self._since_learning += count
        if self._since_learning >= _LEARNING_FRAMES:
            self._learn(self._since_learning)
            self._since_learning = 0
        if self._lag is not None:
            self._is_own = self._is_explained(self._lag, count)
        else:
            is_audible = bool(self._own_by_lag(_LAGS, count).max() > _AUDIBLE_DB)
            self._is_own = is_audible and self._warm_up > 0
            self._warm_up -= count if is_audible else 0

    def _own_by_lag(self, lags: NDArray[np.intp], count: int) -> NDArray[np.float32]:
        """(lags, n, _BANDS) levels of our sound beside the last ``count`` frames of the microphone, at most _HISTORY,
        for each of ``lags`` (lags,) in frames."""
        last = np.arange(self._frame - min(count, _HISTORY), self._frame)
        own: NDArray[np.float32] = self._own[(last[None] - lags[:, None]) % _CAPACITY]
        return own

    def _learn(self, count: int) -> None:
        """Find the lag and the coupling where the microphone has an echo. ``count`` frames have come since the last
        time."""
        own = self._own_by_lag(_LAGS, _HISTORY)
        active = own.max(axis=2) > _AUDIBLE_DB + _MISSING_DB
        if active.sum(axis=1).max() < _MIN_ACTIVE_FRAMES or self._heard[-_HISTORY // 2 :].max() < _AUDIBLE_DB:
            return
        correlations = _correlations(self._heard, own, active)
        best = int(correlations.argmax())
        if correlations[best] < _MIN_CORRELATION:
            self._correlated = 0
            self._uncorrelated += count
            if self._uncorrelated >= _DOUBT_FRAMES:
                self._lag = None
            return
        self._correlated, self._uncorrelated = self._correlated + 1, 0
        if self._correlated < _LEARNING_LOOKS:
            return
        coupling = _coupling(self._heard, own[best])
        if coupling is None:
            return
        if self._lag is None or abs(self._lag - best) > _JOINED_FRAMES:
            self._coupling, self._learned = coupling, 0
        else:
            weight = max(_MIN_WEIGHT, count / (count + self._learned))
            self._coupling = (1 - weight) * self._coupling + weight * coupling
        self._learned += count
        self._lag = best

    def _is_explained(self, lag: int, count: int) -> bool:
        """Whether the last ``count`` frames are no louder than the echo that is expected."""
        near = _LAGS[max(0, lag - 2) : lag + 3]
        expected = self._own_by_lag(near, count).max(axis=0) + self._coupling
        expected_power = _power(np.maximum(expected, _AUDIBLE_DB)).sum()
        excess = 10 * np.log10(_power(self._heard[-count:]).sum() / expected_power)
        is_expected = expected.max() > _AUDIBLE_DB + _MISSING_DB
        if is_expected:
            self._missing = self._missing + count if excess < -_MISSING_DB else 0
        if self._missing >= _FORGETTING_FRAMES:
            self._lag, self._missing = None, 0
        return bool(excess <= _MAX_EXCESS_DB)


def repeats_own_words(text: str, own_words: Sequence[str]) -> bool:
    """Whether ``text`` is a piece of ``own_words``: three words or more, in the same order, and nothing else.

    One of five words may have been misheard. ``own_words`` are what the avatar said in the last seconds, in order.

    >>> repeats_own_words("capital of France is", ["The", "capital", "of", "France", "is", "Paris."])
    True
    >>> repeats_own_words("What is the capital of Japan?", ["The", "capital", "of", "France", "is", "Paris."])
    False
    """
    words = bare_words(text)
    own = [part for word in own_words for part in bare_words(word)]
    if len(words) < MIN_REPEATED_WORDS:
        return False
    lengths = [0] * (len(own) + 1)  # the longest common subsequence, one row at a time
    for word in words:
        row = [0]
        for index, other in enumerate(own):
            row.append(lengths[index] + 1 if word == other else max(lengths[index + 1], row[index]))
        lengths = row
    return lengths[-1] >= max(MIN_REPEATED_WORDS, 0.8 * len(words))


def _levels(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, _BANDS) levels in dBFS of the frames of (n * FRAME,) samples."""
    frames = sound.reshape(-1, FRAME) * _WINDOW
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    levels: NDArray[np.float32] = np.maximum(_FLOOR_DB, 10 * np.log10(power @ _BAND_MATRIX + 1e-12)).astype(
        np.float32
    )
    return levels


def _power(levels: NDArray[np.float32]) -> NDArray[np.float64]:
    power: NDArray[np.float64] = np.power(10.0, levels.astype(np.float64) / 10)
    return power


def _correlations(
    heard: NDArray[np.float32], own: NDArray[np.float32], active: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """(lags,) correlations of (n, bands) levels with (lags, n, bands), over the ``active`` (lags, n) frames.

    Only changes count, not the spectrum's tilt; and not that both begin after a silence, as any two sounds do.
    """
    weights = active[:, :, None].astype(np.float32)
    number = np.maximum(1.0, weights.sum(axis=1, keepdims=True))
    a, b = np.maximum(heard, _AUDIBLE_DB)[None], np.maximum(own, _AUDIBLE_DB)
    a = (a - (a * weights).sum(axis=1, keepdims=True) / number) * weights
    b = (b - (b * weights).sum(axis=1, keepdims=True) / number) * weights
    norms = np.sqrt((a**2).sum(axis=(1, 2)) * (b**2).sum(axis=(1, 2)))
    products = (a * b).sum(axis=(1, 2))
    enough = (norms > 1.0) & (active.sum(axis=1) >= _MIN_ACTIVE_FRAMES)
    correlations: NDArray[np.float32] = np.where(enough, products / np.maximum(norms, 1.0), 0.0)
    return correlations


def _coupling(heard: NDArray[np.float32], own: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """(_BANDS,) by how many dB the microphone is louder than our sound beside it, where both are loud; None: nowhere.

    A band with fewer than five loud frames gets the median of the others.
    """
    loud = (own > own.max(axis=0) - 20) & (own > _AUDIBLE_DB) & (heard > _AUDIBLE_DB)
    louder = heard - own
    medians = [
        float(np.median(louder[loud[:, band], band])) if loud[:, band].sum() >= 5 else None for band in range(_BANDS)
    ]
    known = [median for median in medians if median is not None]
    if not known:
        return None
    typical = float(np.median(known))
    return np.asarray([typical if median is None else median for median in medians], np.float32)


def _band_matrix(window: NDArray[np.float32]) -> NDArray[np.float32]:
    """(FRAME // 2 + 1, _BANDS): the sum of a band's power, scaled so that a full-scale sine has 0 dB."""
    frequencies = np.fft.rfftfreq(FRAME, 1 / RATE)
    bands = [(frequencies >= low) & (frequencies < high) for low, high in pairwise(_EDGES_HZ)]
    matrix: NDArray[np.float32] = (np.stack(bands, axis=1) / (window.sum() / 2) ** 2).astype(np.float32)
    return matrix


_WINDOW = np.hanning(FRAME).astype(np.float32)
_BAND_MATRIX = _band_matrix(_WINDOW)
