"""A turn of the person: from the first voice to the certain end."""

from __future__ import annotations

from dataclasses import dataclass, field

from lipsync.conversation.turns.voice import WINDOW_S

PRE_ROLL_S = 0.3
"""Sound before the first voiced window that belongs to the turn: consonants are quieter than the threshold."""


@dataclass(slots=True)
class Recognition:
    """A transcription that was requested and is not done."""

    number: int
    end: float
    """Seconds of the microphone's sound up to which it hears."""
    requested: float
    """Time on the clock."""


@dataclass(frozen=True, slots=True)
class Understood:
    """The words of the turn up to now; ``text`` is empty if nobody spoke."""

    text: str
    language: str
    end: float
    """Seconds of the microphone's sound up to which they were heard."""


@dataclass(slots=True)
class Turn:
    """What is known of one turn. Stream times are seconds of the microphone's sound."""

    number: int
    start: float
    """Stream time, with the pre-roll."""
    last_voiced: float
    """Stream time: end of the last voiced window."""
    began_at: float
    """Time on the clock of the first voiced window."""
    voiced_at: float
    """Time on the clock at which the last voiced window came."""
    heard: float
    """Stream time: end of the last window."""
    heard_at: float
    """Time on the clock at which the last window came."""
    voiced_s: float = 0.0
    """Seconds of voiced windows."""
    announced: bool = False
    """Whether the client was told that the person speaks. What may be a cough over an answer is not announced."""
    over: bool = False
    """Whether the end is certain."""
    closed: bool = False
    """Whether it was ended by the client or by its length: the person cannot go on."""
    recognition: Recognition | None = None
    understood: Understood | None = None
    earlier: Understood | None = field(default=None)
    """The words before the person went on, in case the later transcription is too late."""

    def hear(self, end: float, now: float, run: int, begins: bool) -> None:
        """Take the window that ends at the stream time ``end``, the ``run``-th consecutive voiced one."""
        self.heard, self.heard_at = end, now
        if begins:
            windows = run if self.last_voiced < end - (run + 0.5) * WINDOW_S else 1
            self.voiced_s += windows * WINDOW_S
            self.last_voiced, self.voiced_at = end, now

    @property
    def silence(self) -> float:
        """Seconds of the microphone's sound since the last voice."""
        return self.heard - self.last_voiced

    @property
    def is_understood(self) -> bool:
        """Whether all that was said has been recognized."""
        return self.understood is not None and self.understood.end >= self.last_voiced

    def forget_words(self) -> None:
        """The person goes on: what was recognized is only a part."""
        if self.understood is not None and self.understood.text:
            self.earlier = self.understood
        self.understood, self.recognition, self.over = None, None, False
