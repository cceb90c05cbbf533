"""The sentence that bridges the wait for a late reply, such as “Let me see.”."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lipsync.conversation.live_video import AnswerVideo
from lipsync.conversation.reply_text import ReplyClause


@dataclass(frozen=True)
class Filler:
    """A sentence that a live answer begins with where the first clause of its reply is late."""

    clauses: tuple[ReplyClause, ...]
    """Its text in the clauses in which it is spoken."""
    turn_ended: Awaitable[object]
    """Done when the person has begun to wait for the answer."""
    video: Callable[[], AnswerVideo | None] = lambda: None
    """Opens its video where that was drawn before; None where it was not. Blocks."""
