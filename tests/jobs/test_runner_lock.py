from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lipsync.jobs.runner_lock import RunnerLock

HOLD = "import sys; from pathlib import Path; from lipsync.jobs.runner_lock import RunnerLock; \
lock = RunnerLock(Path(sys.argv[1]), sys.argv[2]); print('held', flush=True); sys.stdin.read()"


def test_a_runner_of_another_process_lives_until_it_is_killed(tmp_path: Path) -> None:
    mine, other = RunnerLock(tmp_path, "a" * 16), "b" * 16
    command = [sys.executable, "-c", HOLD, str(tmp_path), other]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert mine.is_alive(other)
        process.kill()
        process.wait()
    assert not mine.is_alive(other)
    assert not (tmp_path / other).exists()
    mine.release()


def test_it_lives_for_itself_until_it_stops(tmp_path: Path) -> None:
    first, second = RunnerLock(tmp_path, "1" * 16), RunnerLock(tmp_path, "2" * 16)
    assert first.is_alive("1" * 16)
    assert second.is_alive("1" * 16)
    first.release()
    assert not second.is_alive("1" * 16)
    second.release()


def test_a_name_is_no_path(tmp_path: Path) -> None:
    lock = RunnerLock(tmp_path / "runners", "a" * 16)
    (tmp_path / "secret").touch()
    assert not lock.is_alive("../secret")
    assert (tmp_path / "secret").exists()
    lock.release()
