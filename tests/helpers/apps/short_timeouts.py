"""What gunicorn serves in the tests of slow clients: a small application, and a worker whose patience is short."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from flask import Flask, Response, request, send_file

from lipsync.server.asgi.departure import has_left
from lipsync.server.asgi.timeouts import StallLimits, TimeoutPolicy
from lipsync.server.gunicorn.stopping import is_stopping
from lipsync.server.gunicorn.worker import AsgiWorker

FOLDER = Path(os.environ.get("LIPSYNC_OUTPUTS", "/nowhere"))
THREADS = 8
BIG = 64_000_000
"""Bytes of ``/big``: more than any socket holds."""
PIECE = b"x" * 100_000


class ShortTimeoutWorker(AsgiWorker):
    POLICY: ClassVar[TimeoutPolicy] = TimeoutPolicy(
        first_byte_s=1.5,
        head_s=2.0,
        small_body_s=2.0,
        linger_s=0.5,
        websocket_close_s=2.0,
        cleanup_s=1.0,
        upload=StallLimits(silence_s=1.0, min_bytes_per_s=500.0, grace_s=1.0),
        download=StallLimits(silence_s=1.5),
        shutdown=StallLimits(silence_s=1.0, min_bytes_per_s=10_000.0, grace_s=1.0),
    )


class Held:
    """Stands where the application keeps what must be closed."""

    def close(self) -> None:
        (FOLDER / "closed").touch()


app = Flask(__name__)
app.extensions["lipsync"] = Held()
_all_threads = threading.Barrier(THREADS)


@app.get("/api/ready")
@app.get("/api/health")
def health() -> str:
    return "ok"


@app.get("/big")
def big() -> Response:
    path = FOLDER / "big"
    with path.open("ab") as file:
        file.truncate(BIG)  # holes: nothing is written
    return send_file(path, mimetype="video/mp4", conditional=True)


@app.get("/endless")
def endless() -> Response:
    def pieces() -> Iterator[bytes]:
        try:
            while True:
                yield PIECE
        finally:
            (FOLDER / "let go").touch()

    return Response(pieces())


@app.post("/length")
def length() -> str:
    return str(len(request.get_data()))


@app.get("/meet")
def meet() -> str:
    """Answers when every thread of the pool is in here, and 500 when they are not within ten seconds."""
    _all_threads.wait(10)
    return "all"


@app.route("/wait", methods=["GET", "POST"])
def wait() -> str:
    """Waits until the client has left, or for a file ``go``; notes which."""
    (FOLDER / "waiting").touch()
    while not (FOLDER / "go").exists():
        if has_left():
            (FOLDER / "left").touch()
            return "nobody reads this"
        time.sleep(0.02)
    return f"stopping: {is_stopping()}"
