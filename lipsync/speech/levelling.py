"""Every voice equally loud: ITU-R BS.1770-5, to -16 LUFS, without pumping from sentence to sentence.

Written here because pyloudnorm brings scipy (100 MB) for two filters, and FFmpeg's ebur128 shows its result only from
PyAV 18.1 on; the tests compare with the latter.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.media.resample import Resampler

TARGET = -16.0
"""LUFS; what podcasts and phones are mixed for."""
CEILING = 10 ** (-1.5 / 20)
"""Highest true peak, -1.5 dB: an AAC encoder overshoots by about a decibel."""
_ENOUGH = 4.0
"""Seconds of a voice after which its gain stays."""
_MOST_GAIN, _LEAST_GAIN = 10 ** (24 / 20), 10 ** (-24 / 20)

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
    """(n,) highest level around each sample of (n,), between the samples too: fourfold oversampling, as annex 2."""
    finer = Resampler(rate, 4 * rate)
    fine = np.abs(np.concatenate([finer.add(samples), finer.finish()]))
    peaks: NDArray[np.float32] = np.maximum(fine.reshape(-1, 4).max(axis=1), np.abs(samples))
    return peaks


class Level:
    """The gain of one voice in one video: found from its first seconds, then kept. For one thread."""

    def __init__(self) -> None:
        self._heard: list[NDArray[np.float32]] = []
        self._seconds = 0.0
        self._gain = 1.0

    def levelled(self, samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
        """The next (n,) of this voice, at TARGET, no true peak above CEILING."""
        if self._seconds < _ENOUGH:
            self._heard.append(samples)
            self._seconds += len(samples) / rate
            self._gain = _gain(np.concatenate(self._heard), rate)
            if self._seconds >= _ENOUGH:
                self._heard = []
        return limited((samples * np.float32(self._gain)).astype(np.float32), rate)


def _gain(samples: NDArray[np.float32], rate: int) -> float:
    """What brings (n,) to TARGET, and after what :func:`limited` takes away again."""
    gain = 1.0
    for _ in range(3):
        loudness = integrated_loudness(limited((samples * np.float32(gain)).astype(np.float32), rate), rate)
        if np.isfinite(loudness):
            gain = float(np.clip(gain * 10 ** ((TARGET - loudness) / 20), _LEAST_GAIN, _MOST_GAIN))
    return gain


def limited(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """(n,) with what would exceed CEILING turned down smoothly, from 5 ms before it to 5 ms after it."""
    peaks = true_peaks(samples, rate)
    if peaks.max(initial=0.0) <= CEILING:
        return samples
    allowed = np.minimum(1.0, CEILING / np.maximum(peaks, 1e-9))
    reach = max(1, round(0.005 * rate))
    # The lowest of what is near, then its mean over the same reach: it never exceeds what is allowed.
    lowest = cv2.erode(allowed[None].astype(np.float32), np.ones((1, 2 * reach + 1), np.uint8))[0]
    padded = np.pad(lowest, reach, mode="edge")
    sums = np.concatenate([[0.0], np.cumsum(padded)])
    gain = (sums[2 * reach + 1 :] - sums[: -2 * reach - 1]) / (2 * reach + 1)
    turned_down: NDArray[np.float32] = (samples * gain).astype(np.float32)
    return turned_down


def _power(loudness: float) -> float:
    return float(10 ** ((loudness + 0.691) / 10))


def _k_weighted(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """(n,) through both filters of 48 kHz, whatever the rate: they are applied to frequencies, not to samples."""
    length = len(samples) + rate // 4  # the filters have rung out after a quarter of a second
    size = 1 << max(1, (length - 1).bit_length())
    z = np.exp(-2j * np.pi * np.minimum(np.fft.rfftfreq(size, 1 / rate), 24_000) / 48_000)
    response = np.ones(len(z), complex)
    for b, a in _STAGES:
        response *= (b[0] + b[1] * z + b[2] * z * z) / (a[0] + a[1] * z + a[2] * z * z)
    weighted: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(samples, size) * response, size)[: len(samples)]
    return weighted
