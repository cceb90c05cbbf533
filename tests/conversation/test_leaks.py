"""Answers in a loop, some of them broken off: nothing is left over."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from lipsync.conversation.options import AnswerOptions
from lipsync.conversation.parts import SentencePart, SoundPart, VideoPart
from lipsync.conversation.service import ConversationService
from lipsync.settings import Settings
from tests.helpers.conversation import FakeModel, FakeResponder, fake_parts
from tests.helpers.fake_service import FakeService
from tests.helpers.run_async import run_async


def left_over() -> tuple[int, int]:
    """Numbers of threads and of open files."""
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


def test_answers_leave_no_thread_file_or_task(settings: Settings) -> None:
    service = FakeService(settings)
    responder = FakeResponder(FakeModel("One. ", "Two. ", "Three. "))
    conversations = ConversationService(settings, lambda: service, fake_parts(responder))
    options = AnswerOptions(video=True)

    async def read(until: type | None) -> None:
        async with aclosing(conversations.loop.stream(conversations.answer("Hello", options=options))) as parts:
            async for part in parts:
                if until is not None and isinstance(part, until):
                    return

    async def tasks() -> int:
        return len(asyncio.all_tasks())

    def turns() -> None:
        for until in (None, SentencePart, SoundPart, VideoPart):
            run_async(read(until))

    for _ in range(3):  # until all threads of the pool have been started
        turns()
    before, children = left_over(), psutil.Process().children()
    for _ in range(5):
        turns()
    assert conversations.loop.run(tasks()) == 1
    threads, files = left_over()
    assert threads <= max(before[0], settings.talks * 3 + 4 + 2)
    assert files <= before[1]
    assert psutil.Process().children() == children
    conversations.close()
