"""How lively a speaker is by nature: people differ, and so do voices."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MotionStyle:
    """Factors of one speaker; the defaults are an average one."""

    tempo: float = 1.0
    """Factor of the frequency of postures and nods."""
    size: float = 1.0
    """Factor of the size of all motion of the head."""
    nod: float = 1.0
    """Factor of the size of nods."""
    turn: float = 1.0
    """Factor of the size of turns (yaw)."""
    tilt: float = 1.0
    """Factor of the size of tilts (roll)."""
    tilt_side: float = 0.0
    """Degrees of roll at which the head likes to be, counterclockwise."""
    look_away: float = 1.0
    """Factor of the frequency of looks away from the viewer."""
    blink_interval: float = 3.0
    """Median of the seconds from one blink to the next."""


def style_for_voice(voice: str) -> MotionStyle:
    """The style of a speaker, derived from the name of the voice; the same name gives the same style everywhere."""
    if not voice:
        return MotionStyle()
    digest = hashlib.blake2b(voice.encode(), digest_size=8).digest()
    rng = np.random.default_rng(int.from_bytes(digest, "big"))
    return MotionStyle(
        tempo=float(rng.uniform(0.85, 1.2)),
        size=float(rng.uniform(0.9, 1.1)),
        nod=float(rng.uniform(0.85, 1.15)),
        turn=float(rng.uniform(0.8, 1.15)),
        tilt=float(rng.uniform(0.75, 1.2)),
        tilt_side=float(rng.uniform(-0.5, 0.5)),
        look_away=float(rng.uniform(0.7, 1.3)),
        blink_interval=float(rng.uniform(2.6, 3.5)),
    )
