"""What one spoken answer is made of."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from lipsync.animation.body_motion.types import MotionGenerator
from lipsync.animation.track_blendshapes import BlendshapeStream
from lipsync.conversation.apologies import ApologyCode
from lipsync.conversation.cancellation import AnswerThreads
from lipsync.conversation.clause_speech import ClauseSpeaker
from lipsync.conversation.filler import Filler
from lipsync.conversation.live_video import AnswerVideo
from lipsync.conversation.reply_text import ReplyClause


class ReplyText(Protocol):
    """Turns the pieces of a model's reply into clauses to speak. For one reply."""

    @property
    def action(self) -> str | None:
        """The action that the reply has named so far."""
        ...

    def add(self, piece: str) -> Iterable[ReplyClause]:
        """The clauses that are complete with ``piece``."""
        ...

    def finish(self) -> Iterable[ReplyClause]:
        """The rest."""
        ...


@dataclass
class AnswerParts:
    """What makes one answer. Everything but ``pieces``, ``reply`` and ``speaker`` may be missing."""

    pieces: AsyncGenerator[str, None]
    """The text as the language model writes it."""
    reply: ReplyText
    speaker: Callable[[Callable[[str], None]], ClauseSpeaker]
    """Creates the speaker; its argument is called with the name of a part that fails."""
    blendshapes: BlendshapeStream | None = None
    motion: MotionGenerator | None = None
    video: Callable[[AnswerThreads, str | None, bool], AnswerVideo] | None = None
    """Prepares the video, in a worker thread, when the first text has come; the second argument is :attr:`phrase`,
    the third whether the answer begins with :attr:`filler`."""
    phrase: Callable[[], str | None] = field(default=lambda: None)
    """The whole text where it is a fixed phrase, known when the first text has come; None for any other reply."""
    filler: Filler | None = None
    """Begins the answer where the first clause is late; None: the answer begins with the reply."""
    failed: Callable[[], Iterable[str]] = field(default=tuple)
    """Parts that have failed behind ``pieces``, known at the end of the text."""
    apology: Callable[[ApologyCode], str] = field(default=lambda _code: "")
    """A sentence to say in place of the text, or after it; empty: nothing is said."""
