"""What happens in a conversation: the events of the turn machine.

Times of the microphone's sound (``end``) are seconds of sound received since the start of the session; times of an
answer's sound are seconds from the start of that answer. The clock's time is an argument of its own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VoiceWindow:
    """The decision about voice activity in one window of the microphone's sound (512 samples, 32 ms)."""

    probability: float
    """Probability of a voice, 0 to 1."""
    end: float
    """End of the window, in seconds of the microphone's sound."""
    own_voice: bool = False
    """Whether the window is an echo of the answer that is played (:class:`lipsync.hearing.echo.EchoDetector`)."""
    is_hum: bool = False
    """Whether the window is a hum with the mouth closed, as in "mm-hm" (:func:`lipsync.hearing.hum.is_hum`)."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The client says that the turn is over (push to talk)."""

    end: float
    """Seconds of the microphone's sound received so far."""


@dataclass(frozen=True, slots=True)
class Clear:
    """The client discards the sound of the current turn."""

    end: float
    """Seconds of the microphone's sound received so far."""


@dataclass(frozen=True, slots=True)
class TranscriptReady:
    """A transcription that was requested by ``Transcribe`` is done; ``text`` is empty where nobody spoke."""

    recognition: int
    """Number of the transcription."""
    text: str
    language: str
    """Code such as ``ru``."""
    no_speech_probability: float = 0.0
    """Probability, by the recognizer, that there was no speech, 0 to 1."""


@dataclass(frozen=True, slots=True)
class TranscriptionFailed:
    """A transcription that was requested by ``Transcribe`` raised an error."""

    recognition: int
    """Number of the transcription."""


@dataclass(frozen=True, slots=True)
class WrittenQuestion:
    """The person asks in writing."""

    text: str


@dataclass(frozen=True, slots=True)
class SpeechRequested:
    """The client, or the start of a session, wants ``text`` spoken as it is, without a language model."""

    text: str


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The client stops the answer."""

    played_s: float | None = None
    """Seconds of the answer that were played, if the client says so."""


@dataclass(frozen=True, slots=True)
class Played:
    """The client reports how much of an answer it has played."""

    answer: int
    seconds: float
    """Seconds from the start of the answer."""


@dataclass(frozen=True, slots=True)
class SoundStarted:
    """The first sound of an answer was sent to the client; this happens only after the action ``Release``."""

    answer: int


@dataclass(frozen=True, slots=True)
class SentenceTimes:
    """The times of one sentence of an answer are known. Sentences are reported in order, before they are sent."""

    answer: int
    index: int
    """Number of the sentence in the answer, from 0."""
    text: str
    start: float
    """Seconds from the start of the answer."""
    end: float
    """Seconds from the start of the answer."""
    words: tuple[tuple[str, float, float], ...] = ()
    """Each spoken word with its start and end, in seconds from the start of the answer."""


@dataclass(frozen=True, slots=True)
class AnswerFinished:
    """All sound of an answer was sent to the client."""

    answer: int
    duration: float
    """Seconds of its sound; 0 if there was none."""


@dataclass(frozen=True, slots=True)
class AnswerFailed:
    """An answer ends without any further sound, and no fallback could speak."""

    answer: int


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened; the machine looks at its deadlines (``TurnMachine.next_deadline``)."""


Event = (
    VoiceWindow
    | Commit
    | Clear
    | TranscriptReady
    | TranscriptionFailed
    | WrittenQuestion
    | SpeechRequested
    | Interrupt
    | Played
    | SoundStarted
    | SentenceTimes
    | AnswerFinished
    | AnswerFailed
    | TimePassed
)
