from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lipsync.jobs.alive import Pulse

HOLD = "import sys; from pathlib import Path; from lipsync.jobs.alive import Pulse; \
p = Pulse(Path(sys.argv[1]), sys.argv[2]); print('held', flush=True); sys.stdin.read()"


def test_a_runner_of_another_process_lives_until_it_is_killed(tmp_path: Path) -> None:
    mine, other = Pulse(tmp_path, "a" * 16), "b" * 16
    command = [sys.executable, "-c", HOLD, str(tmp_path), other]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert mine.beats(other)
        process.kill()
        process.wait()
    assert not mine.beats(other)
    assert not (tmp_path / other).exists()
    mine.stop()


def test_it_lives_for_itself_until_it_stops(tmp_path: Path) -> None:
    one, two = Pulse(tmp_path, "1" * 16), Pulse(tmp_path, "2" * 16)
    assert one.beats("1" * 16)
    assert two.beats("1" * 16)
    one.stop()
    assert not two.beats("1" * 16)
    two.stop()


def test_a_name_is_no_path(tmp_path: Path) -> None:
    pulse = Pulse(tmp_path / "runners", "a" * 16)
    (tmp_path / "secret").touch()
    assert not pulse.beats("../secret")
    assert (tmp_path / "secret").exists()
    pulse.stop()
