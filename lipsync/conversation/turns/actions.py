"""What a conversation does next: the actions of the turn machine, executed in the order of the list.

Every answer and every transcription has a number (its generation) that is never used again. What belongs to a number
that was cancelled or dropped is discarded, on both sides.

An answer's life::

    Think(n, speculative=True) ── Release(n) ── SoundStarted(n) … AnswerFinished(n) ── Complete(n)
          │                                             │
          └── Cancel(n): the person went on             └── Interrupted(n) ─┬─ Cancel(n): the person said something
                                                                            └─ Resume(m, resumes=n): without words
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["idle", "listening", "hearing", "thinking", "speaking"]
"""What the client is told. ``idle``: neither microphone nor answer; it is the first state."""

InterruptedBy = Literal["voice", "message", "text"]
"""voice: the person spoke; message: ``interrupt`` or ``commit``; text: a written question."""

CancelReason = Literal["continued", "interrupted", "late", "failed"]

FallbackReason = Literal["transcription_late", "transcription_failed", "answer_late"]


@dataclass(frozen=True, slots=True)
class SetState:
    """Tell the client the new state."""

    state: State


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Tell the client that the person began to speak."""

    turn: int
    at: float
    """Seconds of the microphone's sound."""


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """Tell the client that the person's turn is over."""

    turn: int
    at: float
    """Seconds of the microphone's sound: the end of the last window with a voice."""


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Recognize the words of a piece of the microphone's sound; TranscriptReady or TranscriptionFailed answers it."""

    recognition: int
    """Number of this transcription."""
    turn: int
    start: float
    """Seconds of the microphone's sound. Sound before the start of the oldest turn is no longer needed."""
    end: float
    """Seconds of the microphone's sound."""
    speculative: bool
    """Whether the person may go on speaking; the words are the same, only the result may be dropped."""


@dataclass(frozen=True, slots=True)
class DropTranscription:
    """The result of a transcription is no longer wanted; one that has not begun need not begin."""

    recognition: int


@dataclass(frozen=True, slots=True)
class ReportTranscript:
    """Tell the client what was understood."""

    turn: int
    text: str
    language: str
    final: bool
    """Whether the turn is over."""


@dataclass(frozen=True, slots=True)
class NoWords:
    """The turn ended without words; nothing is answered."""

    turn: int


@dataclass(frozen=True, slots=True)
class Think:
    """Begin to write, and to make the sound of, the answer to ``text``. Nothing may be sent before ``Release``.

    The question enters the history at ``Release``.
    """

    answer: int
    text: str
    language: str | None
    """Code of the recognized language; None for a written question."""
    speculative: bool
    """Whether the person may go on speaking, so that the answer may be cancelled unheard."""


@dataclass(frozen=True, slots=True)
class Speak:
    """Speak ``text`` as it is, without a language model. It is released at once."""

    answer: int
    text: str


@dataclass(frozen=True, slots=True)
class Fallback:
    """Speak the stored sentence for a part that is too late or broken. It is released at once."""

    answer: int
    reason: FallbackReason


@dataclass(frozen=True, slots=True)
class Release:
    """The answer may be sent. ``text`` is the whole question, as it enters the history."""

    answer: int
    text: str


@dataclass(frozen=True, slots=True)
class Duck:
    """Lower the volume of the answer: somebody may be speaking."""

    answer: int


@dataclass(frozen=True, slots=True)
class Unduck:
    """Restore the volume of the answer."""

    answer: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Stop sending the answer and tell the client to be silent at once.

    What was made of it is kept until ``Cancel`` or ``Resume`` of the same answer follows, possibly in the same list.
    """

    answer: int
    by: InterruptedBy
    heard_s: float
    """Seconds of the answer that were heard."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop all work on the answer and discard it, whether it was being written, spoken or interrupted.

    What was heard of it enters the history (:func:`lipsync.conversation.history.heard_text`), marked as interrupted.
    """

    answer: int
    reason: CancelReason
    """continued: the person went on; the question leaves the history again, because it is part of the next one."""
    heard_s: float = 0.0
    """Seconds of the answer that were heard."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Say an interrupted answer on, as a new answer, from the start of one of its sentences.

    The new answer's times begin at 0, its sentences are numbered from 0, and SoundStarted, SentenceTimes and
    AnswerFinished are reported for it. It is released at once. The sentences before ``sentence`` were heard.
    """

    answer: int
    """Number of the new answer."""
    resumes: int
    """Number of the interrupted answer."""
    sentence: int
    """Index of the first sentence to speak."""


@dataclass(frozen=True, slots=True)
class Complete:
    """The answer was heard to its end; its whole text enters the history."""

    answer: int


Action = (
    SetState
    | SpeechStarted
    | SpeechStopped
    | Transcribe
    | DropTranscription
    | ReportTranscript
    | NoWords
    | Think
    | Speak
    | Fallback
    | Release
    | Duck
    | Unduck
    | Interrupted
    | Cancel
    | Resume
    | Complete
)
