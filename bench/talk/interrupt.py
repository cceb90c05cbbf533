"""How soon an answer falls silent on the wire after the message ``interrupt``."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bench.talk.client import open_client

_QUESTION = "Please tell me a long story about the sea."
_SETTLED_S = 1.0
"""Seconds after an interruption in which messages of the answer are still looked for."""


@dataclass(frozen=True)
class Silenced:
    """An answer that was interrupted. Times are seconds after ``interrupt`` was sent."""

    position: float
    """Seconds from its first sound to the interruption."""
    last: float
    """The last sound, frame or video of the answer; 0.0 where none came."""
    confirmed: float
    """The message ``interrupted``."""


async def interrupt(port: int, persona: str, position: float) -> Silenced | None:
    """Interrupt an answer ``position`` seconds after its first sound; None where it ended before."""
    async with open_client(port, persona=persona, want={"video": "fmp4", "audio": "pcm16"}) as client:
        await client.send({"type": "chat", "message": _QUESTION})
        sound = await client.wait_for(lambda one: one.type == "sound")
        await asyncio.sleep(position)
        sent = await client.send({"type": "interrupt", "played_ms": position * 1000})
        try:
            confirmed = await client.wait_for(lambda one: one.type == "interrupted", 5.0)
        except TimeoutError:
            return None
        await asyncio.sleep(_SETTLED_S)
        late = [
            one.at - sent
            for one in client.received
            if one.answer == sound.answer and one.type in ("sound", "frame", "video") and one.at > sent
        ]
        return Silenced(position, max(late, default=0.0), confirmed.at - sent)
