"""What gunicorn serves in test_nginx.py where it is about streams: each answers its first piece, and the rest when a
file named ``go`` is there. The addresses are those of the application."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Flask, Response, request, send_file

FOLDER = Path(os.environ.get("LIPSYNC_OUTPUTS", "/nowhere"))
SIZE = 5_000_000

app = Flask(__name__)


def _pieces() -> Iterator[bytes]:
    yield b"first,"
    while not (FOLDER / "go").exists():
        time.sleep(0.02)
    yield b"last"


@app.post("/v1/audio/speech")
@app.get("/api/jobs/<_job>/stream")
@app.get("/api/jobs/<_job>/events")
def stream(_job: str = "") -> Response:
    return Response(_pieces())


@app.post("/api/generate")
def generate() -> Response:
    headers = {"X-Accel-Buffering": "no"} if request.args.get("stream") else {}
    return Response(_pieces(), headers=headers)


@app.get("/api/jobs/<_job>/video")
def video(_job: str) -> Response:
    path = FOLDER / "video.mp4"
    if not path.exists():
        path.write_bytes(bytes(range(256)) * (SIZE // 256))
    return send_file(path, mimetype="video/mp4", conditional=True)


@app.get("/api/ready")
@app.get("/api/health")
def health() -> str:
    return "ok"
