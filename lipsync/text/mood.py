"""The moods that a face can show while it speaks."""

from __future__ import annotations

from typing import Literal, get_args

Mood = Literal["neutral", "happy", "sad", "thinking", "surprised", "angry"]

MOODS: tuple[Mood, ...] = get_args(Mood)
"""Every mood; the first is the face at rest."""
