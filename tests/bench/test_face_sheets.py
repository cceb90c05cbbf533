"""bench.face_sheets: the frames that are chosen, and how tiles are cut and laid out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from bench.face_sheets.__main__ import ROWS, sheet_files
from bench.face_sheets.tiles import arrange, crop_tile, write_sheet
from bench.face_sheets.views import liveliest_moment, mood_track, pick_frames, spread_frames, turned_mouths
from lipsync.animation.moods import MOOD_STYLES
from lipsync.animation.types import ARKIT_NAMES, resting_track
from lipsync.video.frame import frame_of

JAW, BLINK = ARKIT_NAMES.index("jawOpen"), ARKIT_NAMES.index("eyeBlinkLeft")


def test_the_liveliest_moment_is_where_the_head_turns_most() -> None:
    pose = np.zeros((200, 5), np.float32)
    pose[120:150, 0] = 5.0
    begin = liveliest_moment(resting_track(25, 200, pose=pose))
    assert begin <= 120 <= begin + 50
    assert liveliest_moment(resting_track(25, 10)) == 0


def test_frames_of_two_seconds_are_spread_evenly_and_end_with_the_track() -> None:
    track = resting_track(25, 100, seal=np.arange(100, dtype=np.float32))
    assert spread_frames(track, 10, 3).seal.tolist() == [10, 35, 60]
    assert spread_frames(track, 80, 3).seal.tolist() == [80, 99, 99]
    assert pick_frames(track, [3, 1]).seal.tolist() == [3, 1]


def test_mouths_are_open_the_head_turned_and_the_eyes_open() -> None:
    weights, pose = np.zeros((100, 52), np.float32), np.zeros((100, 5), np.float32)
    pose[:, 0] = 5.0
    weights[[10, 11, 40, 70], JAW] = 0.5
    weights[70, BLINK] = 1.0
    assert turned_mouths(resting_track(25, 100, weights=weights, pose=pose), 2).tolist() == [10, 40]


def test_each_mood_is_a_frame_with_its_weights_and_shut_lips() -> None:
    track = mood_track(["neutral", "sad", "surprised"])
    assert not track.weights[0].any()
    assert track.weights[1, ARKIT_NAMES.index("browInnerUp")] == np.float32(MOOD_STYLES["sad"].weights["browInnerUp"])
    assert track.seal.tolist() == [1, 1, 0], "a surprised jaw drops"


def test_a_tile_is_moved_into_the_picture_and_scaled() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, 30:] = 200
    tile = crop_tile(frame_of(picture), (59.0, 20.0), (20.0, 20.0), 40)
    assert tile.shape == (40, 40, 3)
    assert tile.min() > 190


def test_tiles_are_laid_out_in_rows_of_one_width(tmp_path: Path) -> None:
    tiles = [np.full((10, 20, 3), level, np.uint8) for level in (0, 50, 100)]
    sheet = arrange(tiles, 2)
    assert sheet.shape == (24, 44, 3)
    assert (sheet[14, 0, 0], sheet[14, 24, 0]) == (100, 255)
    write_sheet(tmp_path / "a.png", [sheet, sheet])
    assert cv2.imread(str(tmp_path / "a.png")).shape == (52, 44, 3)


def test_many_portraits_are_several_pages(tmp_path: Path) -> None:
    rows = [np.zeros((1, 1, 3), np.uint8)] * (ROWS["5_moods"] + 1)
    pages = list(sheet_files(tmp_path, "5_moods", rows))
    assert [(path.name, len(part)) for path, part in pages] == [("5_moods_1.png", 6), ("5_moods_2.png", 1)]
    assert [path.name for path, _ in sheet_files(tmp_path, "5_moods", rows[:2])] == ["5_moods.png"]
