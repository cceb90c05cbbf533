"""What is wanted of an answer, and how long its stages may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lipsync.animation.blendshapes import FPS
from lipsync.language_models.limits import LOAD_TIMEOUT_S
from lipsync.settings import Settings

_MARGIN_S = 2.0
"""Seconds by which an answer waits longer than the language models may take."""

BlendshapeSet = Literal["arkit", "oculus", "both", "none"]
"""Names of the weights: Apple's 52 face units, Oculus' 15 visemes, all of them, or no weights."""


@dataclass(frozen=True)
class AnswerOptions:
    """What is wanted of one answer."""

    number: int = 1
    """Number of the answer, which all of its parts carry."""
    language: str = "en"
    """Code of the language that is spoken."""
    voice: str | None = None
    """Name of a voice or of an engine; None: the first that speaks the language."""
    speed: float = 1.0
    """Speed factor of the speech."""
    avatar: str | None = None
    """Name of a bundled avatar; None: that of the settings."""
    sound: bool = True
    blendshapes: BlendshapeSet = "arkit"
    weights_fps: int = FPS
    """Frames of weights a second."""
    motion: bool = True
    video: bool = False
    fps: int = 25
    """Frames a second of the video."""
    seed: int = 0
    """Seed of blinks, head and eye motion."""


@dataclass(frozen=True)
class StageLimits:
    """Maximum seconds of the stages of an answer."""

    first_token_s: float = 25.0
    """Until the language models write the first piece of text."""
    text_s: float = 47.0
    """Until they have written everything; the answer ends there."""
    filler_s: float = 1.0
    """From the end of the person's turn until the first clause of a live answer is written; then a filler is spoken.
    The end of a turn is certain 0.2 to 0.5 s after the last word, and people repeat themselves after 0.8 to 1.5 s
    without an answer. The embedded model has a clause after 0.5 s at the median: most answers need no filler."""
    hearing_s: float = 5.0
    """For the recognition of a recording of up to 10 seconds; longer ones have as much more in proportion."""
    health_s: float = 2.0
    """For the check of one part."""


def stage_limits(settings: Settings) -> StageLimits:
    """The limits of the stages of an answer, with those of the settings.

    Those of the text are above the ones that the chain of language models keeps itself: a model that is late is
    replaced by the next one there. These end the wait for a chain that hangs.
    """
    first_token_s = 2 * settings.llm_first_token_s + LOAD_TIMEOUT_S  # a server, then the embedded model
    whole_s = settings.llm_timeout_s + LOAD_TIMEOUT_S
    return StageLimits(first_token_s=min(first_token_s, whole_s) + _MARGIN_S, text_s=whole_s + _MARGIN_S)
