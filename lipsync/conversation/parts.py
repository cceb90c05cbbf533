"""The parts of a spoken answer, in the order in which they are made. All times are seconds in the answer's sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lipsync.animation.blendshapes import BlendshapeFrame
from lipsync.animation.body_motion.types import MotionKeyframes
from lipsync.speech.types import Phone
from lipsync.text.mood import Mood


@dataclass(frozen=True)
class AnswerWord:
    """One word of an answer as it is written, with its time."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class SentencePart:
    """Text whose sound follows: a sentence, or a clause of one. Joined by spaces these texts are the answer, after
    its filler, if it has one."""

    answer: int
    """Number of the answer."""
    index: int
    """Number of the sentence in the answer, from 0."""
    text: str
    start: float
    end: float
    mood: Mood
    words: tuple[AnswerWord, ...]
    phones: tuple[Phone, ...] = ()
    """The speech sounds, without gaps; empty where they are not known."""
    action: str | None = None
    """Action of body and face that the language model names in this sentence."""
    is_filler: bool = False
    """Whether it bridges the wait for the reply, to which it does not belong."""


@dataclass(frozen=True)
class SoundPart:
    """A piece of the answer's sound; the pieces are consecutive."""

    answer: int
    start: float
    duration: float
    data: bytes
    """Mono samples, 16-bit little-endian, :data:`lipsync.audio.segment.SEGMENT_RATE` a second."""


@dataclass(frozen=True)
class BlendshapePart:
    """The face during the piece of sound that was the last; the frames of an answer are consecutive."""

    answer: int
    start: float
    frames: tuple[BlendshapeFrame, ...]


@dataclass(frozen=True)
class MotionPart:
    """The motion of the body during a sentence; ``start`` is to be added to the times of its keyframes."""

    answer: int
    start: float
    motion: MotionKeyframes


@dataclass(frozen=True)
class VideoHeader:
    """The initialization segment of the answer's fragmented MP4."""

    answer: int
    mime: str
    """Media type with the codecs (RFC 6381)."""
    data: bytes


@dataclass(frozen=True)
class VideoPart:
    """Fragments of the answer's MP4, which contains its sound."""

    answer: int
    start: float
    end: float
    data: bytes


@dataclass(frozen=True)
class DonePart:
    """The end of an answer."""

    answer: int
    full_text: str
    """The reply that was spoken, as it is written, without a filler."""
    total_duration: float
    action: str | None = None
    """The action that the language model named."""
    timings: Mapping[str, float] = field(default_factory=dict)
    """Seconds from the start of the answer: ``llm_first``, ``tts_first``, ``first_audio``, ``first_video`` of the
    reply, ``llm``, ``total``; ``filler``: its first sound."""
    degraded: tuple[str, ...] = ()
    """Parts that did not work as they should: ``llm``, ``mood``, ``tts``, ``lipsync``, ``motion``, ``video``,
    ``fps``, ``size``."""


AnswerPart = SentencePart | SoundPart | BlendshapePart | MotionPart | VideoHeader | VideoPart | DonePart
