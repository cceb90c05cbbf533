"""The mel filter bank: as the two definitions of the scale say, band by band."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lipsync.audio.mel_filter_bank import mel_filter_bank


@pytest.mark.parametrize("rate", [8000, 22_050, 48_000])
def test_htk_bands_are_triangles_of_height_one(rate: int) -> None:
    n_fft, top = 1024, min(7000.0, rate / 2)
    bank = mel_filter_bank(26, n_fft=n_fft, rate=rate, min_hz=100.0, max_hz=top, mel_scale="htk")
    low, high = (1127.01048 * math.log(1 + hertz / 700) for hertz in (100.0, top))
    edges = [700 * (math.exp((low + (high - low) * number / 27) / 1127.01048) - 1) for number in range(28)]
    for band in (0, 7, 25):
        hertz = np.arange(n_fft // 2 + 1) * rate / n_fft
        assert bank[band] == pytest.approx(np.interp(hertz, edges[band : band + 3], [0, 1, 0]), abs=1e-6)


def test_slaney_bands_have_equal_areas() -> None:
    bank = mel_filter_bank(
        40, n_fft=65_536, rate=16_000, min_hz=55.0, max_hz=7600.0, norm="slaney", mel_scale="slaney"
    )
    assert bank.sum(axis=1) * 16_000 / 65_536 == pytest.approx(np.ones(40), abs=1e-4)
    peaks = bank.argmax(axis=1) * 16_000 / 65_536
    assert np.diff(peaks[peaks < 1000]).std() < 0.5  # linear below 1 kHz
    ratios = peaks[1:] / peaks[:-1]
    assert ratios[peaks[:-1] > 1000].std() < 1e-3  # logarithmic above


def test_the_array_is_shared_and_cannot_be_changed() -> None:
    bank = mel_filter_bank(26, n_fft=512, rate=16_000, min_hz=100.0, max_hz=7000.0)
    with pytest.raises(ValueError, match="read-only"):
        bank[0, 0] = 1.0
