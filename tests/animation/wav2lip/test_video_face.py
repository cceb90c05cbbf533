"""Wav2Lip over a video: each frame its own face, box and mask; memory within its bound."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.animation.track import TrackBuilder
from lipsync.animation.types import resting_track
from lipsync.animation.wav2lip.composite import prepare_patch
from lipsync.animation.wav2lip.crop import crop_face
from lipsync.animation.wav2lip.lru_cache import LruCache
from lipsync.animation.wav2lip.video_face import MovingWav2Lip
from lipsync.animation.wav2lip.wav2lip import Face
from lipsync.face.face_video import MovingPortrait, track_face
from lipsync.face.finder import FaceFinder
from lipsync.speech.types import Speech
from lipsync.storage.cache import ArrayCache
from lipsync.video.frame import Frame, picture_of
from tests.animation.wav2lip.drawers import BarDrawer, SameDrawer
from tests.face.videos import SIZE, moving, mp4

pytestmark = pytest.mark.slow

RATE = 22_050
COUNT = 20
Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> MovingPortrait:
    """Twenty frames of a face that drifts and comes nearer."""
    cache = ArrayCache(tmp_path_factory.mktemp("film"), 100)
    data = mp4(moving(COUNT))
    return track_face(data, FaceFinder(), cache, "film", max_seconds=20, max_megapixels=50, max_side=1920)


class WhiteDrawer(SameDrawer):
    """Draws what no face is: a checkerboard, which stays after its colours have been matched at the rim."""

    def __init__(self) -> None:
        super().__init__()
        self.prepared = 0

    def prepare(self, face: NDArray[np.uint8]) -> Face:
        self.prepared += 1
        return face

    def drawn(self, rows: Floats, mel: Floats) -> Floats:  # noqa: ARG002
        height, width = rows.shape[:2]
        field = (np.add.outer(np.arange(height) // 4, np.arange(width) // 4) % 2 * 255).astype(np.float32)
        return np.dstack([field] * 3)


def noise(seconds: float, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(0, 0.2, round(seconds * RATE)).astype(np.float32)


def frames(one: MovingWav2Lip, samples: Floats, fps: int = 25) -> list[Frame]:
    speech = Speech(samples, RATE)
    track = TrackBuilder(fps, 0).add(speech, last=True)
    made = list(one.perform(fps).add(speech, track, last=True))
    assert len(made) == len(track) > 0
    return made


def changed(frame: Frame, source: Frame) -> int:
    return int((frame.y != source.y).sum())


def test_each_frame_is_the_videos_own_with_the_mouth_drawn(film: MovingPortrait) -> None:
    made = frames(MovingWav2Lip(film, WhiteDrawer(), LruCache(64)), noise(2))

    assert len(made) == 50
    for number, frame in enumerate(made):
        index = film.index_at(number / 25)
        source = film.frame(index)
        assert (frame.width, frame.height) == SIZE
        rows, columns = np.nonzero(frame.y != source.y)
        if 4 < number < 46:
            assert len(rows) > 200
        if len(rows):
            points = film.landmarks[index]
            middle = np.array([columns.mean(), rows.mean()])
            eyes = np.linalg.norm(points[33] - points[263])
            assert np.linalg.norm(middle - points[[13, 14, 17]].mean(0)) < 0.35 * eyes
            assert rows.min() > points[1, 1]  # nothing above the tip of the nose


def test_the_same_face_put_back_follows_the_head(film: MovingPortrait) -> None:
    """With a drawer that changes nothing the video stays what it was, only softer under the mask."""
    for number, frame in enumerate(frames(MovingWav2Lip(film, SameDrawer(), LruCache(64)), noise(0.8))):
        source = film.frame(film.index_at(number / 25))
        assert np.abs(frame.y.astype(int) - source.y).mean() < 0.3


def silence(seconds: float) -> Floats:
    return np.zeros(round(seconds * RATE), np.float32)


def test_silence_shows_the_frames_own_mouth_where_that_is_shut(film: MovingPortrait) -> None:
    drawer = WhiteDrawer()
    made = frames(MovingWav2Lip(film, drawer, LruCache(64)), silence(1.5))

    assert len(made) == 38
    assert drawer.batches == []
    assert all(changed(frame, film.frame(film.index_at(number / 25))) == 0 for number, frame in enumerate(made))


def test_silence_does_not_show_a_mouth_that_speaks(film: MovingPortrait) -> None:
    landmarks = film.landmarks.copy()
    eyes = np.linalg.norm(landmarks[:, 33] - landmarks[:, 263], axis=1)
    landmarks[18:, 14, 1] += 0.03 * eyes[18:]  # from here on the person speaks, with a mouth that is little open
    speaking = replace(film, landmarks=landmarks, key="speaking")
    made = frames(MovingWav2Lip(speaking, WhiteDrawer(), LruCache(64)), silence(0.8))
    strength = [np.abs(made[k].y.astype(int) - film.frame(k).y).sum() for k in range(20)]

    assert strength[:4] == [0] * 4
    assert 0 < strength[5] < strength[6] < strength[7]  # it comes while the video's own mouth is still shut
    full = drawn_in_full(film)
    assert strength[9:] == full[9:]  # where that may be open nothing of it is left


def drawn_in_full(film: MovingPortrait) -> list[int]:
    """How much the drawn mouth changes each frame where nothing of the frame's own is left."""
    landmarks = film.landmarks.copy()
    landmarks[18:, 14, 1] += 0.03 * np.linalg.norm(landmarks[18:, 33] - landmarks[18:, 263], axis=1)
    one = MovingWav2Lip(replace(film, landmarks=landmarks, key="speaking"), WhiteDrawer(), LruCache(64))
    rows = np.asarray(WhiteDrawer().drawn(np.zeros((48, 96, 3), np.float32), np.zeros((80, 16), np.float32)))
    return [int(np.abs(one._paint(k, rows, 1.0).y.astype(int) - film.frame(k).y).sum()) for k in range(film.count)]


def test_a_pause_in_our_speech_never_shows_a_mouth_that_speaks(film: MovingPortrait) -> None:
    """Somebody talks through all of the video, and parts and shuts the lips by turns; we pause in the middle."""
    landmarks = film.landmarks.copy()
    eyes = np.linalg.norm(landmarks[:, 33] - landmarks[:, 263], axis=1)
    landmarks[::5, 14, 1] += 0.03 * eyes[::5]
    talking = MovingWav2Lip(replace(film, landmarks=landmarks, key="talking"), WhiteDrawer(), LruCache(64))
    pause = np.concatenate([noise(0.8), silence(1.4), noise(0.8, 1)])
    rows = np.asarray(WhiteDrawer().drawn(np.zeros((48, 96, 3), np.float32), np.zeros((80, 16), np.float32)))

    for number, frame in enumerate(frames(talking, pause)):
        whole = talking._paint(film.index_at(number / 25), rows, 1.0)
        np.testing.assert_array_equal(frame.y, whole.y)
        np.testing.assert_array_equal(frame.uv, whole.uv)


def test_a_mask_from_around_the_face_is_the_mask_from_the_whole_picture(film: MovingPortrait) -> None:
    one = MovingWav2Lip(film, SameDrawer(), LruCache(64))
    for index in (0, 12, 19):
        frame = film.frame(index)
        crop = crop_face(film.landmarks[index], film.size)
        whole = prepare_patch(picture_of(frame), film.landmarks[index], crop, 96, 48)
        near = one._patch(index, frame)
        assert (near.left, near.top) == (whole.left, whole.top)
        np.testing.assert_allclose(near.alpha, whole.alpha, atol=1e-4)
        np.testing.assert_allclose(near.place, whole.place, atol=1e-9)
        np.testing.assert_allclose(near.half_place, whole.half_place, atol=1e-9)
        np.testing.assert_allclose(near.resting, whole.resting, atol=0.01)


@pytest.mark.parametrize("pieces", [3, 11])
def test_a_sound_in_pieces_gives_the_same_frames(film: MovingPortrait, pieces: int) -> None:
    one, samples = MovingWav2Lip(film, BarDrawer(), LruCache(64)), noise(1.7)
    at_once = frames(one, samples)
    track = TrackBuilder(25, 0).add(Speech(samples, RATE), last=True)
    performance, made = one.perform(25), []
    ends = np.linspace(0, len(track), pieces + 1).round().astype(int)
    for number, part in enumerate(np.array_split(samples, pieces)):
        piece = track.part(ends[number], ends[number + 1])
        made += performance.add(Speech(part, RATE), piece, last=number == pieces - 1)

    assert len(made) == len(at_once)
    for a, b in zip(made, at_once, strict=True):
        np.testing.assert_array_equal(a.y, b.y)
        np.testing.assert_array_equal(a.uv, b.uv)


@pytest.mark.parametrize("fps", [10, 25, 50, 60])
def test_any_frame_rate(film: MovingPortrait, fps: int) -> None:
    made = frames(MovingWav2Lip(film, SameDrawer(), LruCache(64)), noise(1.01), fps)
    assert len(made) == int(np.ceil(round(1.01 * RATE) * fps / RATE))


def test_many_threads_get_what_one_gets(film: MovingPortrait) -> None:
    one = MovingWav2Lip(film, BarDrawer(), LruCache(0.2))
    alone = [frame.y for frame in frames(one, noise(1))]

    def ask(_: int) -> list[NDArray[np.uint8]]:
        return [frame.y for frame in frames(one, noise(1))]

    with ThreadPoolExecutor(4) as pool:
        for made in pool.map(ask, range(4)):
            assert all((a == b).all() for a, b in zip(alone, made, strict=True))


def test_openings_are_those_that_the_track_means(film: MovingPortrait) -> None:
    weights = np.zeros((3, 52), np.float32)
    weights[1:, 24] = 0.5  # jawOpen
    track = resting_track(25, 3, weights=weights, seal=np.array([1, 0, 1], np.float32))
    openings = MovingWav2Lip(film, SameDrawer(), LruCache(64)).openings(track)

    assert openings.dtype == np.float32
    assert openings[0] == openings[2] == 0
    assert 0.05 < openings[1] < 0.5


# ---- memory


def test_faces_are_prepared_once_while_there_is_room(film: MovingPortrait) -> None:
    drawer = WhiteDrawer()
    frames(MovingWav2Lip(film, drawer, LruCache(64)), noise(5))
    assert drawer.prepared == COUNT


@pytest.mark.parametrize("max_mb", [0.0, 0.1, 0.5])
def test_what_is_kept_stays_within_its_bound(film: MovingPortrait, max_mb: float) -> None:
    plenty = frames(MovingWav2Lip(film, WhiteDrawer(), LruCache(64)), noise(2))
    cache = LruCache(max_mb)
    made = frames(MovingWav2Lip(film, WhiteDrawer(), cache), noise(2))

    assert cache.nbytes <= max_mb * 1e6
    assert all((a.y == b.y).all() for a, b in zip(plenty, made, strict=True))


def test_one_bound_for_all_videos(film: MovingPortrait) -> None:
    cache = LruCache(64)
    other = replace(film, key="other")
    drawer = WhiteDrawer()
    for portrait in (film, other, film, other):
        frames(MovingWav2Lip(portrait, drawer, cache), noise(1))
    assert drawer.prepared == 2 * COUNT


def test_other_pads_are_another_box(film: MovingPortrait) -> None:
    cache, drawer = LruCache(64), WhiteDrawer()
    plain = frames(MovingWav2Lip(film, drawer, cache), noise(0.5))
    padded = frames(MovingWav2Lip(film, drawer, cache, pads=(0, 20, 0, 0)), noise(0.5))
    alone = frames(MovingWav2Lip(film, WhiteDrawer(), LruCache(64), pads=(0, 20, 0, 0)), noise(0.5))

    assert any((a.y != b.y).any() for a, b in zip(plain, padded, strict=True))
    assert all((a.y == b.y).all() for a, b in zip(padded, alone, strict=True))


def test_ten_minutes_take_no_more_than_ten_seconds(film: MovingPortrait) -> None:
    """Scaled down: the memory that Python holds after 6 s and after 40 s of sound, which is 50 turns of the video."""
    one = MovingWav2Lip(film, SameDrawer(), LruCache(1))
    performance, builder = one.perform(10), TrackBuilder(10, 0)
    held = []

    def speak(second: int) -> Iterator[Frame]:
        speech = Speech(noise(1, second), RATE)
        return performance.add(speech, builder.add(speech, last=False), last=False)

    tracemalloc.start()
    try:
        for second in range(40):
            for _ in speak(second):
                pass
            held.append(tracemalloc.get_traced_memory()[0])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert max(held[20:]) < max(held[:10]) + 300_000
    assert peak < 20e6


def test_the_file_of_frames_may_go_while_it_is_played(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path, 100)
    film = track_face(mp4(moving(4)), FaceFinder(), cache, "gone", max_seconds=20, max_megapixels=50, max_side=1920)
    cache.delete("gone")
    assert len(frames(MovingWav2Lip(film, SameDrawer(), LruCache(1)), noise(0.5))) == 13
