"""A transcript in the formats of OpenAI's ``POST /v1/audio/transcriptions``."""

from __future__ import annotations

import math
import zlib
from typing import Literal

from pydantic import Field

from lipsync.hearing.types import TranscribedSegment, Transcript
from lipsync.server.responses import Answer, OpenAIError
from lipsync.subtitles.cues import Cue
from lipsync.subtitles.formats import SubtitleFormat, format_cue, header
from lipsync.text.languages import resolve_language


class TranscriptionUsage(Answer):
    """What is counted: the length of the sound."""

    type: Literal["duration"]
    seconds: int


class TranscriptionWord(Answer):
    """A word and its time."""

    word: str
    start: float = Field(description="Seconds from the start of the sound.")
    end: float


class TranscriptionSegment(Answer):
    """A phrase and its time."""

    id: int
    seek: int = Field(description="Start in hundredths of a second.")
    start: float = Field(description="Seconds from the start of the sound.")
    end: float
    text: str
    tokens: list[int] = Field(description="Always empty.")
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class TranscriptionAnswer(Answer):
    """What was said. All but `text` and `usage` only in `verbose_json`."""

    text: str = Field(description="Empty where nobody speaks.")
    usage: TranscriptionUsage
    task: Literal["transcribe"] | None = None
    language: str | None = Field(None, description="English name of the language, in lower case.")
    duration: float | None = Field(None, description="Length of the sound in seconds.")
    segments: list[TranscriptionSegment] | None = None
    words: list[TranscriptionWord] | None = None


class TranscriptionEvent(Answer):
    """A piece of the text, its end, or its error, in OpenAI's form."""

    type: Literal["transcript.text.delta", "transcript.text.done", "error"]
    delta: str | None = Field(None, description="Of a delta: text to append.")
    text: str | None = Field(None, description="Of the end: the whole text.")
    usage: TranscriptionUsage | None = Field(None, description="Of the end.")
    error: OpenAIError | None = Field(None, description="Of an error.")


def usage_of(duration: float) -> TranscriptionUsage:
    """The usage of a sound of ``duration`` seconds."""
    return TranscriptionUsage(type="duration", seconds=math.ceil(duration))


def short_answer(transcript: Transcript) -> TranscriptionAnswer:
    """``json``: the text alone."""
    return TranscriptionAnswer(text=transcript.text, usage=usage_of(transcript.duration))


def verbose_answer(transcript: Transcript, *, segments: bool, words: bool) -> TranscriptionAnswer:
    """``verbose_json``, with the times of phrases, of words, or both."""
    fields = {
        "task": "transcribe",
        "language": resolve_language(transcript.language).english.lower(),
        "duration": round(transcript.duration, 3),
        "text": transcript.text,
        "usage": usage_of(transcript.duration),
    }
    if segments:
        fields["segments"] = [_segment(number, one) for number, one in enumerate(transcript.segments)]
    if words:
        fields["words"] = [
            TranscriptionWord(word=word.text, start=round(word.start, 3), end=round(word.end, 3))
            for one in transcript.segments
            for word in one.words
        ]
    return TranscriptionAnswer.model_validate(fields)


def subtitles(transcript: Transcript, format: SubtitleFormat) -> str:
    """``srt`` or ``vtt``: a cue for each phrase."""
    cues = (Cue(one.start, one.end, (one.text,)) for one in transcript.segments)
    return header(format) + "".join(format_cue(cue, number, format) for number, cue in enumerate(cues, 1))


def _segment(number: int, segment: TranscribedSegment) -> TranscriptionSegment:
    text = segment.text.encode()
    return TranscriptionSegment(
        id=number,
        seek=round(100 * segment.start),
        start=round(segment.start, 3),
        end=round(segment.end, 3),
        text=segment.text,
        tokens=[],
        temperature=0.0,
        avg_logprob=segment.average_log_probability,
        compression_ratio=round(len(text) / len(zlib.compress(text)), 3),
        no_speech_prob=segment.no_speech_probability,
    )
