"""The parent's side of the process of the embedded language model: starts, asks, cancels, ends and restarts it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import lipsync
from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.limits import MAX_LINE_BYTES, PRELOAD_TIMEOUT_S
from lipsync.language_models.types import Message

log = logging.getLogger(__name__)

CANCEL_TIMEOUT_S = 0.2
"""Seconds in which a cancelled generation must end; then the process is killed. One token takes 0.02 to 0.1 s."""
_EXIT_TIMEOUT_S = 0.5
"""Seconds from the end of a process's output to its own end."""
BACKEND = "lipsync.language_models.llama_backend"
_PASSED_VARIABLES = ("PATH", "HOME", "LD_LIBRARY_PATH", "LANG", "TMPDIR", "VIRTUAL_ENV", "PYTHONHOME")
"""Environment of the child: it parses files of strangers, so it is given no secret."""


class LlamaProcess:
    """One model in one process, which lives while it is used. Used by one event loop; one generation at a time."""

    def __init__(
        self, file: Path, *, context: int = 2048, threads: int = 2, idle_s: float = 600.0, backend: str = BACKEND
    ) -> None:
        """``threads`` of llama.cpp; ``idle_s`` seconds without a request end the process. ``backend`` is the module
        with the class ``Backend`` that the child uses."""
        self._file = file
        self._context = context
        self._threads = threads
        self._idle_s = idle_s
        self._backend = backend
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._number = 0

    @property
    def pid(self) -> int | None:
        """Process id of the child; None while it does not run."""
        process = self._running()
        return None if process is None else process.pid

    async def start(self) -> None:
        """Load the model where it is not loaded. Raises LanguageModelError llm_crashed, llm_slow.

        A caller that does not wait any longer does not stop the loading: the next request needs it.
        """
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._ensure_started())
            self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._starting)

    async def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float,
        stop: Sequence[str] = (),
        cores: int | None = None,
    ) -> AsyncGenerator[str, None]:
        """The reply in pieces, computed on ``cores`` until :meth:`use_cores` says otherwise.

        Closing the generator cancels the generation, and kills the process where that does not end it in
        CANCEL_TIMEOUT_S. Raises LanguageModelError llm_crashed, llm_slow, llm_broke_off, llm_too_long.
        """
        async with self._turn:
            await self.start()
            self._number += 1
            number = self._number
            request = {
                "op": "generate",
                "id": number,
                "messages": [message.model_dump() for message in messages],
                "max_tokens": max_tokens,
                "temperature": temperature,
                "stop": list(stop),
            }
            try:
                if cores is not None:
                    await self._send(op="cores", count=cores)
                await self._send(**request)
            except LanguageModelError:
                self._start_idle_timer()
                raise
            is_finished = False
            try:
                while True:
                    event = await self._receive()
                    if event.get("id") != number:
                        continue
                    if event["event"] != "text":
                        is_finished = True
                        break
                    yield event["text"]
                if event["event"] == "error":
                    log.warning("embedded language model: %s", event.get("message"))
                    raise LanguageModelError("llm_broke_off", model=self._file.name)
            finally:
                if not is_finished:
                    await self._cancel(number)
                self._start_idle_timer()

    async def use_cores(self, count: int) -> None:
        """Let the process compute on ``count`` cores from now on, also while it generates."""
        if self._running() is not None:
            with contextlib.suppress(LanguageModelError):
                await self._send(op="cores", count=count)

    async def close(self) -> None:
        """End the process, and wait until it has ended."""
        if self._starting is not None and not self._starting.done():
            self._starting.cancel()
            await asyncio.wait([self._starting])
        await self._end()

    async def _end(self, *, has_closed: bool = False) -> None:
        """End the process; where it ``has_closed`` its output, it is given a moment to end by itself."""
        self._stop_idle_timer()
        process, self._process = self._process, None
        if process is None:
            return
        if has_closed:  # Popen.kill would collect the exit status, which the watcher of the event loop waits for
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_EXIT_TIMEOUT_S):
                    await process.wait()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        # asyncio closes the pipes one step later; without this they are closed by the garbage collector.
        process._transport.close()  # type: ignore[attr-defined]
        await asyncio.sleep(0)

    def _running(self) -> asyncio.subprocess.Process | None:
        """The process; None while it does not run."""
        return self._process if self._process is not None and self._process.returncode is None else None

    async def _ensure_started(self) -> None:
        if self._running() is not None:
            self._start_idle_timer()
            return
        await self._end()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "lipsync.language_models.llama_child",
            *("--file", str(self._file), "--context", str(self._context), "--threads", str(self._threads)),
            *("--backend", self._backend, "--parent", str(os.getpid())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=MAX_LINE_BYTES,
            env=_environment(),
        )
        try:
            async with asyncio.timeout(PRELOAD_TIMEOUT_S):
                event = await self._receive()
        except TimeoutError as error:
            await self._end()
            raise LanguageModelError("llm_slow", model=self._file.name) from error
        except BaseException:
            await self._end()
            raise
        if event["event"] != "ready":
            log.warning("embedded language model: %s", event.get("message"))
            await self._end()
            raise LanguageModelError("llm_crashed", model=self._file.name)
        self._start_idle_timer()

    async def _send(self, **request: object) -> None:
        line = json.dumps(request).encode() + b"\n"
        if len(line) > MAX_LINE_BYTES:
            raise LanguageModelError("llm_too_long", model=self._file.name)
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
            await self._process.stdin.drain()
        except OSError as error:
            raise LanguageModelError("llm_crashed", model=self._file.name) from error

    async def _receive(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = b" "
        try:
            line = await self._process.stdout.readline()
            event = json.loads(line) if line else None
        except ValueError:  # a longer line than MAX_LINE_BYTES, or no JSON
            event = None
        if not isinstance(event, dict) or "event" not in event:
            await self._end(has_closed=not line)  # so the next request starts another
            raise LanguageModelError("llm_crashed", model=self._file.name)
        return event

    async def _cancel(self, number: int) -> None:
        """Stop the generation ``number``; kill the process where it does not stop within CANCEL_TIMEOUT_S."""
        if self._running() is None:
            return
        try:
            async with asyncio.timeout(CANCEL_TIMEOUT_S):
                await self._send(op="cancel", id=number)
                while (await self._receive()).get("event") == "text":
                    pass
        except (TimeoutError, LanguageModelError):
            await self._end()

    def _start_idle_timer(self) -> None:
        """End the process after ``idle_s`` seconds, unless it is used again."""
        self._stop_idle_timer()
        if self._running() is not None:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(self._idle_s, self._end_idle)

    def _stop_idle_timer(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _end_idle(self) -> None:
        self._idle = None
        process = self._running()
        if process is not None and not self._turn.locked():
            process.kill()


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ}
    # Threads that wait must sleep: spinning ones take the core from the thread they wait for. Measured with SmolLM2,
    # two threads, and both cores busy with other work: 24 to 59 tokens a second, against 0.4 to 6.
    passed["OMP_WAIT_POLICY"] = "passive"
    root = Path(lipsync.__file__).resolve().parent.parent
    extra = os.environ.get("PYTHONPATH")
    passed["PYTHONPATH"] = os.pathsep.join([str(root), *([extra] if extra else [])])
    passed["PYTHONUNBUFFERED"] = "1"
    return passed
