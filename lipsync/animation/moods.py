"""What each mood does to a face: weights of face units at full strength, and how head, eyes and lids behave.

With these figures each mood was legible on the portraits tried, and p, b and m stayed shut.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lipsync.text.mood import Mood


@dataclass(frozen=True)
class MoodStyle:
    """One mood at full strength."""

    weights: dict[str, float] = field(default_factory=dict)
    """Weights of ARKit units, added to those of speech."""
    yaw: float = 0.0
    """Degrees by which the head is turned besides its motion, to the picture's right."""
    pitch: float = 0.0
    """Degrees up."""
    roll: float = 0.0
    """Degrees counterclockwise."""
    energy: float = 1.0
    """Factor of the size of head motion."""
    gaze: tuple[float, float] = (0.0, 0.0)
    """Degrees right and up of the viewer, where the eyes rest most of the time; (0, 0) is the viewer."""
    lids: float = 0.0
    """Closure of the lids between blinks, 0-1."""
    smile_removal: float = 0.0
    """Share of the portrait's own smile that is taken back."""


def _both(name: str, weight: float) -> dict[str, float]:
    """The unit of both sides of the face."""
    return {f"{name}Left": weight, f"{name}Right": weight}


MOOD_STYLES: dict[Mood, MoodStyle] = {
    "neutral": MoodStyle(),
    "happy": MoodStyle(
        {
            **_both("mouthSmile", 0.62), **_both("cheekSquint", 0.55), **_both("eyeSquint", 0.22),
            **_both("mouthDimple", 0.15), **_both("browOuterUp", 0.18), "browInnerUp": 0.10,
        },
        pitch=1.0, roll=1.5, energy=1.15, smile_removal=0.5,
    ),
    "sad": MoodStyle(
        {
            **_both("browDown", 0.18), **_both("mouthFrown", 0.55), **_both("eyeSquint", 0.12),
            "browInnerUp": 0.85, "mouthShrugLower": 0.25,
        },
        pitch=-3.5, roll=-1.5, energy=0.55, gaze=(0.0, -5.0), lids=0.12, smile_removal=0.60,
    ),
    "thinking": MoodStyle(
        {
            **_both("mouthPress", 0.22), **_both("eyeSquint", 0.20), "browDownLeft": 0.35, "browDownRight": 0.15,
            "browOuterUpRight": 0.45, "browInnerUp": 0.10, "mouthLeft": 0.12,
        },
        yaw=4.0, pitch=1.5, roll=-3.0, energy=0.7, gaze=(8.0, 6.0), smile_removal=0.35,
    ),
    "surprised": MoodStyle(
        {**_both("browOuterUp", 0.85), **_both("eyeWide", 0.75), "browInnerUp": 0.85, "jawOpen": 0.06},
        pitch=2.0, energy=1.1, smile_removal=0.30,
    ),
    "angry": MoodStyle(
        {
            **_both("browDown", 0.58), **_both("eyeSquint", 0.30), **_both("noseSneer", 0.22),
            **_both("mouthFrown", 0.20), **_both("mouthPress", 0.15),
        },
        pitch=-1.5, smile_removal=0.55,
    ),
}  # fmt: skip
"""Every mood."""
