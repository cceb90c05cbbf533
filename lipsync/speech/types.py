"""Types of the speech package: speech with phone and word times, styles, and the interface of an engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from lipsync.text.mood import Mood


@dataclass(frozen=True)
class Phone:
    """One speech sound with its time."""

    symbol: str
    """IPA symbol; an empty string is silence."""
    start: float
    """Seconds from the start of the speech that holds it."""
    end: float
    """Seconds from the start of the speech that holds it."""


@dataclass(frozen=True)
class SpeechWord:
    """One word of the text with its time."""

    text: str
    start: float
    """Seconds from the start of the speech that holds it."""
    end: float
    """Seconds from the start of the speech that holds it."""


@dataclass(frozen=True)
class SpeechMood:
    """What the face feels during a part of a speech."""

    mood: Mood
    strength: float
    """0 to 1."""
    start: float
    """Seconds from the start of the speech that holds it."""
    end: float
    """Seconds from the start of the speech that holds it."""


HeadGesture = Literal["", "nod", "shake", "tilt"]
"""What the head says; empty: nothing besides the motion of speech."""


@dataclass(frozen=True)
class Style:
    """Speaking style."""

    speed: float = 1.0
    """Speed factor: 2 is twice as fast."""
    pitch: float = 0.0
    """Pitch shift in semitones, negative for lower."""
    pause: float = 1.0
    """Factor of the length of pauses, between and inside sentences: 2 is twice as long."""


PLAIN = Style()
"""The style of the voice itself."""


@dataclass(frozen=True)
class Speech:
    """A piece of speech, usually one sentence, with silence at both ends."""

    samples: NDArray[np.float32]
    """(n,) float32 mono samples in [-1, 1]."""
    rate: int
    """Sample rate in Hz."""
    phones: tuple[Phone, ...] = ()
    """Phones in order, without gaps or overlap; empty if the engine does not provide them (the chain then aligns the
    sound)."""
    text: str = ""
    """The text of this piece."""
    language: str = ""
    """ISO 639-1 code of the language, e.g. ``ru``."""
    voice: str = ""
    """Name of the voice."""
    words: tuple[SpeechWord, ...] = ()
    """Words in order, without overlap; empty if not known."""
    moods: tuple[SpeechMood, ...] = ()
    """Moods that the text marks, in order, without overlap; elsewhere the face shows the request's mood."""
    gesture: HeadGesture = ""
    """Gesture of the head at the start of this piece."""

    @property
    def duration(self) -> float:
        """Duration in seconds."""
        return len(self.samples) / self.rate


@dataclass(frozen=True)
class VoiceInfo:
    """A voice that a request can name."""

    name: str
    """Name of the voice in requests, e.g. ``espeak-male``."""
    engine: str
    """Name of the engine, e.g. ``espeak``."""
    languages: tuple[str, ...]
    """Codes of the languages that the voice speaks."""
    labels: dict[str, str] = field(default_factory=dict)
    """Label for a person, by language of the label."""
    sex: str = ""
    """``male``, ``female``, or empty if unknown; used to choose a voice for a portrait and a similar fallback."""


@dataclass(frozen=True)
class Fallback:
    """One engine that failed, and the voice that took over."""

    engine: str
    """Name of the engine that failed, e.g. ``xtts``."""
    reason: str
    """Error code of the failure, e.g. ``voice_slow``."""
    sentence: dict[str, str]
    """The error message by language."""
    piece: int
    """Index, from 0, of the first sentence spoken by the voice that took over."""
    voice: str
    """Name of the voice that took over."""


class Voice(Protocol):
    """A speech synthesis engine. Implementations are thread-safe."""

    name: str
    """Name of the engine, e.g. ``espeak``."""
    styles: frozenset[str]
    """Names of the fields of Style that :meth:`speak` implements. The chain applies the others to the sound."""

    def voices(self) -> list[VoiceInfo]:
        """The voices of the engine, the default one first."""
        ...

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether the engine speaks the language of this code, in this voice (None: in any). Fast; raises nothing."""
        ...

    def fingerprint(self, language: str, voice: str | None = None) -> str:
        """Everything that changes the sound besides the text, the language, the name of the voice and the style: the
        version of the engine, hashes of its weights and of the reference recording. Empty: do not cache."""
        ...

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:
        """Speak ``text`` piece by piece, about one sentence each, so that memory does not grow with the text.

        All pieces have the same sample rate. Raises UnknownLanguageError or UnknownVoiceError.
        """
        ...
