from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lipsync.errors import LipsyncError
from lipsync.storage.files import FileStore, work_key

ID = "0123456789abcdef" * 2


def test_a_file_comes_and_goes(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "outputs")
    key = work_key(ID, "picture")
    store.put(key, b"face")
    assert store.exists(key)
    assert store.get(key) == b"face"
    store.remove([key, "never.mp4"])
    assert not store.exists(key)
    assert list((tmp_path / "outputs" / "jobs").iterdir()) == [], "the job's folder goes with its last file"


@pytest.mark.parametrize(
    "key", ["../x", "/etc/passwd", "jobs/../x", f"jobs/{ID}/../../x", "a/b", "", ".hidden", "a\n"]
)
def test_what_is_no_key_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="invalid key"):
        FileStore(tmp_path).path(key)


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "jobs").touch()
    with pytest.raises(LipsyncError) as caught:
        FileStore(tmp_path).put(work_key(ID, "picture"), b"face")
    assert caught.value.code == "cannot_write"
    with pytest.raises(LipsyncError) as caught:
        FileStore(tmp_path).get("gone.mp4")
    assert caught.value.code == "cannot_read"


def test_what_jobs_leave_is_removed_when_nobody_needs_it(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    names = {"needed": "1" * 32, "young": "2" * 32, "old": "3" * 32, "future": "4" * 32}
    for id in names.values():
        store.put(work_key(id, "stream-1.mp4"), b"x")
    for name, age in (("needed", 600), ("old", 600), ("future", -6000)):
        folder = tmp_path / "jobs" / names[name]
        for path in (folder / "stream-1.mp4", folder):
            os.utime(path, (time.time() - age, time.time() - age))
    store.remove_work(keep={names["needed"]}, min_age_s=60)
    assert {path.name for path in (tmp_path / "jobs").iterdir()} == {names["needed"], names["young"]}
