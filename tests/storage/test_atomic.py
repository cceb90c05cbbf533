"""Atomic files: they appear complete or not at all, and a killed process leaves none behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lipsync.storage import atomic
from lipsync.storage.atomic import AtomicFile, atomic_write, remove_abandoned

WRITES = """
import sys
from pathlib import Path
from lipsync.storage import atomic
if sys.argv[2] == "hidden":
    atomic._open_nameless = lambda folder, mode: None
file = atomic.AtomicFile(Path(sys.argv[1]))
file.path.write_bytes(b"half")
print("written", flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["nameless", "hidden"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With O_TMPFILE, and as on a file system that does not have it."""
    if request.param == "hidden":
        monkeypatch.setattr(atomic, "_open_nameless", lambda _folder, _mode: None)
    return str(request.param)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_published_and_replaces_the_old_one(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    file = AtomicFile(target)
    file.path.write_text("new")
    assert target.read_text() == "old"
    assert len(names(tmp_path)) == (1 if kind == "nameless" else 2)
    file.publish()
    file.publish()
    file.discard()
    assert (names(tmp_path), target.read_text()) == (["a.txt"], "new")
    assert target.stat().st_mode & 0o777 == 0o666 & ~_umask()


@pytest.mark.usefixtures("kind")
def test_the_block_of_atomic_write_publishes_or_discards(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with atomic_write(target, mode=0o600) as path:
        path.write_text("new")
        assert not target.exists()
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("new", 0o600)
    with pytest.raises(RuntimeError), atomic_write(target) as path:  # noqa: PT012
        path.write_text("broken")
        raise RuntimeError
    assert (names(tmp_path), target.read_text()) == (["a.txt"], "new")


@pytest.mark.usefixtures("kind")
def test_an_existing_file_is_not_replaced_against_the_writers_will(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    for text in ("first", "second"):
        try:
            with atomic_write(target, replace=False) as path:
                path.write_text(text)
        except FileExistsError:
            assert text == "second"
        else:
            assert text == "first"
    assert (names(tmp_path), target.read_text()) == (["a.txt"], "first")


def test_without_hard_links_an_existing_file_is_not_replaced_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(atomic, "_open_nameless", lambda _folder, _mode: None)
    monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "a.txt"
    with atomic_write(target, replace=False) as path:
        path.write_text("first")
    with pytest.raises(FileExistsError), atomic_write(target, replace=False) as path:
        path.write_text("second")
    assert (names(tmp_path), target.read_text()) == (["a.txt"], "first")


@pytest.mark.usefixtures("kind")
def test_a_discarded_or_unpublishable_file_leaves_nothing(tmp_path: Path) -> None:
    file = AtomicFile(tmp_path / "a.txt")
    file.path.write_text("new")
    file.discard()
    assert names(tmp_path) == []
    (tmp_path / "folder" / "full").mkdir(parents=True)
    file = AtomicFile(tmp_path / "folder")
    file.path.write_text("new")
    with pytest.raises(OSError):  # noqa: PT011 - which one, the system decides
        file.publish()
    assert names(tmp_path) == ["folder"]
    with pytest.raises(FileNotFoundError):
        AtomicFile(tmp_path / "missing" / "a.txt")


@pytest.mark.slow
def test_a_killed_process_leaves_nothing_for_ever(tmp_path: Path, kind: str) -> None:
    """The next file that is written into the folder takes away what the dead left, and nothing of the living."""
    words = [sys.executable, "-c", WRITES, str(tmp_path / "a.mp4"), kind]
    dying, living = (
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    )
    try:
        for process in (dying, living):
            assert process.stdout is not None
            assert process.stdout.readline() == "written\n"
        before = names(tmp_path)
        assert len(before) == (0 if kind == "nameless" else 2)
        dying.send_signal(signal.SIGKILL)
        dying.wait()
        mine = AtomicFile(tmp_path / "b.mp4")
        alive = [name for name in names(tmp_path) if name in before]
        assert len(alive) == (0 if kind == "nameless" else 1)
        mine.discard()
        assert names(tmp_path) == alive
    finally:
        for process in (dying, living):
            process.kill()
            process.communicate()
    remove_abandoned(tmp_path)
    assert names(tmp_path) == []


LEGACY = (
    ".0123456789abcdef.part",
    ".lipsync-0123456789abcdef.part",
    f".{'0' * 32}.safetensors.4711.01234567.part",
    ".model.pth.part",
    ".licence-accepted.json.4711",
    ".secret-0123456789abcdef",
)


def test_only_abandoned_files_are_removed(tmp_path: Path) -> None:
    """Young files of versions without locks stay, and so do links, folders and files of other programs."""
    for name in (".lipsync-notes.part", "x.part", *LEGACY):
        (tmp_path / name).write_text("x")
    digits = [f"{number:024x}" for number in range(4)]
    (tmp_path / f".lipsync-{digits[0]}.part").mkdir()
    (tmp_path / f".lipsync-{digits[1]}.part").symlink_to(tmp_path / "x.part")
    os.mkfifo(tmp_path / f".lipsync-{digits[2]}.part")
    abandoned = tmp_path / f".lipsync-{digits[3]}.part"
    abandoned.write_text("dead")
    before = set(names(tmp_path))
    assert remove_abandoned(tmp_path) == [abandoned]
    assert before - set(names(tmp_path)) == {abandoned.name}
    assert remove_abandoned(tmp_path / "missing") == []


def test_old_unfinished_files_of_versions_without_locks_are_removed(tmp_path: Path) -> None:
    for name in (".lipsync-notes.part", "x.part", *LEGACY):
        (tmp_path / name).write_text("x")
    now = (tmp_path / "x.part").stat().st_mtime
    assert remove_abandoned(tmp_path, now + 3590) == []
    assert {path.name for path in remove_abandoned(tmp_path, now + 3700)} == set(LEGACY)
    assert names(tmp_path) == [".lipsync-notes.part", "x.part"]


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
