"""bench.living_face: its figures and verdicts are right. What MediaPipe sees is not tested here."""

from __future__ import annotations

import sys
from dataclasses import replace
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

from bench.living_face.figures import Axis, Figures, best_lag, compare, fast_share, least_openings, slope
from bench.living_face.interpreter import Measured, NoMeasurementError, check_interpreter
from bench.living_face.limits import Face, list_failures
from bench.living_face.pictures import list_portraits
from bench.living_face.recording import Recording, RecordingService, hold_still
from bench.living_face.table import COLUMNS, mood_table_lines, table_lines
from lipsync.animation.types import resting_track
from lipsync.speech.types import Phone

STILL = Figures(1.0, {}, None, 0.98, 0, (0.002, 0.003), (0.002,), {"yaw": 0.3, "pitch": 0.4, "roll": 0.2}, 0.0)
AXES = {"yaw": Axis(0.99, 1.0), "pitch": Axis(0.9, 0.6), "roll": Axis(0.95, 1.0)}
MOVING = replace(STILL, axes=AXES, lips_r=0.97, jitter={"yaw": 0.4, "pitch": 0.5, "roll": 0.2}, fast_share=0.0005)
FACE = Face("anna", "512x512", 3.0, STILL, MOVING, None, 0, 0.2, 10.0, 20.0)


def wave(count: int, period: float, shift: float = 0.0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(np.sin(2 * np.pi * (np.arange(count) - shift) / period))


def test_best_lag_finds_late_and_early_lips() -> None:
    meant = wave(100, 17.0)
    for shift in (-2, 0, 3):
        lag, r = best_lag(meant, 0.5 * wave(100, 17.0, shift))
        assert (lag, round(r, 6)) == (shift, 1.0)


def test_best_lag_ignores_frames_without_a_face() -> None:
    measured = wave(100, 17.0)
    measured[10:20] = np.nan
    lag, r = best_lag(wave(100, 17.0), measured)
    assert (lag, round(r, 6)) == (0, 1.0)


def test_slope_is_the_measured_share_of_what_was_meant() -> None:
    meant = wave(50, 10.0)
    assert slope(meant, 0.75 * meant + 3) == pytest.approx(0.75)
    assert np.isnan(slope(np.zeros(50), meant))


def test_fast_share_separates_tremor_from_drift() -> None:
    drift, tremor = wave(300, 50.0), wave(300, 5.0)  # 0.5 and 5 Hz at 25 frames a second
    assert fast_share(drift + np.arange(300) / 30, 25) < 1e-4
    assert fast_share(drift + 0.5 * tremor, 25) == pytest.approx(0.2, abs=0.01)


def test_least_openings_looks_one_frame_to_each_side() -> None:
    opening = np.array([0.1, 0.1, 0.01, 0.1, 0.1, 0.1, np.nan, np.nan])
    phones = [Phone("p", 3 / 25, 4 / 25), Phone("m", 4 / 25, 5 / 25), Phone("b", 7 / 25, 8 / 25)]
    assert least_openings(opening, phones, 25) == (0.01, 0.1)


def test_compare_pairs_each_meant_curve_with_its_measurement() -> None:
    count = 100
    pose = np.zeros((count, 5), np.float32)
    pose[:, 0], pose[:, 2] = 4 * wave(count, 40.0), wave(count, 30.0)
    opening = np.asarray(0.1 + 0.1 * wave(count, 9.0), np.float32)
    recording = Recording(
        fps=25,
        tracks=[resting_track(25, count, pose=pose)],
        openings=[opening],
        phones=[Phone("", 0.0, 0.4), Phone("b", 1.0, 1.1), Phone("a", 1.1, 2.0)],
    )
    angles = np.stack([0.8 * pose[:, 0], np.zeros(count), pose[:, 2]], axis=1).astype(np.float64)
    figures = compare(recording, Measured(angles, opening.astype(np.float64), np.zeros((count, 2))))
    assert {name: (round(axis.r, 3), round(axis.ratio, 3)) for name, axis in figures.axes.items()} == {
        "yaw": (1.0, 0.8),
        "roll": (1.0, 1.0),
    }
    assert (figures.lag, round(figures.lips_r, 3), figures.gaze_r, figures.seen) == (0, 1.0, None, 1.0)
    assert (len(figures.closures), len(figures.pauses)) == (1, 1)


def test_a_good_face_misses_no_limit() -> None:
    assert list_failures(FACE) == []
    assert list_failures(replace(FACE, moving=None)) == []


@pytest.mark.parametrize(
    ("face", "word"),
    [
        (replace(FACE, moving=replace(MOVING, axes={**AXES, "yaw": Axis(0.96, 1.0)})), "yaw r"),
        (replace(FACE, moving=replace(MOVING, axes={**AXES, "yaw": Axis(0.99, 1.3)})), "yaw ratio"),
        (replace(FACE, moving=replace(MOVING, axes={**AXES, "roll": Axis(float("nan"), 1.0)})), "roll r"),
        (replace(FACE, moving=replace(MOVING, lips_r=0.96)), "lips r"),
        (
            replace(FACE, mood="sad", moving=replace(MOVING, lips_r=0.949), still=replace(STILL, lips_r=0.95)),
            "lips r",
        ),
        (replace(FACE, moving=replace(MOVING, lag=1)), "late"),
        (replace(FACE, moving=replace(MOVING, closures=(0.001, 0.006))), "gap"),
        (replace(FACE, moving=replace(MOVING, jitter={**MOVING.jitter, "roll": 0.4})), "jitter"),
        (replace(FACE, moving=replace(MOVING, fast_share=0.002)), "3 Hz"),
        (replace(FACE, moving=replace(MOVING, seen=0.9)), "sees"),
        (replace(FACE, broken_pixels=1), "pixels"),
    ],
)
def test_each_limit_is_checked(face: Face, word: str) -> None:
    (sentence,) = list_failures(face)
    assert word in sentence


def test_a_turned_portrait_has_no_limits_of_its_angles() -> None:
    axes = {**AXES, "yaw": Axis(0.5, 0.5)}
    assert list_failures(replace(FACE, base_yaw=-26.0, moving=replace(MOVING, axes=axes))) == []


def test_gauss_may_lose_more_of_its_lips() -> None:
    moving = replace(MOVING, lips_r=STILL.lips_r - 0.04)
    assert list_failures(replace(FACE, name="gauss", moving=moving)) == []
    assert list_failures(replace(FACE, moving=moving)) != []


def test_the_table_has_a_line_for_each_face_and_names_what_is_missed() -> None:
    lines = table_lines([FACE, replace(FACE, name="boris", base_yaw=30.0, broken_pixels=4)])
    assert len(lines[1].split("  ")) >= len(COLUMNS)
    assert "pass" in lines[1]
    assert "FAIL" in lines[2]
    assert any(line.startswith("boris: 4 pixels") for line in lines)
    assert any("boris" in line and "Turned" in line for line in lines)
    assert lines[-1] == "1 of 2 faces are within the limits."


def test_a_still_track_moves_only_mouth_and_lids() -> None:
    track = resting_track(25, 3, pose=np.ones((3, 5), np.float32), weights=np.ones((3, 52), np.float32))
    still = hold_still(track)
    assert not still.pose.any()
    assert still.weights.all()


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoMeasurementError, match="cannot be run"):
        check_interpreter(tmp_path / "python")
    python = tmp_path / "without"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S -I "$@"\n')
    python.chmod(0o755)
    with pytest.raises(NoMeasurementError, match=r"lacks mediapipe (.|\n)*pip install"):
        check_interpreter(python)


def test_portraits_are_found_in_folders_and_by_name(tmp_path: Path) -> None:
    (tmp_path / "b.PNG").touch()
    (tmp_path / "a.jpg").touch()
    (tmp_path / "notes.txt").touch()
    assert list(list_portraits([str(tmp_path), "gauss"])) == ["a", "b", "gauss"]
    with pytest.raises(FileNotFoundError, match="neither"):
        list_portraits([str(tmp_path / "missing")])


def test_what_was_meant_is_kept_for_another_analysis(tmp_path: Path) -> None:
    tracks = [resting_track(25, 2, seal=np.ones(2, np.float32)), resting_track(25, 3)]
    Recording(25, tracks, [np.zeros(2, np.float32), np.ones(3, np.float32)]).save(tmp_path / "a.meant.npz")
    with np.load(tmp_path / "a.meant.npz") as meant:
        assert {name: meant[name].shape for name in meant} == {
            "opening": (5,),
            "pose": (5, 5),
            "torso": (5, 3),
            "gaze": (5, 2),
        }


def test_the_table_of_moods_has_a_line_for_each_portrait_and_names_what_fails() -> None:
    calm = replace(FACE, moving=None, mood="neutral")
    loose = replace(calm, mood="sad", still=replace(STILL, lips_r=0.94, closures=(0.007,)))
    lines = mood_table_lines([calm, loose])
    assert lines[0].split() == ["face", "neutral", "sad"]
    assert lines[1].split() == ["anna", "0.980", "0.0030", "0.940", "0.0070"]
    assert [line.split(":")[0] for line in lines[3:5]] == ["anna, sad"] * 2
    assert lines[-1] == "1 of 2 videos are within the limits."


def test_the_size_of_the_motion_may_be_a_field_of_the_request() -> None:
    bound = signature(RecordingService.record).bind(None, b"", Path("a.mp4"), "moving", motion=1.5)
    assert bound.arguments["fields"] == {"motion": 1.5}
