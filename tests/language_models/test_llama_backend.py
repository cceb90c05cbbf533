"""llama.cpp itself, with a tiny model of random weights: it loads, streams, stops, and keeps its process apart."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from lipsync.language_models import llama_process
from lipsync.language_models.chain import GuardedModel, ModelChain, ReplySentences, TimeLimits
from lipsync.language_models.collect import collect_reply
from lipsync.language_models.embedded import EmbeddedFile, EmbeddedModel
from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.llama_process import LlamaProcess
from lipsync.language_models.stored_replies import StoredReplies
from lipsync.language_models.types import GenerationOptions, LLMResponse, Message
from lipsync.runtime.circuit_breaker import CircuitBreaker
from tests.helpers.run_async import run_async
from tests.language_models.tiny_gguf import write_tiny_gguf

pytest.importorskip("xllamacpp", reason="the extra conversation is not installed")

pytestmark = pytest.mark.slow  # starts processes

MESSAGES = [Message(role="system", content="You are Ada."), Message(role="user", content="Hello?")]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


async def read(process: LlamaProcess, tokens: int) -> str:
    pieces = process.generate(MESSAGES, max_tokens=tokens, temperature=0)
    return "".join([piece async for piece in pieces])


def test_a_real_model_streams_and_is_cancelled(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama_process, "CANCEL_TIMEOUT_S", 60)  # a loaded machine may need longer

    async def work() -> None:
        process = LlamaProcess(tiny, context=256, threads=1)
        try:
            text = await read(process, 12)
            assert text
            assert await read(process, 12) == text, "at temperature 0 the same question has the same reply"
            first = process.pid
            pieces = process.generate(MESSAGES, max_tokens=200, temperature=0)
            async with contextlib.aclosing(pieces):
                assert await anext(pieces)
            assert await read(process, 3)
            assert process.pid == first, "llama.cpp stops between two tokens; nothing had to be killed"
        finally:
            await process.close()

    run_async(work())


def test_a_question_while_a_real_model_is_loaded_is_answered_by_it(tiny: Path) -> None:
    """Its process is stopped for longer than a first token may take."""

    async def work() -> None:
        process = LlamaProcess(tiny, context=256, threads=1)
        limits = TimeLimits(first_token_s=2.0, load_s=60)
        guarded = GuardedModel(_Raw(process), CircuitBreaker(), load=process.start)
        chain = ModelChain([guarded], StoredReplies((), ("Oh.",)), "en", ReplySentences(("Oh.",)), limits)
        try:
            async with chain.reply(MESSAGES, GenerationOptions(max_tokens=12)) as reply:
                first = asyncio.create_task(anext(reply))
                while process.pid is None:
                    await asyncio.sleep(0.01)
                os.kill(process.pid, signal.SIGSTOP)
                await asyncio.sleep(limits.first_token_s + 0.2)
                os.kill(process.pid, signal.SIGCONT)
                assert await first
                assert (reply.model, reply.degraded) == ("embedded", ())
        finally:
            await process.close()

    run_async(work())


class _Raw:
    """The model as it is: what it writes is noise, so that each token is a part that can be spoken."""

    name = "embedded"

    def __init__(self, process: LlamaProcess) -> None:
        self._process = process

    async def stream(self, messages: Sequence[Message], options: GenerationOptions) -> AsyncGenerator[str, None]:
        async for piece in self._process.generate(messages, max_tokens=options.max_tokens, temperature=0):
            assert piece
            yield "A token. "

    async def generate(self, messages: Sequence[Message], options: GenerationOptions) -> LLMResponse:
        return await collect_reply(self.stream(messages, options))

    async def health_check(self) -> bool:
        return True


def test_a_damaged_file_is_an_error_and_no_crash_of_ours(tiny: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(tiny.read_bytes()[:20_000])

    async def work() -> None:
        model = EmbeddedModel(EmbeddedFile(damaged), LlamaProcess(damaged))
        try:
            assert await model.health_check()
            with pytest.raises(LanguageModelError) as caught:
                await model.generate(MESSAGES, GenerationOptions())
            assert caught.value.code == "llm_crashed"
        finally:
            await model.close()

    run_async(work())
