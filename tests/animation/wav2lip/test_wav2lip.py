"""The animator around the network: what it hears when, how many frames, and shut in silence."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.animation.puppet import Puppet
from lipsync.animation.puppet.prepare import prepare_rig
from lipsync.animation.types import ARKIT_NAMES, resting_track
from lipsync.animation.wav2lip.crop import Crop, crop_face
from lipsync.animation.wav2lip.wav2lip import BATCH, Wav2Lip, _MouthStrength
from lipsync.face.avatars import avatar
from lipsync.face.finder import FaceFinder
from lipsync.face.picture import read_picture
from lipsync.face.types import Portrait
from lipsync.pipeline.render import Encoding, render
from lipsync.pipeline.stopwatch import Stopwatch
from lipsync.runtime.progress import Cancelled, use_heartbeat
from lipsync.speech.types import Speech
from lipsync.video.frame import frame_of
from tests.animation.wav2lip.drawers import BarDrawer, SameDrawer

RATE = 22_050


@pytest.fixture(scope="module")
def stage() -> tuple[Portrait, Puppet, Crop]:
    portrait = FaceFinder().find(read_picture(avatar("hopper").path.read_bytes(), max_megapixels=50, max_side=400))
    height, width = portrait.picture.shape[:2]
    return portrait, Puppet(portrait, prepare_rig(portrait)), crop_face(portrait.landmarks, (width, height))


def animator(stage: tuple[Portrait, Puppet, Crop], drawer: SameDrawer) -> Wav2Lip:
    portrait, puppet, crop = stage
    return Wav2Lip(portrait, puppet, drawer, crop)


def syllables(seconds: float, seed: int = 0) -> NDArray[np.float32]:
    """Noise whose loudness goes up and down as in speech, never quite silent."""
    random = np.random.default_rng(seed)
    count = round(seconds * RATE)
    knots = 10 ** random.uniform(-0.8, 0, max(4, math.ceil(seconds * 8) + 2))
    loudness = np.interp(np.arange(count) / RATE * 8, np.arange(len(knots)), knots)
    return (random.normal(0, 0.2, count) * loudness).astype(np.float32)


def cut(samples: NDArray[np.float32], pieces: int) -> Iterator[tuple[Speech, bool]]:
    """The sound in pieces, each with whether it is the last."""
    for number, part in enumerate(np.array_split(samples, pieces), start=1):
        yield Speech(part, RATE, text="x"), number == pieces


def make(one: Wav2Lip, samples: NDArray[np.float32], path: Path, fps: int, pieces: int = 1) -> int:
    clip = render(
        cut(samples, pieces),
        one,
        path,
        fps=fps,
        seed=0,
        encoding=Encoding(10, "veryfast", 1),
        characters=pieces,
        watch=Stopwatch(),
    )
    return clip.frames


def bars(path: Path, stage: tuple[Portrait, Puppet, Crop]) -> NDArray[np.float64]:
    """Height of the bar in each frame of the finished video, 0-1."""
    _, _, crop = stage
    to_picture = crop.to_picture(96)
    x = round(to_picture[0, 0] * (BarDrawer.LEFT + BarDrawer.RIGHT) / 2 + to_picture[0, 2])
    top, bottom = (
        round(to_picture[1, 1] * (48 + row) + to_picture[1, 2]) for row in (BarDrawer.TOP, BarDrawer.BOTTOM)
    )
    with av.open(path) as video:
        pictures = [frame.to_ndarray(format="gray") for frame in video.decode(video=0)]
    return np.array([picture[top:bottom, x - 2 : x + 3].mean() / 255 for picture in pictures])


def heard(path: Path, frames: int, fps: int) -> NDArray[np.float64]:
    """Loudness of the video's own sound in the time of each frame, in dB."""
    with av.open(path) as video:
        rate = video.streams.audio[0].rate
        resampler = av.AudioResampler("flt", "mono", rate)
        sound = np.concatenate(
            [part.to_ndarray()[0] for frame in video.decode(audio=0) for part in resampler.resample(frame)]
        )
    middles = (np.arange(frames) + 0.5) / fps
    spans = [sound[max(0, int((t - 0.02) * rate)) : int((t + 0.02) * rate)] for t in middles]
    return np.array([20 * np.log10(np.sqrt(np.mean(span**2)) + 1e-4) if len(span) else -80.0 for span in spans])


def best_lag(a: NDArray[np.float64], b: NDArray[np.float64], most: int = 5) -> tuple[int, float]:
    """By how many frames ``a`` comes after ``b``, and the correlation there."""
    found = {}
    for lag in range(-most, most + 1):
        one, other = a[most + lag : len(a) - most + lag], b[most : len(b) - most]
        found[lag] = float(np.corrcoef(one, other)[0, 1])
    best = max(found, key=lambda lag: found[lag])
    return best, found[best]


@pytest.mark.slow
@pytest.mark.parametrize("fps", [25, 30, 50])
def test_the_finished_video_follows_its_sound_with_lag_0(
    stage: tuple[Portrait, Puppet, Crop], tmp_path: Path, fps: int
) -> None:
    path = tmp_path / "bar.mp4"
    frames = make(animator(stage, BarDrawer()), syllables(7.77), path, fps, pieces=3)
    seen = bars(path, stage)
    assert len(seen) == frames == math.ceil(round(7.77 * RATE) * fps / RATE)
    lag, correlation = best_lag(seen, heard(path, frames, fps))
    assert lag == 0
    assert correlation > 0.8


@pytest.mark.slow
def test_a_video_two_frames_late_is_told(stage: tuple[Portrait, Puppet, Crop], tmp_path: Path) -> None:
    path = tmp_path / "bar.mp4"
    frames = make(animator(stage, BarDrawer()), syllables(5), path, 25)
    late = np.concatenate([np.zeros(2), bars(path, stage)[:-2]])
    assert best_lag(late, heard(path, frames, 25))[0] == 2


@pytest.mark.slow
@pytest.mark.parametrize("fps", [25, 30, 50])
@pytest.mark.parametrize("seconds", [0.05, 0.19, 0.2, 1.0, 7.77])
def test_every_length_has_its_frames(
    stage: tuple[Portrait, Puppet, Crop], tmp_path: Path, seconds: float, fps: int
) -> None:
    samples = syllables(seconds)
    path = tmp_path / "short.mp4"
    assert make(animator(stage, BarDrawer()), samples, path, fps) == math.ceil(len(samples) * fps / RATE)


@pytest.mark.slow
@pytest.mark.parametrize("pieces", [2, 7, 40])
def test_a_sound_in_pieces_gives_the_same_frames(stage: tuple[Portrait, Puppet, Crop], pieces: int) -> None:
    from lipsync.animation.track import TrackBuilder  # noqa: PLC0415

    samples, one = syllables(2.3), animator(stage, BarDrawer())
    whole = Speech(samples, RATE)
    track = TrackBuilder(25, 0).add(whole, last=True)
    at_once = list(one.perform(25).add(whole, track, last=True))
    performance, made = one.perform(25), []
    parts = np.array_split(samples, pieces)
    ends = np.cumsum([len(part) for part in parts])
    for number, (part, end) in enumerate(zip(parts, ends, strict=True)):
        last = number == pieces - 1
        # The same track, cut at the frames that the sound has reached.
        until = len(track) if last else int(end * 25 / RATE - 0.5)
        begin = 0 if number == 0 else int(ends[number - 1] * 25 / RATE - 0.5)
        made += performance.add(Speech(part, RATE), track.part(max(0, begin), max(0, until)), last=last)
    assert len(made) == len(at_once)
    for a, b in zip(made, at_once, strict=True):
        np.testing.assert_array_equal(a.y, b.y)
        np.testing.assert_array_equal(a.uv, b.uv)


def test_silence_shows_the_portrait_and_asks_nothing_of_the_network(stage: tuple[Portrait, Puppet, Crop]) -> None:
    from lipsync.animation.track import TrackBuilder  # noqa: PLC0415

    drawer = BarDrawer()
    silence = Speech(np.zeros(2 * RATE, np.float32), RATE)
    track = TrackBuilder(25, 0).add(silence, last=True)
    frames = list(animator(stage, drawer).perform(25).add(silence, track, last=True))
    still = frame_of(stage[0].picture)
    assert len(frames) == 50
    assert drawer.batches == []
    for frame in frames:
        np.testing.assert_array_equal(frame.y, still.y)


def test_batches_are_full_and_drawn_ahead(stage: tuple[Portrait, Puppet, Crop]) -> None:
    """While the first frames are put together, later ones are being drawn already."""
    from lipsync.animation.track import TrackBuilder  # noqa: PLC0415

    drawer = BarDrawer()
    speech = Speech(syllables(6), RATE)
    track = TrackBuilder(25, 0).add(speech, last=True)
    frames = animator(stage, drawer).perform(25).add(speech, track, last=True)
    next(iter(frames))
    assert len(drawer.batches) == 3
    assert all(count <= BATCH for count in drawer.batches)
    assert sum(1 for _ in frames) == 149


def test_an_error_of_the_network_reaches_the_caller(stage: tuple[Portrait, Puppet, Crop]) -> None:
    from lipsync.animation.track import TrackBuilder  # noqa: PLC0415

    class BrokenDrawer(SameDrawer):
        def submit(self, faces, mels):  # type: ignore[no-untyped-def]  # noqa: ARG002
            failed: Future[NDArray[np.float32]] = Future()
            failed.set_exception(RuntimeError("out of memory"))
            return failed

    speech = Speech(syllables(1), RATE)
    track = TrackBuilder(25, 0).add(speech, last=True)
    frames = animator(stage, BrokenDrawer()).perform(25).add(speech, track, last=True)
    with pytest.raises(RuntimeError, match="out of memory"):
        list(frames)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_sound(stage: tuple[Portrait, Puppet, Crop]) -> None:
    """What a performance keeps after each piece is bounded, however many have gone."""
    from lipsync.animation.track import TrackBuilder  # noqa: PLC0415

    performance, builder = animator(stage, SameDrawer()).perform(25), TrackBuilder(25, 0)
    kept = []
    for number in itertools.count():
        speech = Speech(syllables(1.3, seed=number), RATE)
        for _ in performance.add(speech, builder.add(speech, last=False), last=False):
            pass
        kept.append(len(performance._mels) + len(performance._strengths))
        if number == 20:
            break
    assert max(kept) <= 2 * BATCH + 16


def test_a_video_that_is_given_up_leaves_the_network_to_others(stage: tuple[Portrait, Puppet, Crop]) -> None:
    from lipsync.animation.track import TrackBuilder  # noqa: PLC0415

    class SlowDrawer(BarDrawer):
        asked: list[Future[NDArray[np.float32]]] = []  # noqa: RUF012

        def submit(self, faces, mels):  # type: ignore[no-untyped-def]
            drawn = super().submit(faces, mels)
            if self.asked:
                drawn = Future()  # all but the first batch are still to be drawn
            self.asked.append(drawn)
            return drawn

    drawer = SlowDrawer()
    speech = Speech(syllables(6), RATE)
    track = TrackBuilder(25, 0).add(speech, last=True)
    frames = animator(stage, drawer).perform(25).add(speech, track, last=True)
    next(frames)
    frames.close()
    assert len(drawer.asked) == 3
    assert all(future.cancelled() for future in drawer.asked[1:])

    def cancel() -> None:
        raise Cancelled

    drawer.asked.clear()
    frames = animator(stage, drawer).perform(25).add(speech, track, last=True)
    with use_heartbeat(cancel), pytest.raises(Cancelled):  # in the second batch, which is not drawn yet
        for _ in frames:
            pass
    assert len(drawer.asked) > 2
    assert all(future.cancelled() for future in drawer.asked[1:])


@pytest.mark.parametrize("fps", [25, 50])
def test_the_drawn_mouth_stays_in_a_closure_and_goes_in_a_pause(fps: int) -> None:
    def strengths(rest_s: float) -> list[float]:
        weights = np.zeros((2 * fps, len(ARKIT_NAMES)), np.float32)
        weights[:, ARKIT_NAMES.index("jawOpen")] = 0.5
        middle = fps - round(rest_s * fps / 2)
        weights[middle : middle + round(rest_s * fps)] = 0
        track = resting_track(fps, 2 * fps, weights=weights)
        return _MouthStrength().add(track, last=True)

    assert strengths(0.08) == strengths(0.2) == [1.0] * 2 * fps
    pause = strengths(0.4)
    assert pause.count(0.0) == round(0.4 * fps)
    assert pause[0] == pause[-1] == 1.0
