"""One spoken question to the server, and when each stage of its answer came."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from bench.talk.client import Client, Received, Samples, open_client
from bench.talk.speak import Spoken, silence
from lipsync.hearing.types import RATE

STAGES = {
    "recognized": "words of the question recognized",
    "thinking": "language model begins",
    "certain": "end of the turn certain",
    "text": "first text of the model",
    "clause": "first clause spoken",
    "sound": "**first sound on the wire**",
    "picture": "**first picture on the wire**",
}
"""Stages of an answer in the order of their usual times, and their names in the table."""
BEFORE_S = 1.5
"""Seconds of silence between the start of the conversation and the question."""
_AFTER_S = 20.0
"""Seconds of silence that a microphone sends after the question."""
_ALL_PLAYED_MS = 3_600_000


class NotHeardError(Exception):
    """No words of a question were recognized."""


@dataclass(frozen=True)
class Asked:
    """What became of one question."""

    question: str
    heard: str
    """The words that were recognized."""
    reply: str
    degraded: tuple[str, ...]
    load: float
    """Load average of the machine before."""
    times: dict[str, float]
    """Seconds from the end of the question to each of STAGES; without the text where no model wrote one in time."""
    timings: dict[str, float]
    """Seconds of the stages of the answer, from its beginning, as the server states them."""
    answers: int
    """Answers that were begun: more than 1 where the question seemed to be over too early."""
    video: bytes
    """The answer's video."""


async def ask(port: int, persona: str, spoken: Spoken, *, manual: bool, load: float) -> Asked:
    """Ask in a conversation of its own, by an open microphone or, with ``manual``, by push to talk.

    The question ends with its last voiced sample; with ``manual`` it is committed in that moment. Raises TimeoutError
    where no answer with a picture comes, NotHeardError where an apology comes because no words were recognized.
    """
    turn = {"mode": "manual" if manual else "vad"}
    want = {"video": "fmp4", "audio": "pcm16"}
    async with open_client(port, persona=persona, want=want, turn=turn) as client:
        began = time.perf_counter()
        microphone = np.concatenate([silence(BEFORE_S), spoken.samples])
        talking = asyncio.create_task(talk(client, microphone, began, manual=manual))
        try:
            picture = await client.wait_for(lambda one: one.is_picture)
            await client.wait_for(lambda one: one.type == "sound" and one.answer == picture.answer)
            # What was measured is over: the rest comes as fast as it is made.
            await client.send({"type": "played", "answer": picture.answer, "ms": _ALL_PLAYED_MS})
            await client.wait_for(lambda one: one.type == "done" and one.answer == picture.answer, 60)
        finally:
            talking.cancel()
            with suppress(asyncio.CancelledError):
                await talking
        end = began + BEFORE_S + spoken.seconds
        if client.committed_at is not None:
            end = client.committed_at
        return evaluate(client.received, spoken.text, picture, end, load)


async def talk(client: Client, samples: Samples, began: float, *, manual: bool) -> None:
    """Send the microphone; with ``manual`` commit at its end, else go on with silence."""
    await client.send_sound(samples, began)
    if manual:
        client.committed_at = await client.send({"type": "commit"})
    else:
        await client.send_sound(silence(_AFTER_S), began + len(samples) / RATE)


def evaluate(received: list[Received], question: str, picture: Received, end: float, load: float) -> Asked:
    """The stages of the answer that ``picture`` belongs to; ``end``: when the question ended."""
    number = picture.answer
    own = [one for one in received if one.answer == number]
    (begun,) = (one.at for one in own if one.type == "answer")
    (done,) = (one.message for one in own if one.type == "done")
    transcripts = [one for one in received if one.type == "transcript"]
    final = next((one for one in transcripts if one.message["final"]), None)
    if final is None:
        raise NotHeardError(done["full_text"])
    words = final.message["text"]
    timings = done["timings"]
    made = {name: begun + seconds - end for name, seconds in timings.items()}
    times = {
        "recognized": next(one.at for one in transcripts if one.message["text"] == words) - end,
        "thinking": begun - end,
        "certain": final.at - end,
        **({"text": made["llm_first"]} if "llm_first" in made else {}),
        **({"clause": made["tts_first"]} if "tts_first" in made else {}),
        "sound": next(one.at for one in own if one.type == "sound") - end,
        "picture": picture.at - end,
    }
    return Asked(
        question,
        words,
        done["full_text"],
        tuple(done.get("degraded") or ()),
        load,
        times,
        timings,
        sum(one.type == "answer" for one in received),
        b"".join(one.data for one in own if one.type == "video"),
    )
