"""Asks ``/api/health`` again and again, in a process of its own: prints ``kind moment milliseconds`` for each answer.

Once on a kept connection and once on a fresh one. An answer that takes longer than the time between two questions
counts for those, too, that could not be asked meanwhile: otherwise the worst moments would be seen most seldom.
"""

from __future__ import annotations

import http.client
import sys
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

EACH = 0.1
"""Seconds between two questions."""
_PATIENCE = 30.0
FAILED = 60_000.0
"""Milliseconds that an answer other than 200, or none, is taken for."""


def probe(kind: str, host: str, port: int) -> None:
    """Ask until the process ends."""
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE)
    due = time.monotonic()
    while True:
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.monotonic()
        took = FAILED
        with suppress(OSError, http.client.HTTPException):
            # A kept connection may have been closed for its age: that is no failure, and the next one is timed.
            for _ in range(2):
                try:
                    took = _asked(connection)
                    break
                except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                    connection.close()
        if kind == "fresh" or took == FAILED:
            connection.close()
        for missed in range(1 + int((time.monotonic() - began) / EACH)):
            line = f"{kind} {began + missed * EACH:.3f} {max(0.0, took - 1000 * missed * EACH):.2f}\n"
            sys.stdout.write(line)  # in one piece: print() writes the end of the line by itself, and threads mix
            sys.stdout.flush()
            due += EACH


def _asked(connection: http.client.HTTPConnection) -> float:
    began = time.monotonic()
    connection.request("GET", "/api/health")
    answer = connection.getresponse()
    answer.read()
    return 1000 * (time.monotonic() - began) if answer.status == 200 else FAILED


if __name__ == "__main__":
    where = urlsplit(sys.argv[1])
    for name in ("fresh", "kept"):
        threading.Thread(target=probe, args=(name, where.hostname, where.port), daemon=True).start()
        time.sleep(EACH / 2)
    sys.stdin.read()  # until who started it closes it, or ends
