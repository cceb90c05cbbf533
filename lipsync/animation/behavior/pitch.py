"""Fundamental frequency of speech.

After Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a
sampled sound" (1993): the autocorrelation of a windowed frame is divided by that of the window.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_RATE = 8000
"""Samples a second, about, to which the sound is reduced first."""
_WINDOW = 0.04
"""Seconds of a frame."""
_LOWEST, _HIGHEST = 70.0, 400.0
"""Hz between which voices are looked for."""
_MIN_CORRELATION = 0.5
"""Normalized autocorrelation below which a frame is unvoiced."""
_MIN_LEVEL = 0.003
"""Root mean square (-50 dBFS) below which a frame is silent."""
_OCTAVE_COST = 0.02
"""Correlation by which a frequency must be better than the one an octave higher."""
_BATCH = 512
"""Frames transformed at once; bounds memory."""


def estimate_f0(samples: NDArray[np.float32], rate: int, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) Hz at each of ``times`` (seconds), 0 where ``samples`` (m,) mono are unvoiced or silent."""
    factor = max(1, rate // _RATE)
    reduced = samples[: len(samples) // factor * factor].reshape(-1, factor).mean(axis=1, dtype=np.float64)
    rate_hz = rate / factor
    size = round(_WINDOW * rate_hz)
    sound = np.pad(reduced, size)
    starts = np.clip(np.round(times * rate_hz).astype(int) + size - size // 2, 0, len(sound) - size)
    batches = [starts[place : place + _BATCH] for place in range(0, len(starts), _BATCH)]
    found = [_estimate(sound[batch[:, None] + np.arange(size)], rate_hz) for batch in batches]
    return np.concatenate(found) if found else np.zeros(0)


def _estimate(frames: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """(n,) Hz of the (n, size) ``frames``."""
    size = frames.shape[1]
    shortest, longest = int(rate / _HIGHEST), int(rate / _LOWEST)
    window = np.hanning(size)
    length = 2 ** int(np.ceil(np.log2(size + longest)))
    level = np.sqrt(np.mean(frames**2, axis=1))
    windowed = (frames - frames.mean(axis=1, keepdims=True)) * window
    correlation = (
        _autocorrelation(windowed, length)[:, : longest + 1] / _autocorrelation(window, length)[: longest + 1]
    )
    correlation /= np.maximum(correlation[:, :1], 1e-12)
    lags = np.arange(shortest, longest + 1)
    scores = correlation[:, shortest:] - _OCTAVE_COST * np.log2(lags / shortest)
    best = np.argmax(scores, axis=1)
    strength = correlation[np.arange(len(best)), shortest + best]
    return np.where((strength > _MIN_CORRELATION) & (level > _MIN_LEVEL), rate / lags[best], 0.0)


def _autocorrelation(frames: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """(..., length) of frames (..., size), zero-padded to ``length``."""
    power = np.abs(np.fft.rfft(frames, length)) ** 2
    return np.fft.irfft(power, length)
