"""Messages are sent in order, urgent ones first, and nothing of a stopped answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from lipsync.conversation.protocol.server_messages import Pong, StateChanged
from lipsync.conversation.session.outbox import MAX_QUEUED, MAX_URGENT, Outbox
from tests.helpers.run_async import run_async


class Connection:
    """Keeps what is sent; ``open`` says whether the client reads."""

    def __init__(self) -> None:
        self.sent: list[str | bytes] = []
        self.open = asyncio.Event()

    async def send_text(self, text: str) -> None:
        await self.open.wait()
        self.sent.append(text)

    async def send_bytes(self, data: bytes) -> None:
        await self.open.wait()
        self.sent.append(data)


async def until_idle() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


async def finished(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def test_nothing_of_a_stopped_answer_is_sent() -> None:
    async def scenario() -> list[str | bytes]:
        connection = Connection()
        outbox = Outbox(connection)
        task = asyncio.create_task(outbox.run())
        for piece in (b"a1", b"a2", b"a3"):
            await outbox.put(piece, 1)
        await until_idle()  # the first waits in the client's connection, the others in the queue
        await outbox.put(b"b1", 2)
        outbox.stop_answer(1)
        outbox.put_first(StateChanged(state="listening"))
        await outbox.put(b"a4", 1)
        connection.open.set()
        await until_idle()
        await finished(task)
        return connection.sent

    assert run_async(scenario()) == [b"a1", '{"type":"state","state":"listening"}', b"b1"]


def test_a_client_that_does_not_read_holds_the_sender_up() -> None:
    async def scenario() -> tuple[int, int]:
        connection = Connection()
        outbox = Outbox(connection)
        task = asyncio.create_task(outbox.run())
        put = 0

        async def flood() -> None:
            nonlocal put
            while put < 1000:
                await outbox.put(b"x", 1)
                put += 1

        sender = asyncio.create_task(flood())
        await until_idle()
        waiting = put
        connection.open.set()
        await sender
        await until_idle()
        await finished(task)
        return waiting, len(connection.sent)

    assert run_async(scenario()) == (MAX_QUEUED + 1, 1000)


def test_what_waits_is_sent_at_the_end() -> None:
    async def scenario() -> list[str | bytes]:
        connection = Connection()
        connection.open.set()
        outbox = Outbox(connection)
        await outbox.put(b"last")
        outbox.put_first(Pong())
        await outbox.flush()
        return connection.sent

    assert run_async(scenario()) == ['{"type":"pong"}', b"last"]


def test_a_client_that_reads_no_answers_has_to_wait_with_its_questions() -> None:
    async def scenario() -> None:
        connection = Connection()
        outbox = Outbox(connection)
        sending = asyncio.create_task(outbox.run())
        await outbox.wait_for_room()
        for _ in range(MAX_URGENT + 1):
            outbox.put_first(Pong())
        waiting = asyncio.create_task(outbox.wait_for_room())
        await until_idle()
        assert not waiting.done()
        connection.open.set()
        await waiting
        await finished(sending)

    run_async(scenario())
