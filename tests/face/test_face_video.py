"""Videos whose face is found in every frame."""

from __future__ import annotations

import gc
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.face.avatar_part import AvatarPart
from lipsync.face.face_video import MovingPortrait, load_cached, track_face
from lipsync.face.finder import FaceFinder
from lipsync.face.topology import LIPS
from lipsync.storage.cache import ArrayCache
from lipsync.video.decode import read_video
from lipsync.video.frame import frame_of
from tests.face.videos import SIZE, hopper, motion, moving, mp4

pytestmark = pytest.mark.slow

LIMITS: dict[str, Any] = {"max_seconds": 20, "max_megapixels": 50, "max_side": 1920}
KEY = "0123456789abcdef"
COUNT = 20


def study(data: bytes, finder: FaceFinder, folder: Path, max_mb: float = 100, **more: Any) -> MovingPortrait:
    cache = ArrayCache(folder, max_mb)
    return load_cached(cache, KEY) or track_face(data, finder, cache, KEY, **{**LIMITS, **more})


@pytest.fixture(scope="module")
def film() -> bytes:
    """Twenty frames of a face that drifts and comes nearer."""
    return mp4(moving(COUNT))


@pytest.fixture(scope="module")
def portrait(film: bytes, finder: FaceFinder, tmp_path_factory: pytest.TempPathFactory) -> MovingPortrait:
    return study(film, finder, tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="module")
def truth(finder: FaceFinder) -> NDArray[np.float64]:
    """(20, 468, 2) where the landmarks of the still portrait are in each frame."""
    still = finder.find(hopper()).landmarks[:, :2].astype(np.float64)
    return np.stack([still @ motion(index)[:, :2].T + motion(index)[:, 2] for index in range(COUNT)])


def away(portrait: MovingPortrait, truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) mean distance of the lips' landmarks from where they are, in eye distances."""
    eyes = np.linalg.norm(truth[:, 33] - truth[:, 263], axis=1)
    lips = list(LIPS)
    return np.linalg.norm(portrait.landmarks[:, lips] - truth[:, lips], axis=2).mean(1) / eyes


def test_a_moving_face_is_found_in_every_frame_that_has_one(
    portrait: MovingPortrait, truth: NDArray[np.float64]
) -> None:
    assert portrait.size == SIZE
    assert portrait.count == COUNT
    assert portrait.fps == 25
    assert portrait.times == pytest.approx(np.arange(COUNT) / 25, abs=0.001)
    assert portrait.landmarks.dtype == np.float32
    assert away(portrait, truth).max() < 0.025
    assert (portrait.part.start, portrait.part.end, portrait.part.left_out) == (0, COUNT / 25, ())


def test_the_landmarks_do_not_lag_behind(portrait: MovingPortrait, truth: NDArray[np.float64]) -> None:
    # A constant motion shifted by one frame would be seen here: the face moves by 2 pixels a frame.
    for run in (range(2, 6), range(11, 18)):
        middle = truth[:, [33, 263, 1, 152]].mean(1)
        found = portrait.landmarks[:, [33, 263, 1, 152]].mean(1)
        offset = (found - middle)[list(run)]
        step = np.diff(middle[list(run)], axis=0).mean(0)
        lag = offset @ step / (step @ step)
        assert abs(lag.mean()) < 0.5


def test_frames_are_those_of_the_video_and_the_callers_own(portrait: MovingPortrait, film: bytes) -> None:
    for index, (_, picture) in enumerate(read_video(film, **LIMITS)):
        expected, got = frame_of(picture), portrait.frame(index)
        assert (got.y == expected.y).all()
        assert (got.uv == expected.uv).all()
    one, other = portrait.frame(3), portrait.frame(3)
    before = other.y.copy()
    one.y[:] = 0
    one.uv[:] = 0
    assert (other.y == before).all()
    assert (portrait.frame(3).y == before).all()
    for index in (-1, COUNT):
        with pytest.raises(IndexError):
            portrait.frame(index)


def test_many_threads_read_at_once(portrait: MovingPortrait) -> None:
    expected = [portrait.frame(index).y.copy() for index in range(COUNT)]
    with ThreadPoolExecutor(8) as pool:
        for index, frame in enumerate(pool.map(portrait.frame, list(range(COUNT)) * 10)):
            assert (frame.y == expected[index % COUNT]).all()


# ---- which frame at which time


def timed(times: list[float]) -> MovingPortrait:
    count = len(times)
    return MovingPortrait(
        (2, 2), np.array(times), 25, np.zeros((count, 468, 2), np.float32), KEY, None, AvatarPart(0, 1, 1)  # type: ignore[arg-type]
    )  # fmt: skip


def shown(portrait: MovingPortrait, fps: int, count: int) -> list[int]:
    return [portrait.index_at(frame / fps) for frame in range(count)]


def test_forward_and_back_without_a_frame_twice_at_the_turn() -> None:
    film = timed([index / 25 for index in range(4)])

    assert shown(film, 25, 14) == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1]
    assert shown(film, 50, 14) == [0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 1, 1, 0, 0]


@pytest.mark.parametrize("source", [10, 23.976, 25, 29.97, 30])
@pytest.mark.parametrize("fps", [10, 24, 25, 30, 50, 60])
def test_for_an_hour_no_frame_lasts_longer_than_it_should(source: float, fps: int) -> None:
    film = timed([index / source for index in range(30)])
    for start in (0, 3600):
        frames = [film.index_at(start + frame / fps) for frame in range(fps * 5)]
        steps = np.abs(np.diff(frames))
        assert steps.max() <= np.ceil(source / fps)
        longest = max(len(run) for run in "".join("." if step == 0 else " " for step in steps).split(" "))
        # Where it turns, a frame of a faster source may be met on the way there and on the way back.
        assert longest + 1 <= (np.ceil(fps / source) if fps >= source else 2)


def test_uneven_times_last_as_long_as_in_the_video() -> None:
    film = timed([0, 0.04, 0.2, 0.24])

    assert shown(film, 25, 8) == [0, 1, 1, 1, 1, 2, 3, 2]


def test_a_single_frame_stays() -> None:
    assert shown(timed([0.0]), 25, 4) == [0, 0, 0, 0]
    assert shown(timed([0.0, 0.04]), 25, 5) == [0, 1, 0, 1, 0]


# ---- what is kept


def test_what_was_found_is_read_back(film: bytes, finder: FaceFinder, tmp_path: Path) -> None:
    first = study(film, finder, tmp_path)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".npz", ".raw"]
    again = study(b"the file is not even looked at", finder, tmp_path)

    assert again.size == first.size
    assert again.part == first.part
    for one, other in ((again.times, first.times), (again.landmarks, first.landmarks)):
        assert one.dtype == other.dtype
        assert (one == other).all()
    assert all((again.frame(index).y == first.frame(index).y).all() for index in range(COUNT))


def test_the_frames_outlive_their_entry(film: bytes, finder: FaceFinder, tmp_path: Path) -> None:
    first = study(film, finder, tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()

    assert first.frame(COUNT - 1).y.std() > 10


def test_the_file_is_closed_with_the_portrait(film: bytes, finder: FaceFinder, tmp_path: Path) -> None:
    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a path object opens none itself, but be plain

    study(film, finder, tmp_path)
    gc.collect()
    before = open_files()
    portrait = study(film, finder, tmp_path)
    assert open_files() == before + 1
    del portrait
    gc.collect()
    assert open_files() == before


@pytest.mark.parametrize("damage", ["cut", "longer", "gone", "arrays gone", "other arrays", "foreign"])
def test_damage_is_made_anew(damage: str, film: bytes, finder: FaceFinder, tmp_path: Path) -> None:
    first = study(film, finder, tmp_path)
    fifth = first.frame(5).y
    raw, arrays = tmp_path / f"{KEY}.raw", tmp_path / f"{KEY}.npz"
    if damage == "cut":
        os.truncate(raw, 1000)
    elif damage == "longer":
        with raw.open("ab") as file:
            file.write(bytes(SIZE[0] * SIZE[1] * 2))
    elif damage == "gone":
        raw.unlink()
    elif damage == "arrays gone":
        arrays.unlink()
    elif damage == "other arrays":
        np.savez(arrays, size=np.array([2, 2]))
    else:
        arrays.write_bytes(b"<html>")
    again = study(film, finder, tmp_path)

    assert (again.landmarks == first.landmarks).all()
    assert (again.frame(5).y == fifth).all()
    assert raw.stat().st_size == COUNT * SIZE[0] * SIZE[1] * 3 // 2


def test_a_file_cut_while_it_is_read_is_an_error_and_no_crash(
    film: bytes, finder: FaceFinder, tmp_path: Path
) -> None:
    portrait = study(film, finder, tmp_path)
    os.truncate(tmp_path / f"{KEY}.raw", 1000)

    with pytest.raises(LipsyncError, match="the file is truncated"):
        portrait.frame(3)


def test_a_cache_that_cannot_be_written_is_no_obstacle(
    film: bytes, finder: FaceFinder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("not a folder")
    portrait = study(film, finder, tmp_path / "file" / "cache")

    assert portrait.frame(COUNT - 1).y.std() > 10
    assert "prepared each time" in caplog.text


def test_many_study_the_same_at_once(finder: FaceFinder, tmp_path: Path) -> None:
    film = mp4(moving(4))
    with ThreadPoolExecutor(4) as pool:
        all_of_them = list(pool.map(lambda _: study(film, finder, tmp_path), range(4)))

    first = all_of_them[0]
    for one in all_of_them[1:]:
        assert (one.landmarks == first.landmarks).all()
        assert all((one.frame(index).y == first.frame(index).y).all() for index in range(4))
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{KEY}.npz", f"{KEY}.raw"]


# ---- what is refused


def refusal(data: bytes, finder: FaceFinder, folder: Path, **more: Any) -> LipsyncError:
    with pytest.raises(LipsyncError) as caught:
        study(data, finder, folder, **more)
    assert not folder.exists() or list(folder.iterdir()) == []
    return caught.value


def test_a_video_that_takes_more_than_half_of_the_cache(film: bytes, finder: FaceFinder, tmp_path: Path) -> None:
    error = refusal(film, finder, tmp_path, max_mb=3)

    assert error.code == "video_too_long"
    assert error.facts == {"limit": "2"}


def test_a_video_that_takes_more_than_it_said(film: bytes, finder: FaceFinder, tmp_path: Path) -> None:
    lying = bytearray(film)
    for box in (b"mvhd", b"mdhd", b"tkhd"):  # ISO/IEC 14496-12: durations become 1
        at = lying.index(box) + 4
        place = at + (20 if box == b"tkhd" else 16)
        lying[place : place + 4] = (1).to_bytes(4, "big")

    assert refusal(bytes(lying), finder, tmp_path, max_mb=3).code == "video_too_long"


def test_no_face_in_more_than_half_of_the_frames(finder: FaceFinder, tmp_path: Path) -> None:
    error = refusal(mp4(moving(8, grey=range(5))), finder, tmp_path)
    assert error.code == "no_face"
    assert "in the video" in error.message("en")
    assert "В видео" in error.message("ru")
    assert error.facts == {"width": SIZE[0], "height": SIZE[1], "video": True}
    assert study(mp4(moving(8, grey=range(4))), finder, tmp_path).count == 4


def test_a_face_that_is_too_small(finder: FaceFinder, tmp_path: Path) -> None:
    small = [cv2.resize(one, (120, 140), interpolation=cv2.INTER_AREA) for one in moving(3)]

    assert refusal(mp4(small), finder, tmp_path).code == "face_too_small"


def test_what_is_no_video(finder: FaceFinder, tmp_path: Path) -> None:
    assert refusal(b"<html>", finder, tmp_path).code == "not_a_video"


def test_a_cut_to_another_place_is_followed(finder: FaceFinder, tmp_path: Path) -> None:
    frames = list(moving(4))
    mirrored = [np.ascontiguousarray(np.roll(one, 60, axis=1)) for one in frames]
    portrait = study(mp4(frames + mirrored), finder, tmp_path)

    assert (portrait.count, portrait.part.left_out) == (8, ())
    moved = portrait.landmarks[4:].mean((0, 1)) - portrait.landmarks[:4].mean((0, 1))
    assert moved == pytest.approx([60, 0], abs=4)


def test_an_open_mouth_is_no_obstacle(finder: FaceFinder, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    still = finder.find(hopper()).landmarks
    (left, top), (right, bottom) = still[list(LIPS), :2].min(0), still[list(LIPS), :2].max(0)
    yawning = hopper()
    center = (round(float(left + right) / 2), round(float(top + bottom) / 2) + 8)
    cv2.ellipse(yawning, center, (round(float(right - left) * 0.3), 22), 0, 0, 360, (40, 10, 10), -1)
    with caplog.at_level(logging.INFO):
        portrait = study(mp4([yawning[:, :480]] * 3), finder, tmp_path)
    assert portrait.count == 3
