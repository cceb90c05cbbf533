"""One of the conversations of the loop: turns of all kinds, and no word in them that belongs to another one."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle, groupby, islice

from websockets.exceptions import WebSocketException

from bench.talk.client import PIECE, Client, Samples, open_client
from bench.talk_loop.words import RECALL, foreign_words, own_words, sentences, spoken_question
from lipsync.conversation.protocol.binary import MICROPHONE, pack

TURNS = ("written", "spoken", "recalled", "interrupted", "said", "replaced")
TURNS_OF_A_CONNECTION = 12
"""Then the client goes, every second time without a word, and comes back with a new conversation."""
_ALL_PLAYED_MS = 3_600_000
_LATE_S = 60.0
_TEXT_FIELDS = ("text", "full_text", "text_chunk", "heard_text")
_MAX_PROBLEMS = 20
_PAUSE_S = 1.0


@dataclass
class Seen:
    """What came of one conversation."""

    turns: Counter[str] = field(default_factory=Counter)
    """Number of turns by kind."""
    degraded: Counter[str] = field(default_factory=Counter)
    """Number of answers in which a part was missing, by its name."""
    problems: list[str] = field(default_factory=list)
    """What must not be."""

    def complain(self, problem: str) -> None:
        """Note a problem; the first ones."""
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(problem)


async def converse(port: int, number: int, until: float, seen: Seen) -> None:
    """Go on with conversation ``number`` until the time ``until`` of the event loop, as fast as it goes."""
    chance, question = random.Random(number), spoken_question(number)
    loop, connections = asyncio.get_running_loop(), 0
    while loop.time() < until:
        connections += 1
        has_left = False
        try:
            async with open_client(port, want={"video": "fmp4"}, turn={"mode": "manual"}) as client:
                for kind in islice(cycle(TURNS), TURNS_OF_A_CONNECTION):
                    client.received.clear()
                    try:
                        await take_turn(client, kind, sentences(number, chance, 2), question)
                    except TimeoutError as error:
                        raise TimeoutError(f"{kind}, after {described(client)}") from error
                    check(number, kind, client, seen)
                    if loop.time() >= until:
                        break
                if connections % 2:
                    has_left = True
                    await leave_in_mid_sentence(client, sentences(number, chance, 6))
        except (OSError, TimeoutError, WebSocketException) as error:
            if not has_left:
                seen.complain(f"conversation {number}: {type(error).__name__} {error}")
                await asyncio.sleep(_PAUSE_S)


def described(client: Client) -> str:
    """The types of the messages of this turn, in order, with the answers they belong to; repetitions once."""
    named = (one.type if one.answer is None else f"{one.type} {one.answer}" for one in client.received)
    return ", ".join(name for name, _ in groupby(named)) or "no message"


async def take_turn(client: Client, kind: str, text: str, question: Samples) -> None:
    """One turn, to the end of its answer. Raises TimeoutError."""
    match kind:
        case "spoken":
            await speak(client, question)
        case "recalled":
            await client.send({"type": "chat", "message": RECALL})
        case "said":
            await client.send({"type": "say", "text": text})
        case "interrupted":
            await client.send({"type": "chat", "message": text})
            await client.wait_for(lambda one: one.type == "sound", _LATE_S)
            await client.send({"type": "interrupt", "played_ms": 500})
            await client.wait_for(lambda one: one.type == "interrupted", _LATE_S)
            return
        case "replaced":
            await client.send({"type": "chat", "message": text})
            await client.wait_for(lambda one: one.type == "sound", _LATE_S)
            await client.send({"type": "chat", "message": text})
            await client.wait_for(lambda one: one.type == "interrupted", _LATE_S)
            client.received.clear()
        case _:
            await client.send({"type": "chat", "message": text})
    first = await client.wait_for(lambda one: one.type in ("sound", "done"), _LATE_S)
    await client.send({"type": "played", "answer": first.answer, "ms": _ALL_PLAYED_MS})
    await client.wait_for(lambda one: one.type == "done", _LATE_S)


async def speak(client: Client, question: Samples) -> None:
    """Send the microphone's sound at once, and commit."""
    pcm16 = (question * 32767).astype("<i2")
    for start in range(0, len(pcm16), PIECE):
        await client.socket.send(pack(MICROPHONE, 0, 0.0, pcm16[start : start + PIECE].tobytes()))
    await client.send({"type": "commit"})


async def leave_in_mid_sentence(client: Client, text: str) -> None:
    """Break the connection off while it is answered."""
    client.received.clear()
    await client.send({"type": "chat", "message": text})
    await client.wait_for(lambda one: one.type == "sound", _LATE_S)
    client.socket.transport.abort()


def check(number: int, kind: str, client: Client, seen: Seen) -> None:
    """Count the turn, and note what is wrong with its messages."""
    seen.turns[kind] += 1
    messages = [one.message for one in client.received]
    texts = [str(message[name]) for message in messages for name in _TEXT_FIELDS if name in message]
    if foreign := foreign_words(number, texts):
        seen.complain(f"conversation {number}, {kind}: words of another one: {', '.join(foreign)}")
    for message in messages:
        if message.get("type") == "error":
            seen.complain(f"conversation {number}, {kind}: {message['code']}")
        if message.get("type") == "done":
            seen.degraded.update(message.get("degraded") or ())
            if not own_words(number, message["full_text"]):
                seen.complain(f"conversation {number}, {kind}: none of its words: {message['full_text']}")
