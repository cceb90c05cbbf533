"""A backend for the process of the embedded model, whose last message says how it behaves."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence

from lipsync.language_models.llama_backend import Emit

LOADING_S = 2.0
"""Seconds in which ``slow.gguf`` is loaded."""


class Backend:
    """Behaves as the question says: “echo …”, “count”, “crash”, “hang”, “raise”, “cores”, “slowly”."""

    def __init__(self, path: str, context: int, threads: int) -> None:
        if path.endswith("broken.gguf"):
            raise RuntimeError("no model")
        if path.endswith("slow.gguf"):
            time.sleep(LOADING_S)
        self._threads = threads
        self._context = context

    def generate(  # noqa: PLR0912 - one case for each behaviour
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        max_tokens: int,
        temperature: float,
        stop: Sequence[str],
        emit: Emit,
    ) -> str:
        question = messages[-1]["content"]
        print("a library prints to stdout")
        word, _, rest = question.partition(" ")
        match word:
            case "crash":
                emit("Half ")
                os.abort()
            case "hang":
                emit(f"{rest or 'Half'} ")
                while True:
                    time.sleep(0.05)
            case "raise":
                raise RuntimeError("decode failed")
            case "cores":
                emit(f"{len(os.sched_getaffinity(0))}")
            case "slowly":
                for number in range(10_000):
                    if emit(f"{number} "):
                        return "stop"
                    time.sleep(0.005)
            case "settings":
                emit(f"{self._context} {self._threads} {max_tokens} {temperature} {len(stop)} {len(messages)}")
            case "secret":
                emit(os.environ.get("LIPSYNC_LLM_KEY", "nothing") + " " + os.environ["OMP_WAIT_POLICY"])
            case _:
                for piece in rest.split(" "):
                    if emit(piece + " "):
                        break
        return "stop"
