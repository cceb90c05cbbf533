"""What a request, its markup and its words ask of the face."""

from __future__ import annotations

from lipsync.animation.expression import Expression
from lipsync.pipeline.parse_request import ParsedRequest
from lipsync.pipeline.request import AUTO_MOOD, VideoRequest
from lipsync.text.mood_spans import MoodSpan, mood_spans


def expression_of(request: VideoRequest) -> Expression:
    """How the face behaves where no mood is marked or found in the text; with ``mood=auto`` that is neutral."""
    mood = "neutral" if request.mood == AUTO_MOOD else request.mood
    return Expression(request.motion, mood, request.mood_strength)


def moods_of(parsed: ParsedRequest) -> tuple[MoodSpan, ...]:
    """The moods that the markup of a text states, and with ``mood=auto`` those that are found in its sentences."""
    request = parsed.request
    return mood_spans(parsed.script, detect=request.mood == AUTO_MOOD, strength=request.mood_strength)
