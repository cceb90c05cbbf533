"""``/api/v1/stream``: a client that asks for much and reads nothing costs bounded memory, and is given up."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from lipsync.conversation.protocol.client_messages import MAX_SAY_CHARACTERS
from tests.helpers.eventually import eventually
from tests.helpers.gunicorn_server import serve, wait_until
from tests.helpers.live_client import live
from tests.server.gunicorn.test_worker import SHORT_TIMEOUTS, worker_of

pytestmark = pytest.mark.system

APP = "tests.helpers.apps.live_conversation:app"
TEXT = ("This is one of the sentences. " * MAX_SAY_CHARACTERS)[:MAX_SAY_CHARACTERS]
"""Five minutes of speech: 30 MB of messages."""
WANT = {"video": "fmp4", "blendshapes": "both"}
MAX_GROWTH_BYTES = 24_000_000
ENDED = "WebSocket /api/v1/stream ended"


def test_a_client_that_reads_nothing_is_given_up(tmp_path: Path) -> None:
    """It says that it has played everything, so nothing but its reading holds the server back."""
    with serve(tmp_path, APP, *SHORT_TIMEOUTS, LIPSYNC_TALKS="1") as running:
        worker = worker_of(running)
        with live(running) as reader:
            reader.is_fast = True
            reader.start(want=WANT, fps=60)
            reader.ask("repeat: One two three.")
        wait_until(lambda: running.log.read_text().count(ENDED) == 1, running)
        memory, files, children = worker.memory_info().rss, worker.num_fds(), len(worker.children())
        peak = memory

        def is_given_up() -> bool:
            nonlocal peak
            peak = max(peak, worker.memory_info().rss)
            return "too slow to take its answer" in running.log.read_text()

        with socket.socket() as plain:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plain.connect(("127.0.0.1", running.port))
            with live(running, sock=plain, max_queue=1) as client:
                client.start(want=WANT, fps=60)
                client.send(type="say", text=TEXT)
                client.until("frame")
                client.send(type="played", answer=1, ms=3_600_000)
                wait_until(is_given_up, running)
        assert peak - memory < MAX_GROWTH_BYTES
        wait_until(lambda: running.log.read_text().count(ENDED) == 2, running)
        eventually(lambda: worker.num_fds() <= files + 6, lambda: (files, worker.num_fds()))
        assert len(worker.children()) == children
        with live(running) as reader:  # its place is free
            reader.is_fast = True
            assert reader.ask("Hello")["full_text"] == "Paris it is."
        log = running.log.read_text()
    assert "Traceback" not in log
    assert " ERROR " not in log
