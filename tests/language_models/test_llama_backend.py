"""llama.cpp itself, with a tiny model of random weights: it loads, streams, stops, and keeps its process apart."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from lipsync.language_models import llama_process
from lipsync.language_models.embedded import EmbeddedFile, EmbeddedModel
from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.llama_process import LlamaProcess
from lipsync.language_models.types import GenerationOptions, Message
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
