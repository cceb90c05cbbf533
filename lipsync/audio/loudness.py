"""Loudness normalization to -16 LUFS (ITU-R BS.1770-5) with one constant gain per voice, and a true-peak limiter.

The meter is written here because pyloudnorm brings scipy (100 MB) for two filters, and FFmpeg's ebur128, with which
the tests compare it, reads 0.03 to 0.06 LU higher at 22,050 Hz: the gain of a voice would change by up to 0.11 dB,
and with it 66 to 74 % of the samples of every video (docs/decisions/006-loudness-meter.md).
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.audio.resample import Resampler

TARGET = -16.0
"""Target loudness in LUFS, as usual for podcasts and phones."""
CEILING = 10 ** (-1.5 / 20)
"""Maximum true peak as an amplitude, -1.5 dBTP: an AAC encoder overshoots by about 1 dB."""
_ADAPTATION_S = 4.0
"""Seconds of speech after which the gain of a voice no longer changes."""
_MAX_GAIN, _MIN_GAIN = 10 ** (24 / 20), 10 ** (-24 / 20)

_BLOCK, _STEP = 0.4, 0.1  # seconds; BS.1770-5 annex 1: blocks of 400 ms that overlap by 75 %
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
# BS.1770-5 annex 1, tables 1 and 2: both stages of the K-weighting at 48 kHz, b and a.
_STAGES = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)


def integrated_loudness(samples: NDArray[np.float32], rate: int) -> float:
    """LUFS of mono ``samples`` (n,) in [-1, 1], as if they were played by one loudspeaker; -inf for silence.

    A sound shorter than a block of 0.4 s is measured as one.
    """
    block, step = round(_BLOCK * rate), round(_STEP * rate)
    weighted = _k_weighted(samples, rate)
    weighted = np.pad(weighted, (0, max(0, block - len(weighted))))
    energy = np.concatenate([[0.0], np.cumsum(np.square(weighted))])
    starts = np.arange(0, len(weighted) - block + 1, step)
    power = np.maximum(energy[starts + block] - energy[starts], 0.0) / min(block, max(1, len(samples)))
    power = power[power > _power(_ABSOLUTE_GATE)]
    if not len(power):
        return float("-inf")
    power = power[power > power.mean() * 10 ** (_RELATIVE_GATE / 10)]
    return float(-0.691 + 10 * np.log10(power.mean()))


def true_peaks(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """(n,) true peak around each sample of (n,) ``samples``: fourfold oversampling (BS.1770-5, annex 2)."""
    oversampler = Resampler(rate, 4 * rate)
    oversampled = np.abs(np.concatenate([oversampler.add(samples), oversampler.finish()]))
    peaks: NDArray[np.float32] = np.maximum(oversampled.reshape(-1, 4).max(axis=1), np.abs(samples))
    return peaks


class LoudnessNormalizer:
    """Normalizes the loudness of one voice in one video: the gain is estimated from the first seconds and then kept.

    Not thread-safe.
    """

    def __init__(self) -> None:
        self._measured: list[NDArray[np.float32]] = []
        self._peaks: list[NDArray[np.float32]] = []
        self._seconds = 0.0
        self._gain = 1.0

    def normalize(self, samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
        """Return the next (n,) float32 samples of this voice at TARGET, with no true peak above CEILING."""
        peaks = true_peaks(samples, rate)
        if self._seconds < _ADAPTATION_S:
            self._measured.append(samples)
            self._peaks.append(peaks)
            self._seconds += len(samples) / rate
            self._gain = _find_gain(np.concatenate(self._measured), np.concatenate(self._peaks), rate)
            if self._seconds >= _ADAPTATION_S:
                self._measured, self._peaks = [], []
        return _amplify(samples, peaks, self._gain, rate)


def _find_gain(samples: NDArray[np.float32], peaks: NDArray[np.float32], rate: int) -> float:
    """Gain that brings (n,) ``samples`` of (n,) true ``peaks`` to TARGET, including the loss to the limiter."""
    gain = 1.0
    for _ in range(3):
        loudness = integrated_loudness(_amplify(samples, peaks, gain, rate), rate)
        if np.isfinite(loudness):
            gain = float(np.clip(gain * 10 ** ((TARGET - loudness) / 20), _MIN_GAIN, _MAX_GAIN))
    return gain


def limit_true_peaks(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Attenuate (n,) ``samples`` smoothly, 5 ms before and after each true peak above CEILING."""
    return _amplify(samples, true_peaks(samples, rate), 1.0, rate)


def _amplify(samples: NDArray[np.float32], peaks: NDArray[np.float32], gain: float, rate: int) -> NDArray[np.float32]:
    """(n,) ``samples`` of (n,) true ``peaks``, times ``gain`` and limited: peaks grow as the samples do, and are
    measured once."""
    samples, peaks = (samples * np.float32(gain)).astype(np.float32), peaks * np.float32(gain)
    if peaks.max(initial=0.0) <= CEILING:
        return samples
    allowed = np.minimum(1.0, CEILING / np.maximum(peaks, 1e-9))
    reach = max(1, round(0.005 * rate))
    # A running minimum, then a running mean of the same width: the gain never exceeds the allowed one.
    lowest = cv2.erode(allowed[None].astype(np.float32), np.ones((1, 2 * reach + 1), np.uint8))[0]
    padded = np.pad(lowest, reach, mode="edge")
    sums = np.concatenate([[0.0], np.cumsum(padded)])
    gain = (sums[2 * reach + 1 :] - sums[: -2 * reach - 1]) / (2 * reach + 1)
    attenuated: NDArray[np.float32] = (samples * gain).astype(np.float32)
    return attenuated


def _power(loudness: float) -> float:
    return float(10 ** ((loudness + 0.691) / 10))


def _k_weighted(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """(n,) through both filters of 48 kHz, whatever the rate: they are applied to frequencies, not to samples."""
    length = len(samples) + rate // 4  # the filters have rung out after a quarter of a second
    size = 1 << max(1, (length - 1).bit_length())
    weighted: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(samples, size) * _k_response(size, rate), size)
    return weighted[: len(samples)]


@lru_cache(4)
def _k_response(size: int, rate: int) -> NDArray[np.complex128]:
    """(size // 2 + 1,) of both filters at the frequencies of ``size`` samples."""
    z = np.exp(-2j * np.pi * np.minimum(np.fft.rfftfreq(size, 1 / rate), 24_000) / 48_000)
    response = np.ones(len(z), complex)
    for b, a in _STAGES:
        response *= (b[0] + b[1] * z + b[2] * z * z) / (a[0] + a[1] * z + a[2] * z * z)
    return response
