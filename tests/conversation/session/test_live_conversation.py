"""A live conversation with the service of all conversations: what ``start`` does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from lipsync.conversation.repository import ConversationRepository
from lipsync.conversation.service import ConversationService
from lipsync.conversation.session.live_conversation import LiveConversation
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.conversation.session.fakes import FakeSocket
from tests.helpers.conversation import FakeResponder, fake_parts
from tests.helpers.fake_service import FakeService
from tests.helpers.run_async import run_async

PATIENCE_S = 20.0


class SlowResponder(FakeResponder):
    """Its model is down, which it finds out when ``gate`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.checks = 0

    async def health_check(self) -> bool:
        self.checks += 1
        await self.gate.wait()
        return False


async def until(is_true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_true():
            await asyncio.sleep(0.01)


def test_ready_waits_for_no_check_and_tells_what_is_known(settings: Settings) -> None:
    responder, service, engine = SlowResponder(), FakeService(settings), connect(settings)
    conversations = ConversationService(settings, lambda: service, fake_parts(responder))
    conversations.limits = replace(conversations.limits, health_s=PATIENCE_S * 3)

    async def scenario() -> None:
        live = LiveConversation(conversations, ConversationRepository(engine), "me", "en", lambda: None)
        socket = FakeSocket()
        running = asyncio.create_task(live.run(socket, asyncio.Event()))
        for number in (1, 2):
            socket.send(type="start")
            await until(lambda number=number: len(socket.of("ready")) == number)  # type: ignore[misc]
        parts = socket.of("ready")[-1]["parts"]
        assert parts == {
            name: {"name": name, "fallback": False} for name in ("llm", "tts", "lipsync", "motion", "stt")
        }
        await until(lambda: responder.checks)
        assert not responder.gate.is_set()
        conversations.loop.submit(_set(responder.gate)).result(PATIENCE_S)
        await until(lambda: not conversations.health.current().works["llm"])
        assert responder.checks == 1, "a check that goes on is not begun again"
        socket.send(type="start")
        await until(lambda: len(socket.of("ready")) == 3)
        parts = socket.of("ready")[-1]["parts"]
        assert [name for name, part in parts.items() if part["fallback"]] == ["llm"]
        conversations.health.note_use(("tts",), used=())
        socket.send(type="start")
        await until(lambda: len(socket.of("ready")) == 4)
        parts = socket.of("ready")[-1]["parts"]
        assert [name for name, part in parts.items() if part["fallback"]] == ["llm", "tts"]
        socket.incoming.put_nowait(None)
        await running

    try:
        run_async(scenario())
    finally:
        conversations.close()
        engine.dispose()


async def _set(event: asyncio.Event) -> None:
    event.set()
