"""Mouth cues: which of nine mouth shapes is shown from when to when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from lipsync.errors import LipsyncError

Shape = Literal["A", "B", "C", "D", "E", "F", "G", "H", "X"]
"""A mouth shape of the Hanna-Barbera set, by Rhubarb's letters; :mod:`lipsync.mouth_cues.shapes` describes each."""
SHAPES: tuple[Shape, ...] = get_args(Shape)

CuesSource = Literal["phones", "rhubarb", "silence"]
"""What mouth cues were made of: the known phones, the Rhubarb program, or nothing (rest for the whole time)."""


@dataclass(frozen=True)
class MouthCue:
    """One mouth shape with its time."""

    start: float
    """Seconds from the start of the sound, a multiple of 0.01."""
    end: float
    """Seconds from the start of the sound, a multiple of 0.01; the next cue begins here."""
    shape: Shape


@dataclass(frozen=True)
class MouthCues:
    """The mouth during a sound."""

    cues: tuple[MouthCue, ...]
    """In order; they cover the sound without gap or overlap."""
    duration: float
    """Seconds of the sound, truncated to a multiple of 0.01 as Rhubarb does."""
    source: CuesSource
    problem: LipsyncError | None = field(default=None, compare=False)
    """Why the cues are not those of Rhubarb, where that was configured and failed."""
