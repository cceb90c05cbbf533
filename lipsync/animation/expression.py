"""What a request asks of the face besides the words: how lively it moves, and what it feels."""

from __future__ import annotations

from dataclasses import dataclass

from lipsync.text.mood import Mood

MAX_MOTION = 1.5
"""Largest size of head and eye motion; 1 is natural, 0 none."""


@dataclass(frozen=True)
class Expression:
    """How the face behaves where the text itself says nothing."""

    motion: float = 1.0
    """Size of the motion of head and eyes, 0 to MAX_MOTION."""
    mood: Mood = "neutral"
    strength: float = 1.0
    """Strength of the mood, 0 to 1."""
