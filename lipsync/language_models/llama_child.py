"""The process of the embedded language model: ``python -m lipsync.language_models.llama_child``.

llama.cpp ends the process that it is in when something is wrong; here that is not the server. The protocol is one
JSON object a line. From the parent, on stdin: ``generate`` (id, messages, max_tokens, temperature, stop), ``cancel``
(id), ``cores`` (count). To the parent, on stdout: ``ready``, ``text`` (id, text), ``done`` (id, reason, tokens),
``error`` (id, message).

The process ends at the end of stdin, and when the parent dies: Linux kills it.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib
import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import IO, Any

from lipsync.language_models.limits import MAX_LINE_BYTES

_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Load the model, then answer requests until stdin ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", required=True)
    parser.add_argument("--context", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--backend", required=True, help="module with a class Backend")
    parser.add_argument("--parent", type=int, required=True, help="process id of the parent")
    options = parser.parse_args()
    end_with_parent(options.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent decides
    # What libraries print must not come between the lines of the protocol.
    protocol = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    child = Child(protocol)
    threading.Thread(target=child.read_requests, args=(sys.stdin.buffer,), daemon=True).start()
    try:
        backend = importlib.import_module(options.backend).Backend(options.file, options.context, options.threads)
    except Exception as error:
        child.send(event="error", id=0, message=f"{type(error).__name__}: {error}"[:300])
        return 1
    child.send(event="ready")
    child.serve(backend)
    return 0


def end_with_parent(parent: int) -> None:
    """Have Linux kill this process when the thread that started it ends, so that a killed server leaves none."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before
        os._exit(0)


def use_cores(count: int, allowed: frozenset[int]) -> None:
    """Let all threads of this process run on ``count`` of the ``allowed`` cores only; the last ones. Linux only."""
    if not allowed:
        return
    cores = sorted(allowed)[-max(1, count) :]
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended
            os.sched_setaffinity(int(thread.name), cores)


class Child:
    """The requests of the parent, and the events that it receives."""

    def __init__(self, protocol: IO[bytes]) -> None:
        self._protocol = protocol
        self._requests: queue.Queue[dict[str, Any]] = queue.Queue()
        self._cancelled: set[int] = set()
        self._allowed = frozenset(os.sched_getaffinity(0)) if sys.platform == "linux" else frozenset()

    def send(self, **event: object) -> None:
        """Write one event; the process ends where the parent does not listen any longer."""
        try:
            self._protocol.write(json.dumps(event).encode() + b"\n")
        except OSError:
            os._exit(0)

    def read_requests(self, stream: IO[bytes]) -> None:
        """Read the lines of the parent until their end, which is the end of this process."""
        while line := stream.readline(MAX_LINE_BYTES):
            try:
                request = json.loads(line)
            except ValueError:
                break
            match request.get("op"):
                case "cancel":
                    self._cancelled.add(request["id"])
                case "cores":
                    use_cores(request["count"], self._allowed)
                case _:
                    self._requests.put(request)
        os._exit(0)

    def serve(self, backend: Any) -> None:
        """Answer one request after the other, for as long as the parent lives."""
        while True:
            request = self._requests.get()
            number = request["id"]
            if number not in self._cancelled:
                self._generate(backend, request, number)
            self._cancelled.discard(number)

    def _generate(self, backend: Any, request: dict[str, Any], number: int) -> None:
        tokens = 0

        def emit(piece: str) -> bool:
            nonlocal tokens
            tokens += 1
            if number in self._cancelled:
                return True
            self.send(event="text", id=number, text=piece)
            return False

        try:
            reason = backend.generate(
                request["messages"],
                max_tokens=request["max_tokens"],
                temperature=request["temperature"],
                stop=request["stop"],
                emit=emit,
            )
        except Exception as error:
            self.send(event="error", id=number, message=f"{type(error).__name__}: {error}"[:300])
            return
        self.send(event="done", id=number, reason="cancel" if number in self._cancelled else reason, tokens=tokens)


if __name__ == "__main__":
    sys.exit(main())
