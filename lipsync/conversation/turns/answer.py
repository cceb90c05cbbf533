"""An answer as the turn machine sees it: released, sounding, heard up to a time."""

from __future__ import annotations

from dataclasses import dataclass, field

from lipsync.conversation.turns.events import SentenceTimes
from lipsync.conversation.turns.turn import Turn

MAX_EXTRAPOLATION_S = 0.3
"""A little more than the interval between two reports of the client (0.25 s): for so long after a report the answer
is taken to play on."""
PLAYED_SLACK_S = 1.0
"""After a client's last report the answer is taken to have ended this much later than it should."""
END_TOLERANCE_S = 0.05
"""An answer that was heard up to this time before its end was heard."""


@dataclass(slots=True)
class AnswerProgress:
    """What is known of one answer. Times of its sound are seconds from its start."""

    number: int
    text: str
    """The question."""
    turn: Turn | None = None
    """The turn that asked it; None for a written question, a fallback and a resumed answer."""
    released_at: float | None = None
    """Time on the clock; None while the person may go on."""
    sounding_at: float | None = None
    """Time on the clock at which the first sound was sent, moved by the pauses without sound; None before."""
    touched_at: float = 0.0
    """Time on the clock of the last event of this answer."""
    duration: float | None = None
    """Seconds of the whole sound; None until all was sent."""
    sentences: list[SentenceTimes] = field(default_factory=list)
    reported: tuple[float, float] | None = None
    """The client's last report: seconds played, and the time on the clock."""
    ducked_at: float | None = None
    """Time on the clock at which it was ducked; None at full volume."""
    held: float | None = None
    """Seconds that were heard when it was interrupted by a voice; None while it may sound."""
    resume_at: float | None = None
    """Time on the clock at which it is said on; None while that is open."""
    is_fallback: bool = False
    is_resumed: bool = False
    """Whether it says an interrupted answer on: it is not resumed again."""

    @property
    def is_sounding(self) -> bool:
        """Whether it is heard now."""
        return self.sounding_at is not None and self.held is None

    @property
    def available(self) -> float:
        """Seconds of sound that can have been played."""
        if self.duration is not None:
            return self.duration
        return self.sentences[-1].end if self.sentences else 0.0

    def heard_seconds(self, now: float) -> float:
        """Seconds that were heard until ``now``: as the client reports, else by the clock."""
        if self.held is not None:
            return self.held
        if self.sounding_at is None:
            return 0.0
        if self.reported is None:
            return min(self.available, max(0.0, now - self.sounding_at))
        played, at = self.reported
        return min(self.available, played + min(max(0.0, now - at), MAX_EXTRAPOLATION_S))

    def add_sentence(self, sentence: SentenceTimes, now: float) -> None:
        """The next sentence, which is sent at ``now``. Where all sound before it was played, that stood still."""
        self.sentences.append(sentence)
        self.touched_at = now
        if self.sounding_at is not None:
            self.sounding_at = max(self.sounding_at, now - sentence.start)

    def ends_at(self) -> float | None:
        """Time on the clock at which it is heard to its end at the latest; None where that is not known yet."""
        if self.duration is None or self.sounding_at is None or self.held is not None:
            return None
        if self.reported is None:
            return self.sounding_at + self.duration
        played, at = self.reported
        rest = max(0.0, self.duration - played)
        return at + rest + (0.0 if rest <= MAX_EXTRAPOLATION_S else PLAYED_SLACK_S)

    def dry_at(self) -> float:
        """Time on the clock at which the sound that is known has been played, if nothing more comes."""
        return max(self.touched_at, (self.sounding_at or 0.0) + self.available)

    def sentence_at(self, seconds: float) -> SentenceTimes | None:
        """The last sentence that began before ``seconds``; None where none has."""
        begun = [sentence for sentence in self.sentences if sentence.start <= seconds]
        return begun[-1] if begun else None

    def words_between(self, start: float, end: float) -> list[str]:
        """The words that sounded between two times of the answer's sound."""
        return [
            word
            for sentence in self.sentences
            for word, word_start, word_end in sentence.words
            if word_end >= start and word_start <= end
        ]
