"""A server that speaks Ollama's protocol and writes at a fixed rate: a warm model on a GPU."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench.talk.questions import REPLY

MODEL = "fake:latest"


@contextmanager
def fake_ollama(tokens_per_s: float, first_token_s: float = 0.1) -> Iterator[str]:
    """Serve until the block ends; the address. The first token comes after ``first_token_s``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send({"models": [{"name": MODEL, "model": MODEL}]})

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != "/api/chat" or not request.get("stream"):
                done = {"model": MODEL, "response": "", "message": {"role": "assistant", "content": ""}, "done": True}
                self._send(done)
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with suppress(ConnectionError):  # the reply is no longer wanted
                self._write_reply()

        def _write_reply(self) -> None:
            time.sleep(first_token_s)
            for token in re.findall(r"\S+\s*", REPLY):
                self._chunk({"model": MODEL, "message": {"role": "assistant", "content": token}, "done": False})
                time.sleep(1 / tokens_per_s)
            self._chunk({"model": MODEL, "message": {"role": "assistant", "content": ""}, "done": True})
            self.wfile.write(b"0\r\n\r\n")

        def _send(self, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _chunk(self, value: object) -> None:
            line = json.dumps(value).encode() + b"\n"
            self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
