"""Pacing and cancelling of one answer, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from lipsync.conversation.parts import AnswerPart, SoundPart
from lipsync.conversation.protocol.client_messages import Start
from lipsync.conversation.session.answer_player import AnswerPlayer
from lipsync.conversation.session.message_form import MessageForm, Outgoing
from lipsync.conversation.turns.events import Event
from tests.helpers.virtual_time import run_virtually

PIECE_S = 0.5


class Sent:
    """An outlet that keeps what is sent."""

    def __init__(self) -> None:
        self.messages: list[Outgoing] = []

    async def put(self, message: Outgoing, answer: int | None = None) -> None:  # noqa: ARG002
        self.messages.append(message)


async def ten_seconds() -> AsyncGenerator[AnswerPart, None]:
    for index in range(20):
        yield SoundPart(1, index * PIECE_S, PIECE_S, bytes(2))


def test_a_report_of_the_client_does_not_hide_that_the_answer_is_stopped() -> None:
    async def scenario() -> tuple[int, int, float]:
        outlet, events, clock = Sent(), list[Event](), asyncio.get_running_loop().time
        form = MessageForm(1, Start(binary=True))
        player = AnswerPlayer(1, ten_seconds(), form, outlet, events.append, clock)
        player.release()
        await asyncio.sleep(0.1)  # it waits until what was sent has been played
        before, began = len(outlet.messages), clock()
        player.note_played(0.1)
        await player.cancel()
        await asyncio.sleep(0)
        return before, len(outlet.messages), clock() - began

    before, after, seconds = run_virtually(scenario())
    assert 0 < before < 10
    assert after == before
    assert seconds == 0
