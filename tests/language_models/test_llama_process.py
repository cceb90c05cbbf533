"""The process of the embedded model: replies, cancelling, crashes, hanging, idling, and the death of its parent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from lipsync.language_models import limits, llama_process
from lipsync.language_models.chain import GuardedModel, ModelChain, ReplySentences, TimeLimits
from lipsync.language_models.embedded import EmbeddedFile, EmbeddedModel
from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.llama_process import LlamaProcess
from lipsync.language_models.stored_replies import StoredReplies
from lipsync.language_models.types import GenerationOptions, Message
from lipsync.runtime.circuit_breaker import CircuitBreaker
from tests.helpers.eventually import eventually
from tests.helpers.run_async import run_async
from tests.language_models.fake_backend import LOADING_S

pytestmark = pytest.mark.slow  # starts processes

BACKEND = "tests.language_models.fake_backend"


def use(work: Callable[[LlamaProcess], Awaitable[Any]], file: str = "model.gguf", **options: Any) -> Any:
    """What ``work`` returns; the process is ended afterwards."""

    async def run() -> Any:
        process = LlamaProcess(Path(file), backend=BACKEND, **options)
        try:
            return await work(process)
        finally:
            await process.close()

    return run_async(run())


async def ask(process: LlamaProcess, question: str) -> str:
    messages = [Message(role="user", content=question)]
    pieces = process.generate(messages, max_tokens=50, temperature=0.5, stop=("x",))
    return "".join([piece async for piece in pieces])


async def code_of(process: LlamaProcess, question: str) -> str:
    with pytest.raises(LanguageModelError) as caught:
        await ask(process, question)
    return caught.value.code


def test_a_reply_streams_and_the_process_stays() -> None:
    async def work(process: LlamaProcess) -> None:
        assert process.pid is None
        assert await ask(process, "echo Париж is «big»") == "Париж is «big» "
        first = process.pid
        assert await ask(process, "settings") == "512 3 50 0.5 1 1"
        assert process.pid == first is not None

    use(work, context=512, threads=3)


def test_the_child_gets_no_secret_and_sleeps_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPSYNC_LLM_KEY", "secret")
    assert use(lambda process: ask(process, "secret")) == "nothing passive"


def test_closing_the_iterator_stops_the_model_and_keeps_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama_process, "CANCEL_TIMEOUT_S", 60)  # a loaded machine may need longer

    async def work(process: LlamaProcess) -> None:
        pieces = process.generate([Message(role="user", content="slowly")], max_tokens=1, temperature=0)
        async with contextlib.aclosing(pieces):
            assert [await anext(pieces), await anext(pieces)] == ["0 ", "1 "]
            first = process.pid
        assert await ask(process, "echo next") == "next "
        assert process.pid == first

    use(work)


def test_a_model_that_hangs_is_killed_and_the_next_question_starts_another() -> None:
    async def work(process: LlamaProcess) -> None:
        pieces = process.generate([Message(role="user", content="hang")], max_tokens=1, temperature=0)
        assert await anext(pieces) == "Half "
        first = process.pid
        assert first is not None
        await pieces.aclose()
        assert process.pid is None
        assert not psutil.pid_exists(first)
        assert await ask(process, "echo next") == "next "

    use(work)


def test_a_cancelled_task_stops_the_model() -> None:
    async def work(process: LlamaProcess) -> None:
        await process.start()
        task = asyncio.create_task(ask(process, "hang"))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await ask(process, "echo next") == "next "

    use(work)


def test_a_crash_is_an_error_and_the_next_question_starts_another() -> None:
    async def work(process: LlamaProcess) -> None:
        assert await code_of(process, "crash") == "llm_crashed"
        assert await ask(process, "echo next") == "next "

    use(work)


def test_a_process_killed_from_outside_is_started_again() -> None:
    async def work(process: LlamaProcess) -> None:
        await process.start()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        with contextlib.suppress(LanguageModelError):  # the question may come before the death is known
            await ask(process, "echo first")
        assert await ask(process, "echo next") == "next "

    use(work)


def test_an_error_of_the_runner_keeps_the_process() -> None:
    async def work(process: LlamaProcess) -> None:
        assert await code_of(process, "raise") == "llm_broke_off"
        assert await ask(process, "echo next") == "next "

    use(work)


def test_a_file_that_is_no_model_is_an_error() -> None:
    assert use(lambda process: code_of(process, "echo"), "broken.gguf") == "llm_crashed"


def test_who_does_not_wait_for_loading_does_not_stop_it() -> None:
    async def work(process: LlamaProcess) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await ask(process, "echo first")
        assert process.pid is not None
        assert await ask(process, "echo next") == "next "

    use(work, "slow.gguf")


def test_a_question_while_the_model_is_loaded_is_answered_by_it() -> None:
    """Loading takes longer than a first token may."""

    async def work(process: LlamaProcess) -> None:
        model = EmbeddedModel(EmbeddedFile(Path("slow.gguf")), process)
        stored = StoredReplies((), ("I do not know.",))
        limits = TimeLimits(first_token_s=LOADING_S / 2, load_s=60)
        guarded = GuardedModel(model, CircuitBreaker(), load=model.load)
        chain = ModelChain([guarded], stored, "en", ReplySentences(("Oh.",)), limits)
        async with chain.reply([Message(role="user", content="echo Yes.")], GenerationOptions()) as reply:
            assert "".join([piece async for piece in reply]).strip() == "Yes."
            assert (reply.model, reply.degraded) == ("embedded", ())

    use(work, "slow.gguf")


def test_a_model_that_is_loaded_and_never_asked_ends_when_it_is_idle() -> None:
    async def work(process: LlamaProcess) -> None:
        for _ in range(2):
            await process.start()
        while process.pid is not None:
            await asyncio.sleep(0.02)

    use(work, idle_s=0.05)


def test_cores_can_be_changed_while_it_runs() -> None:
    async def work(process: LlamaProcess) -> list[str]:
        await process.start()
        counts = []
        for count in (1, 99):
            await process.use_cores(count)
            await asyncio.sleep(0.1)
            counts.append(await ask(process, "cores"))
        return counts

    assert use(work) == ["1", str(len(os.sched_getaffinity(0)))]


def test_two_questions_at_once_are_answered_one_after_the_other() -> None:
    async def work(process: LlamaProcess) -> list[str]:
        return list(await asyncio.gather(*(ask(process, f"echo {number}") for number in range(5))))

    assert use(work) == [f"{number} " for number in range(5)]


def test_an_idle_process_ends_and_comes_back() -> None:
    async def work(process: LlamaProcess) -> None:
        await ask(process, "echo first")
        while process.pid is not None:
            await asyncio.sleep(0.02)
        assert await ask(process, "echo next") == "next "

    use(work, idle_s=0.05)


def test_a_request_above_the_limit_is_refused() -> None:
    long = "echo " + "x" * limits.MAX_LINE_BYTES
    assert use(lambda process: code_of(process, long)) == "llm_too_long"


def test_nothing_is_left_over() -> None:
    before = set(psutil.Process().children())
    use(lambda process: ask(process, "echo first"))
    assert set(psutil.Process().children()) == before


PARENT = """
import asyncio, sys
from pathlib import Path
from lipsync.language_models.llama_process import LlamaProcess
from lipsync.language_models.types import Message

async def main():
    process = LlamaProcess(Path("model.gguf"), backend="tests.language_models.fake_backend")
    pieces = process.generate([Message(role="user", content="hang")], max_tokens=1, temperature=0)
    await anext(pieces)
    print(process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_the_child_of_a_killed_server_ends() -> None:
    root = Path(llama_process.__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=root) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        parent.kill()
    eventually(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


def test_the_child_ends_with_its_input() -> None:
    command = [sys.executable, "-m", "lipsync.language_models.llama_child", "--file", "model.gguf"]
    command += ["--context", "9", "--threads", "1", "--backend", BACKEND, "--parent", str(os.getpid())]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with child:
        assert child.stdout is not None
        assert json.loads(child.stdout.readline()) == {"event": "ready"}
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(10) == 0
