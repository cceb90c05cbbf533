"""The turn that goes on, its number, and the transcription that is requested for it."""

from __future__ import annotations

from dataclasses import dataclass

from lipsync.conversation.turns.actions import Action, DropTranscription, SpeechStarted, Transcribe
from lipsync.conversation.turns.turn import PRE_ROLL_S, Recognition, Turn


@dataclass(slots=True)
class CurrentTurn:
    """At most one turn goes on. A turn over an answer is not announced until it is more than a noise."""

    actions: list[Action]
    turn: Turn | None = None
    begin: float = 0.0
    """Sound before this time, in seconds of the microphone's sound, belongs to earlier turns, or was discarded."""
    _last_turn: int = 0
    _last_recognition: int = 0

    def start(self, onset: float, end: float, now: float) -> Turn:
        """Begin a turn whose first voiced window begins at ``onset``, in the window that ends at ``end``."""
        self.turn = Turn(
            self.next_number(),
            start=max(onset - PRE_ROLL_S, self.begin),
            last_voiced=end,
            began_at=now - (end - onset),
            voiced_at=now,
            heard=end,
            heard_at=now,
            voiced_s=end - onset,
        )
        return self.turn

    def next_number(self) -> int:
        """Return the number of a new turn."""
        self._last_turn += 1
        return self._last_turn

    def announce(self, turn: Turn) -> None:
        """Tell the client that the person speaks."""
        turn.announced = True
        self.actions.append(SpeechStarted(turn.number, turn.start))

    def end(self, turn: Turn) -> None:
        """Nothing more happens with ``turn``; the next one begins after it."""
        self.turn, self.begin = None, turn.heard

    def drop(self) -> None:
        """Forget the turn, if there is one; a later one may hear its sound."""
        if self.turn is not None:
            self.drop_recognition(self.turn)
            self.turn = None

    def transcribe(self, turn: Turn, now: float, *, speculative: bool) -> None:
        """Request the words of ``turn`` up to now."""
        self._last_recognition += 1
        turn.recognition = Recognition(self._last_recognition, turn.heard, now)
        number = self._last_recognition
        self.actions.append(Transcribe(number, turn.number, turn.start, turn.heard, speculative))

    def drop_recognition(self, turn: Turn) -> None:
        """The words that were requested are no longer wanted."""
        if turn.recognition is not None:
            self.actions.append(DropTranscription(turn.recognition.number))
            turn.recognition = None

    def expects(self, recognition: int) -> bool:
        """Whether the result of this transcription is still wanted."""
        turn = self.turn
        return turn is not None and turn.recognition is not None and turn.recognition.number == recognition
