"""What is wanted of an answer, and how long its stages may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lipsync.animation.blendshapes import FPS

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

    first_token_s: float = 4.0
    """Until the language model writes its first piece of text."""
    text_s: float = 30.0
    """Until the language model has written everything; the answer ends there."""
    hearing_s: float = 5.0
    """For the recognition of a recording of up to 10 seconds; longer ones have as much more in proportion."""
    health_s: float = 2.0
    """For the check of one part."""
