"""Cleanup: what killed processes leave is deleted, whichever part of the program wrote it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lipsync.jobs.cleanup import remove_abandoned_everywhere, remove_expired
from lipsync.jobs.repository import JobRepository
from lipsync.settings import Settings
from lipsync.storage.files import FileStore, work_key
from tests.helpers.jobs import Add

# Every writer of the program, each stopped at the moment before its file would get its name.
WRITERS = """
import hashlib, sys, threading
from pathlib import Path
import numpy as np
from lipsync.animation.track_file import TrackFile
from lipsync.auth.session_secret import session_secret
from lipsync.settings import Settings
from lipsync.speech.cloning.store import ClonedVoiceStore
from lipsync.speech.engines import xtts_files
from lipsync.storage import atomic
from lipsync.storage.cache import ArrayCache
from lipsync.storage.database import connect
from lipsync.storage.files import FileStore
from lipsync.subtitles.formats import SubtitleFile
from lipsync.video.frame import Frame
from lipsync.video.writer import Mp4Writer
from lipsync.weights.catalogue import catalogue
from lipsync.weights.fetch import take_file

root, kind = Path(sys.argv[1]), sys.argv[2]
if kind == "hidden":
    atomic._open_nameless = lambda folder, mode: None
blocked = threading.Semaphore(0)

def block(self, *, replace=True):
    blocked.release()
    threading.Event().wait()

atomic.AtomicFile.publish = block
settings = Settings(_env_file=None, **{name: root / name for name in sys.argv[3].split(",")})
outputs, checkpoints = settings.outputs, settings.checkpoints
for folder in (outputs, checkpoints, settings.cache):
    folder.mkdir(parents=True, exist_ok=True)
(root / "weights").write_bytes(b"weights")
facts = {"size": 7, "sha256": hashlib.sha256(b"weights").hexdigest()}
model = catalogue()["silero-ru"].model_copy(update=facts)

def cache_file():
    with ArrayCache(settings.cache, 10).new_file("b" * 16) as file:
        file.write(b"half")

def video():
    writer = Mp4Writer(outputs / "a.mp4", width=16, height=16, fps=25, rate=16000)
    writer.write_sound(np.zeros(1600, np.float32))
    writer.write_frame(Frame(np.zeros((16, 16), np.uint8), np.zeros((8, 8, 2), np.uint8)))
    writer.close()

def subtitles():
    with SubtitleFile(outputs / "a.vtt", "vtt"):
        pass

writers = [
    lambda: FileStore(outputs).put("a.bin", b"half"),
    lambda: ArrayCache(settings.cache, 10).save("a" * 16, {"a": np.zeros(9)}),
    cache_file,
    lambda: ArrayCache(settings.cache / "speech", 10).save("a" * 16, {"a": np.zeros(9)}),
    lambda: TrackFile(outputs / "a.json", 25).close(),
    subtitles,
    video,
    lambda: take_file(model, root / "weights", checkpoints),
    lambda: xtts_files.accept_licence(checkpoints / xtts_files.FOLDER),
    lambda: ClonedVoiceStore(settings.cloned_voices).add(
        "Anna", np.zeros((1, 32, 8), np.float32), np.zeros((1, 8, 1), np.float32), model="m", seconds=9.0
    ),
    lambda: session_secret(settings),
    lambda: connect(settings),
]
for writer in writers:
    threading.Thread(target=writer, daemon=True).start()
print(sum(blocked.acquire(timeout=30) for _ in writers), len(writers), flush=True)
sys.stdin.read()
"""
FOLDERS = ("outputs", "state", "cache", "cloned_voices", "checkpoints")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["nameless", "hidden"])
def test_no_writer_leaves_a_file_after_kill_9_and_the_next_start(tmp_path: Path, kind: str) -> None:
    command = [sys.executable, "-c", WRITERS, str(tmp_path), kind, ",".join(FOLDERS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        blocked, count = map(int, process.stdout.readline().split())
        process.send_signal(signal.SIGKILL)
    assert blocked == count, "each writer uses AtomicFile"
    left = _files_below(tmp_path)
    # A database always has a hidden name, because SQLite writes files beside it.
    assert len([name for name in left if name.endswith(".part")]) == (count if kind == "hidden" else 1)
    settings = Settings(_env_file=None, **{name: tmp_path / name for name in FOLDERS})  # type: ignore[arg-type]
    remove_abandoned_everywhere(settings)
    assert _files_below(tmp_path) == []


def test_what_has_expired_is_deleted(settings: Settings, repository: JobRepository, add: Add) -> None:
    files = FileStore(settings.outputs)
    running, ended = add(), add()
    repository.claim("r", {running})
    repository.cancel(ended)
    for id in (running, ended):
        files.put(work_key(id, "picture"), b"x")
    remove_expired(repository, files, settings)
    assert files.exists(work_key(ended, "picture")), "a client may still be reading"
    _age(settings.outputs / "jobs", 120.0)
    remove_expired(repository, files, settings)
    assert files.exists(work_key(running, "picture"))
    assert not files.exists(work_key(ended, "picture"))
    assert repository.find(ended) is not None
    remove_expired(repository, files, settings.model_copy(update={"jobs_max_hours": -1.0}))
    assert repository.find(ended) is None
    assert repository.find(running) is not None


def _age(folder: Path, seconds: float) -> None:
    for path in [*folder.rglob("*")]:
        modified = path.stat().st_mtime - seconds
        os.utime(path, (modified, modified))


def _files_below(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and path.name != "weights"]
