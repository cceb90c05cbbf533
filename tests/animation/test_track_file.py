"""The track as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lipsync.animation.track_file import TrackFile
from lipsync.animation.types import ARKIT_NAMES, FaceTrack, resting_track
from lipsync.errors import LipsyncError
from lipsync.speech.types import Phone, Speech


def piece(start: int, count: int, *phones: Phone) -> tuple[Speech, FaceTrack]:
    speech = Speech(np.zeros(count * 882, np.float32), 22050, phones)
    weights = np.arange(start, start + count, dtype=np.float32)[:, None].repeat(52, 1) / 1000
    rows = {name: weights[:, :width] + 0.1 for name, width in (("pose", 5), ("torso", 3), ("gaze", 2))}
    return speech, resting_track(25, count, start, weights=weights, **rows)


def test_pieces_become_one_track(tmp_path: Path) -> None:
    path = tmp_path / "track.json"
    with TrackFile(path, 25) as file:
        for begins, (speech, track) in (
            (0.0, piece(0, 3, Phone("ˈɑ", 0.01, 0.05))),
            (0.12, piece(3, 2, Phone("p", 0.0, 0.04), Phone("", 0.04, 0.08))),
        ):
            file.write(speech, begins, track, np.linspace(0, 0.1, len(track), dtype=np.float32))
        assert not path.exists()

    found = json.loads(path.read_text("utf-8"))
    assert list(found) == ["fps", "names", "weights", "opening", "pose", "torso", "gaze", "phones"]
    assert found["fps"] == 25
    assert found["names"] == list(ARKIT_NAMES)
    np.testing.assert_allclose(found["weights"], np.arange(5)[:, None].repeat(52, 1) / 1000, atol=1e-5)
    for name, width in (("pose", 5), ("torso", 3), ("gaze", 2)):
        np.testing.assert_allclose(found[name], np.arange(5)[:, None].repeat(width, 1) / 1000 + 0.1, atol=1e-5)
    np.testing.assert_allclose(found["opening"], [0, 0.05, 0.1, 0, 0.1], atol=1e-5)
    assert found["phones"] == [
        {"symbol": "ˈɑ", "start": 0.01, "end": 0.05},
        {"symbol": "p", "start": 0.12, "end": 0.16},
        {"symbol": "", "start": 0.16, "end": 0.2},
    ]
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_written_is_still_json(tmp_path: Path) -> None:
    with TrackFile(tmp_path / "track.json", 30):
        pass

    found = json.loads((tmp_path / "track.json").read_text())
    assert [found[name] for name in ("weights", "opening", "pose", "torso", "gaze", "phones")] == [[]] * 6


def test_openings_of_other_frames_are_refused(tmp_path: Path) -> None:
    speech, track = piece(0, 3)
    with pytest.raises(ValueError, match="2 openings for 3 frames"), TrackFile(tmp_path / "track.json", 25) as file:
        file.write(speech, 0.0, track, np.zeros(2, np.float32))
    assert list(tmp_path.iterdir()) == []


def test_an_exception_leaves_no_file(tmp_path: Path) -> None:
    def interrupted() -> None:
        with TrackFile(tmp_path / "track.json", 25) as file:
            speech, track = piece(0, 3)
            file.write(speech, 0.0, track, np.zeros(3, np.float32))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["missing/track.json", ".", "/"])
def test_a_place_that_cannot_be_written_is_said_at_once(tmp_path: Path, place: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        TrackFile(tmp_path / place, 25)
    assert caught.value.code == "cannot_write"
    assert list(tmp_path.iterdir()) == []
