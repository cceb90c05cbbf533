"""The mel spectrogram: as librosa makes it, as the formulas say, and the same however the sound arrives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lipsync.audio.mel import SILENCE, WINDOW_COLUMNS, MelStream, MelWindows, log_mel, window_starts

LIBROSA = Path(__file__).parent.parent / "data" / "mel_librosa.npy"
"""What librosa 0.11.0 and scipy 1.17.1 made of made_up_sound()::

    spectrum = librosa.stft(y=scipy.signal.lfilter([1, -0.97], [1], sound), n_fft=800, hop_length=200, win_length=800,
                            center=True, pad_mode="reflect")
    bands = librosa.filters.mel(sr=16000, n_fft=800, n_mels=80, fmin=55, fmax=7600) @ np.abs(spectrum)
    decibels = 20 * np.log10(np.maximum(1e-5, bands)) - 20
    reference = np.clip(8 * (decibels + 100) / 100 - 4, -4, 4).astype(np.float32)
"""


def made_up_sound() -> NDArray[np.float32]:
    """(8123,) half a second that begins abruptly, with a gliding voice, a hiss, clipped peaks and silence."""
    time = np.arange(8123) / 16000
    voice = sum(np.sin(2 * np.pi * k * (110 * time + 90 * time**2)) / k for k in range(1, 30))
    hiss = np.sin(1e4 * np.sin(1e4 * np.arange(8123.0)))
    loudness = np.where(time < 0.2, 1.0, np.where(time < 0.35, 0.02, 0.0))
    return np.clip(loudness * (0.7 * voice + 0.2 * hiss), -1, 1).astype(np.float32)


def mel_windows(mel: NDArray[np.float32], frames: int, fps: int) -> NDArray[np.float32]:
    """(80, T) columns to the (frames, 80, 16) windows of a video; outside of the columns is silence."""
    starts = window_starts(0, frames, fps)
    before = max(0, -int(starts[0])) if frames else 0
    after = max(0, int(starts[-1]) + WINDOW_COLUMNS - mel.shape[1]) if frames else 0
    padded = np.pad(mel, ((0, 0), (before, after)), constant_values=SILENCE)
    columns = before + starts[:, None] + np.arange(WINDOW_COLUMNS)
    return np.ascontiguousarray(padded[:, columns].transpose(1, 0, 2))


def by_the_formulas(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """log_mel, written anew: no FFT, one band and one column after another."""
    x = sound.astype(np.float64)
    emphasised = np.array([x[i] - 0.97 * (x[i - 1] if i else 0) for i in range(len(x))])
    padded = np.concatenate([emphasised[400:0:-1], emphasised, emphasised[-2:-402:-1]])
    turn = np.exp(-2j * np.pi * np.outer(np.arange(401), np.arange(800)) / 800)
    window = np.array([0.5 * (1 - np.cos(2 * np.pi * i / 800)) for i in range(800)])

    def mels(hertz: float) -> float:
        return 3 * hertz / 200 if hertz < 1000 else 15 + 27 * np.log(hertz / 1000) / np.log(6.4)

    def hertz(mel: float) -> float:
        return 200 * mel / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)

    step = (mels(7600) - mels(55)) / 81
    columns = []
    for at in range(0, len(x) + 1, 200):
        magnitude = np.abs(turn @ (window * padded[at : at + 800]))
        bands = []
        for band in range(80):
            low, middle, high = (hertz(mels(55) + step * (band + i)) for i in range(3))
            up, down = (
                (20.0 * np.arange(401) - low) / (middle - low),
                (high - 20.0 * np.arange(401)) / (high - middle),
            )
            triangle = np.clip(np.minimum(up, down), 0, None) * 2 / (high - low)
            bands.append(20 * np.log10(max(1e-5, float(triangle @ magnitude))) - 20)
        columns.append(bands)
    return np.clip(8 * (np.array(columns).T + 100) / 100 - 4, -4, 4)


def test_equals_librosa() -> None:
    reference = np.load(LIBROSA)
    assert reference.min() == -4 < np.median(reference) < 1 < reference.max()  # it covers the range
    mel = log_mel(made_up_sound())
    assert mel.dtype == np.float32
    np.testing.assert_allclose(mel, reference, rtol=0, atol=1e-4)


@pytest.mark.parametrize("length", [401, 800, 3210, 3400])
def test_equals_the_formulas(length: int) -> None:
    sound = made_up_sound()[:length]
    np.testing.assert_allclose(log_mel(sound), by_the_formulas(sound), rtol=0, atol=1e-4)


@pytest.mark.parametrize("length", [0, 1, 2, 199, 200, 400, 401, 800])
def test_short_sounds_have_their_columns(length: int) -> None:
    mel = log_mel(made_up_sound()[:length])
    assert mel.shape == (80, 1 + length // 200 if length else 0)
    assert np.isfinite(mel).all()


def test_silence_is_the_lowest_value() -> None:
    assert (log_mel(np.zeros(5000, np.float32)) == -4).all()


@settings(max_examples=40, deadline=None)
@given(
    length=st.integers(0, 6000),
    cuts=st.lists(st.integers(0, 6000), max_size=12),
)
def test_a_growing_sound_gives_the_same_columns(length: int, cuts: list[int]) -> None:
    sound = made_up_sound()[:length]
    stream = MelStream()
    columns = [stream.add(part) for part in np.split(sound, sorted(min(cut, length) for cut in cuts))]
    np.testing.assert_allclose(np.concatenate([*columns, stream.finish()], axis=1), log_mel(sound), rtol=0, atol=1e-6)


def test_a_column_comes_as_soon_as_its_samples_are_known() -> None:
    stream, sound = MelStream(), made_up_sound()
    assert stream.add(sound[:400]).shape[1] == 0
    assert stream.add(sound[400:401]).shape[1] == 1
    assert stream.add(sound[401:599]).shape[1] == 0
    assert stream.add(sound[599:601]).shape[1] == 1


def test_at_25_frames_a_second_the_windows_are_the_trainings() -> None:
    """Frame f of the training sees the window at ``int(80. * ((f - 1) / float(25)))``, from frame 1 on."""
    trained = [int(80.0 * ((f - 1) / 25.0)) for f in range(1, 5000)]
    assert window_starts(1, 4999, 25).tolist() == trained


@pytest.mark.parametrize("fps", [10, 24, 25, 30, 50, 60])
def test_windows_lie_the_same_about_the_middle_of_every_frame(fps: int) -> None:
    middles = (np.arange(10 * fps) + 0.5) / fps
    late = window_starts(0, 10 * fps, fps) / 80 - (middles - 0.06)
    assert (late > -1 / 80).all()
    assert (late <= 1e-12).all()  # rounded down to a column, as in training


@settings(max_examples=40, deadline=None)
@given(
    fps=st.sampled_from([10, 24, 25, 30, 50, 60]),
    length=st.integers(0, 8123),
    cuts=st.lists(st.integers(0, 8123), max_size=8),
)
def test_windows_of_a_growing_sound_are_those_of_the_whole(fps: int, length: int, cuts: list[int]) -> None:
    sound = made_up_sound()[:length]
    frames = -(-length * fps // 16000)
    whole = mel_windows(log_mel(sound), frames, fps)
    assert whole.shape == (frames, 80, 16)
    stream = MelWindows(fps)
    parts = [stream.add(part) for part in np.split(sound, sorted(min(cut, length) for cut in cuts))]
    assert sum(map(len, parts)) <= frames
    np.testing.assert_allclose(np.concatenate([*parts, stream.finish(frames)]), whole, rtol=0, atol=1e-6)


def test_around_the_sound_lies_silence() -> None:
    windows = mel_windows(log_mel(made_up_sound()[:3200]), 5, 25)
    assert (windows[0, :, :4] == -4).all()
    assert (windows[0, :, 4] > -4).any()
    assert (windows[4, :, :8] > -4).any()
    assert (windows[4, :, 8:] == -4).all()  # 17 columns, of which it sees those from 9 on


def test_invalid_input_is_rejected() -> None:
    with pytest.raises(ValueError, match="one-dimensional"):
        MelStream().add(np.zeros((2, 100), np.float32))
    windows = MelWindows(25)
    windows.add(made_up_sound())
    with pytest.raises(ValueError, match="returned already"):
        windows.finish(1)
