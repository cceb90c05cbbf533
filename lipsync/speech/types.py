"""What a voice gives: sound, and which phone sounds when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Phone:
    """One speech sound."""

    symbol: str
    """In IPA; an empty string is silence."""
    start: float
    """Seconds from the start of the speech that holds it."""
    end: float
    """Seconds from the start of the speech that holds it."""


@dataclass(frozen=True)
class SpeechWord:
    """One word as it stands in the text."""

    text: str
    start: float
    """Seconds from the start of the speech that holds it."""
    end: float
    """Seconds from the start of the speech that holds it."""


@dataclass(frozen=True)
class Style:
    """How something is said."""

    speed: float = 1.0
    """2 is twice as fast."""
    pitch: float = 0.0
    """Semitones above (or, negative, below) the voice's own."""
    pause: float = 1.0
    """2 makes pauses twice as long, between sentences and inside of them."""


PLAIN = Style()
"""As the voice speaks by itself."""


@dataclass(frozen=True)
class Speech:
    """A stretch of speech, a sentence as a rule, with silence at both of its ends."""

    samples: NDArray[np.float32]
    """(n,) mono, in [-1, 1]."""
    rate: int
    """Samples a second."""
    phones: tuple[Phone, ...] = ()
    """In order, without overlap, covering the sound from its first to its last phone; empty when the engine does not
    know them: the chain aligns such a sound."""
    text: str = ""
    """The part of the text that is spoken here."""
    language: str = ""
    """Code of the language: ``ru``."""
    voice: str = ""
    """Name of the voice that spoke."""
    words: tuple[SpeechWord, ...] = ()
    """In order, without overlap; empty when they are not known."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.rate


@dataclass(frozen=True)
class VoiceInfo:
    """One voice that a person can choose."""

    name: str
    """What a request names: ``espeak-male``."""
    engine: str
    """``espeak``."""
    languages: tuple[str, ...]
    """Codes of the languages that it speaks."""
    labels: dict[str, str] = field(default_factory=dict)
    """What a page shows, by language of the page."""
    sex: str = ""
    """``male``, ``female``, or empty when it is not known: what fits the portrait, and the voice that it replaces."""


class Voice(Protocol):
    """An engine that speaks. Implementations are safe to call from many threads at once."""

    name: str
    """Name of the engine: ``espeak``."""
    styles: frozenset[str]
    """Names of the fields of Style that :meth:`speak` heeds. For the others the chain changes the sound itself."""

    def voices(self) -> list[VoiceInfo]:
        """The voices that it has, the one that speaks when none is named first."""
        ...

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether it can speak the language of this code, in this voice (None: in any); quick, raises nothing."""
        ...

    def fingerprint(self, language: str, voice: str | None = None) -> str:
        """All that changes the sound besides the text, the language, the voice's name and the style: the version of
        the engine, hashes of its weights and of the voice's sample. Empty: what it says is not to be cached."""
        ...

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:
        """Speak ``text`` piece by piece, each a sentence or so, so that a long text needs no more memory.

        All pieces have the same rate. Raises LipsyncError for a language or a voice that it does not have.
        """
        ...
