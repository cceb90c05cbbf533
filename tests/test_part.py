"""Unfinished files: they appear complete or not at all, and a killed process leaves none for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lipsync import part as part_module
from lipsync.part import Part, is_part, remove_dead_parts

WRITES = """
import os, sys
from pathlib import Path
from lipsync import part
if sys.argv[2] == "hidden":
    part._open_nameless = lambda folder: None
one = part.Part(Path(sys.argv[1]))
one.path.write_bytes(b"half")
print("written", flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["nameless", "hidden"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With O_TMPFILE, and as on a file system that does not have it."""
    if request.param == "hidden":
        monkeypatch.setattr(part_module, "_open_nameless", lambda _folder: None)
    return str(request.param)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_appears_when_it_is_published_and_replaces_what_was_there(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    part = Part(target)
    part.path.write_text("new")
    assert target.read_text() == "old"
    assert len(names(tmp_path)) == (1 if kind == "nameless" else 2)
    part.publish()
    part.publish()
    part.discard()
    assert (names(tmp_path), target.read_text()) == (["a.txt"], "new")
    assert target.stat().st_mode & 0o777 == 0o666 & ~_umask()


@pytest.mark.usefixtures("kind")
def test_what_is_discarded_or_cannot_be_published_leaves_nothing(tmp_path: Path) -> None:
    part = Part(tmp_path / "a.txt")
    part.path.write_text("new")
    part.discard()
    assert names(tmp_path) == []
    (tmp_path / "folder" / "full").mkdir(parents=True)
    part = Part(tmp_path / "folder")
    part.path.write_text("new")
    with pytest.raises(OSError):  # noqa: PT011 - which one, the system decides
        part.publish()
    assert names(tmp_path) == ["folder"]
    with pytest.raises(FileNotFoundError):
        Part(tmp_path / "missing" / "a.txt")


def test_a_killed_process_leaves_nothing_for_ever(tmp_path: Path, kind: str) -> None:
    """The next file that is written into the folder takes away what the dead left, and nothing of the living."""
    words = [sys.executable, "-c", WRITES, str(tmp_path / "a.mp4"), kind]
    dying, living = (
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    )
    try:
        for one in (dying, living):
            assert one.stdout is not None
            assert one.stdout.readline() == "written\n"
        before = names(tmp_path)
        assert len(before) == (0 if kind == "nameless" else 2)
        dying.send_signal(signal.SIGKILL)
        dying.wait()
        mine = Part(tmp_path / "b.mp4")
        alive = [name for name in names(tmp_path) if name in before]
        assert len(alive) == (0 if kind == "nameless" else 1)
        mine.discard()
        assert names(tmp_path) == alive
    finally:
        for one in (dying, living):
            one.kill()
            one.communicate()
    remove_dead_parts(tmp_path)
    assert names(tmp_path) == []


def test_only_its_own_files_are_removed(tmp_path: Path) -> None:
    """Not those of versions that do not lock, nor links, folders and files of other programs."""
    others = [".lipsync-0123456789abcdef.part", ".lipsync-notes.part", "x.part", ".0123456789abcdef.part"]
    for name in others:
        (tmp_path / name).write_text("x")
    digits = [f"{number:024x}" for number in range(4)]
    (tmp_path / f".lipsync-{digits[0]}.part").mkdir()
    (tmp_path / f".lipsync-{digits[1]}.part").symlink_to(tmp_path / "x.part")
    os.mkfifo(tmp_path / f".lipsync-{digits[2]}.part")
    (tmp_path / f".lipsync-{digits[3]}.part").write_text("dead")
    before = set(names(tmp_path))
    remove_dead_parts(tmp_path)
    assert before - set(names(tmp_path)) == {f".lipsync-{digits[3]}.part"}
    assert is_part(tmp_path / others[0])
    remove_dead_parts(tmp_path / "missing")


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
