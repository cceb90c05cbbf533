"""Upload slots: how many there are, and who gets the next."""

from __future__ import annotations

import asyncio

from lipsync.server.asgi.upload_slots import UploadSlots
from tests.helpers.run_async import run_async


def test_one_address_has_only_its_own_share() -> None:
    async def run() -> None:
        slots = UploadSlots(total=3, per_address=2)
        assert [await slots.acquire("a", 0.01) for _ in range(3)] == [True, True, False]
        assert await slots.acquire("b", 0.01)
        assert not await slots.acquire("c", 0.01), "none is left"
        slots.release("a")
        assert await slots.acquire("c", 0.01)
        assert (slots.held("a"), slots.held("b"), slots.held("c")) == (1, 1, 1)

    run_async(run())


def test_the_address_with_the_fewest_is_next_and_its_oldest_upload() -> None:
    async def run() -> list[str]:
        slots = UploadSlots(total=2, per_address=2)
        assert await slots.acquire("a", 1)
        assert await slots.acquire("a", 1)
        order: list[str] = []

        async def wait(address: str, name: str) -> None:
            assert await slots.acquire(address, 10)
            order.append(name)

        tasks = [asyncio.create_task(wait(*one)) for one in (("a", "a1"), ("b", "b1"), ("b", "b2"), ("c", "c1"))]
        await asyncio.sleep(0)
        for address in ("a", "a", "b", "b"):
            slots.release(address)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        return order

    assert run_async(run()) == ["b1", "a1", "b2", "c1"]


def test_one_that_gives_up_takes_no_slot() -> None:
    async def run() -> None:
        slots = UploadSlots(total=1, per_address=1)
        assert await slots.acquire("a", 1)
        waiting = asyncio.create_task(slots.acquire("b", 10))
        await asyncio.sleep(0)
        waiting.cancel()
        slots.release("a")
        await asyncio.gather(waiting, return_exceptions=True)
        assert await slots.acquire("c", 0.01)

    run_async(run())
