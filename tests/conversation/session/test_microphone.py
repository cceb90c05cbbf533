"""The microphone's sound is converted, examined window by window, and kept as long as needed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.conversation.session.microphone import MAX_KEPT_S, Microphone
from lipsync.hearing.types import RATE, WINDOW


class LoudnessDetector:
    """Takes the peak of a window for the probability of a voice."""

    def __init__(self) -> None:
        self._rest: NDArray[np.float32] = np.zeros(0, np.float32)

    def probabilities(self, samples: NDArray[np.float32]) -> Iterator[float]:
        self._rest = np.concatenate([self._rest, samples])
        while len(self._rest) >= WINDOW:
            window, self._rest = self._rest[:WINDOW], self._rest[WINDOW:]
            yield float(np.abs(window).max())


def pcm16(samples: NDArray[np.float32]) -> bytes:
    return np.asarray(samples * 32767, "<i2").tobytes()


def tone(seconds: float, rate: int = RATE, amplitude: float = 0.5) -> NDArray[np.float32]:
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(amplitude * np.sin(2 * np.pi * 440 * time), np.float32)


@pytest.mark.parametrize("piece", [1, 7, 640, 5000])
def test_windows_do_not_depend_on_the_pieces(piece: int) -> None:
    """Also where a piece ends in the middle of a sample."""
    sound = np.concatenate([np.zeros(WINDOW * 2, np.float32), tone(0.2)])
    data = pcm16(sound)[: 3 * 6400]
    microphone = Microphone(LoudnessDetector(), RATE)
    windows = [
        window for begin in range(0, len(data), piece) for window in microphone.add(data[begin : begin + piece])
    ]
    assert len(windows) == len(data) // 2 // WINDOW
    assert [round(window.end * RATE) for window in windows] == [WINDOW * (k + 1) for k in range(len(windows))]
    assert [window.probability > 0.4 for window in windows[:4]] == [False, False, True, True]


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
def test_any_rate_is_converted(rate: int) -> None:
    microphone = Microphone(LoudnessDetector(), rate)
    windows = list(microphone.add(pcm16(tone(1.0, rate))))
    assert microphone.seconds == pytest.approx(1.0, abs=0.03)
    assert len(windows) == int(microphone.seconds * RATE) // WINDOW
    sound = microphone.part(0.25, 0.75)
    assert len(sound) == RATE // 2
    assert np.abs(np.fft.rfft(sound)).argmax() == 220  # 440 Hz in half a second


def test_a_part_is_what_was_sent() -> None:
    microphone = Microphone(LoudnessDetector(), RATE)
    sound = tone(1.0)
    for piece in np.split(sound, 50):
        list(microphone.add(pcm16(piece)))
    assert np.allclose(microphone.part(0.1, 0.9), sound[1600:14400], atol=1e-4)
    microphone.forget_before(0.5)
    assert len(microphone.part(0.0, 0.4)) == 0
    assert np.allclose(microphone.part(0.5, 0.9), sound[8000:14400], atol=1e-4)


def test_what_is_kept_is_bounded() -> None:
    microphone = Microphone(LoudnessDetector(), RATE)
    second = pcm16(tone(1.0))
    for _ in range(int(MAX_KEPT_S) + 20):
        list(microphone.add(second))
    assert len(microphone.part(0, 1000)) <= (MAX_KEPT_S + 1) * RATE
