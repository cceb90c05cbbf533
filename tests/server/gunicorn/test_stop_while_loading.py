"""A real server, and a real ``lipsync say``, that are told to stop while they load PyTorch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from lipsync.animation.wav2lip.layout import expected_shapes
from lipsync.runtime.process_exit import EXIT_HANDLERS_TIMEOUT_S
from lipsync.server.app import ROOT

pytestmark = pytest.mark.system

TORCH = "libtorch_cpu"
KINDS = (signal.SIGTERM, signal.SIGINT)
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Wav2Lip of zeros: a small file, but a network that PyTorch loads in full."""
    path = tmp_path_factory.mktemp("weights") / "wav2lip.pth"
    weights = {key: torch.tensor(0.0).expand(shape) for key, shape in expected_shapes(96).items()}
    torch.save({"state_dict": weights}, path)
    return path


def environment(folder: Path, checkpoint: Path) -> dict[str, str]:
    return {
        **os.environ,
        "LC_ALL": "C",
        "LIPSYNC_PORT": "0",
        "LIPSYNC_STATE": str(folder / "state"),
        "LIPSYNC_OUTPUTS": str(folder / "outputs"),
        "LIPSYNC_CACHE": str(folder / "cache"),
        "LIPSYNC_CHECKPOINT": str(checkpoint),
        "LIPSYNC_VOICES": "espeak",
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(folder),
    }


def wait_for(happens: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not happens() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    assert happens()


def has_mapped(pid: int, library: str) -> bool:
    try:
        return library in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize(
    ("moment", "later", "kind"),
    [
        *((moment, 0.0, kind) for moment in ("Starting gunicorn", "Booting worker", TORCH) for kind in KINDS),
        (TORCH, 1.0, signal.SIGTERM),
        (TORCH, 2.5, signal.SIGINT),
        (TORCH, 4.0, signal.SIGTERM),
    ],
)
def test_a_server_ends_in_order_at_any_moment_of_its_loading(
    tmp_path: Path, checkpoint: Path, moment: str, later: float, kind: signal.Signals
) -> None:
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "app:app"],
            cwd=ROOT,
            env=environment(tmp_path, checkpoint),
            stdout=output,
            stderr=output,
            text=True,
        )

    def is_there() -> bool:
        if moment == TORCH:
            return any(has_mapped(one, TORCH) for one in children(process.pid))
        return moment in log.read_text()

    try:
        wait_for(is_there, process)
        time.sleep(later)
        process.send_signal(kind)
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait()
    said = log.read_text()
    for wrong in ("terminate", "Traceback", "Exception", "was sent", "ERROR", "WARNING"):
        assert wrong not in said, said
    assert list(tmp_path.glob("lipsync-*")) == [], "the folder of the first clip"


@pytest.mark.parametrize(("kind", "later"), [(signal.SIGINT, 0.0), (signal.SIGINT, 0.7), (signal.SIGTERM, 1.4)])
def test_say_ends_in_order_while_it_loads_torch(
    tmp_path: Path, checkpoint: Path, kind: signal.Signals, later: float
) -> None:
    words = [sys.executable, "-m", "lipsync", "say", "Hello there. " * 100, "-o", str(tmp_path / "a.mp4")]
    with subprocess.Popen(
        words, env=environment(tmp_path, checkpoint), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for(lambda: has_mapped(process.pid, TORCH), process)
        time.sleep(later)
        process.send_signal(kind)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (130, "", "Interrupted: nothing was written.\n")
    assert not (tmp_path / "a.mp4").exists()


ENDS = """
import atexit, sys, threading
from lipsync.runtime.process_exit import end_process
atexit.register(print, "handler")
hold = threading.Event()
if sys.argv[1] == "waits":
    atexit.register(hold.wait)
threading.Thread(target=hold.wait).start()  # no daemon: the interpreter would wait for it
print("before", end=" ")
end_process(7)
"""


@pytest.mark.parametrize(("handler", "out"), [("quick", "before handler\n"), ("waits", "before ")])
def test_a_process_ends_after_its_exit_handlers_but_does_not_wait_for_ever(handler: str, out: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDS, handler],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S + EXIT_HANDLERS_TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, out, "")
