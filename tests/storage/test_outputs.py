"""The removal of old videos."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from lipsync.storage.errors import StorageError
from lipsync.storage.outputs import WEBM, check_output, new_name, remove_old

NOW = 1_750_000_000.0
HOUR = 3600.0


def video(folder: Path, hours: float, size: int = 1000, name: str | None = None) -> Path:
    path = folder / (name or new_name(NOW - hours * HOUR))
    path.write_bytes(bytes(size))
    os.utime(path, (NOW - hours * HOUR, NOW - hours * HOUR))
    return path


def test_names_show_the_time_and_do_not_repeat() -> None:
    names = {new_name(NOW) for _ in range(1000)}
    assert len(names) == 1000
    assert all(re.fullmatch(r"avatar_20250615-150640_[0-9a-f]{16}\.mp4", name) for name in names)
    assert re.fullmatch(r"avatar_20250615-150640_[0-9a-f]{16}\.webm", new_name(NOW, ending=WEBM))


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    old, young = video(tmp_path, 25), video(tmp_path, 23)

    assert remove_old(tmp_path, max_hours=24, max_mb=1, now=NOW) == [old]
    assert list(tmp_path.iterdir()) == [young]


def test_its_subtitles_go_with_a_video(tmp_path: Path) -> None:
    names = [f"avatar_20250615-150640_0123456789abcdef.{ending}" for ending in ("mp4", "srt", "vtt")]
    files = [video(tmp_path, 25, name=name) for name in names]
    assert remove_old(tmp_path, max_hours=24, max_mb=1, now=NOW) == files


def test_the_oldest_go_above_the_total(tmp_path: Path) -> None:
    videos = [video(tmp_path, hours, 400_000) for hours in (5, 4, 3, 2, 1)]

    assert remove_old(tmp_path, max_hours=24, max_mb=1, now=NOW) == videos[:3]
    assert sorted(tmp_path.iterdir()) == sorted(videos[3:])


def test_the_one_just_made_stays_though_it_is_too_large_and_too_old(tmp_path: Path) -> None:
    videos = [video(tmp_path, hours, 2_000_000) for hours in (2, 0.05)]

    assert remove_old(tmp_path, max_hours=0.01, max_mb=1, now=NOW) == [videos[0]]
    assert videos[1].exists()


@pytest.mark.parametrize(
    "name",
    ["README.md", "demo.mp4", "avatar_mine.mp4", "avatar_20250615-150640_0123456789abcdef.mp4.txt", ".lipsync-notes"],
)
def test_files_of_others_are_left_alone(tmp_path: Path, name: str) -> None:
    path = video(tmp_path, 1000, 5_000_000, name=name)

    assert remove_old(tmp_path, max_hours=1, max_mb=1, now=NOW) == []
    assert path.exists()


def test_what_a_dead_process_left_goes_and_what_is_being_written_stays(tmp_path: Path) -> None:
    dead = video(tmp_path, 1.1, name=".lipsync-0123456789abcdef.part")
    live = video(tmp_path, 0.1, name=".lipsync-fedcba9876543210.part")

    assert remove_old(tmp_path, max_hours=24, max_mb=1, now=NOW) == [dead]
    assert live.exists()


def test_a_folder_that_is_not_there_has_nothing_to_remove(tmp_path: Path) -> None:
    assert remove_old(tmp_path / "none", max_hours=1, max_mb=1) == []


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    (tmp_path / "outputs" / new_name(NOW)).symlink_to(precious)

    assert len(remove_old(tmp_path / "outputs", max_hours=1, max_mb=1, now=NOW + 1e10)) == 1
    assert precious.read_text() == "keep me"


def test_videos_with_an_alpha_grow_old_too(tmp_path: Path) -> None:
    path = video(tmp_path, 30, name=new_name(NOW, ending=WEBM))
    assert remove_old(tmp_path, max_hours=24, max_mb=1e6, now=NOW) == [path]


def test_the_ending_of_a_name_is_that_of_its_video(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.MP4", "a"):
        check_output(tmp_path / name)
    for name in ("a.webm", "a.WebM", "a"):
        check_output(tmp_path / name, transparent=True)
    for name, transparent, code in (("a.webm", False, "not_mp4"), ("a.mp4", True, "not_webm")):
        with pytest.raises(StorageError) as caught:
            check_output(tmp_path / name, transparent=transparent)
        assert caught.value.code == code
