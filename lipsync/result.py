"""What is known of a finished video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lipsync.avatar_part import AvatarPart
from lipsync.portraits import Origin
from lipsync.speech.fallback import Fallback


@dataclass(frozen=True)
class Result:
    """A finished video."""

    path: Path
    subtitles: Path | None
    """The file of its subtitles, where they were asked for."""
    duration: float
    """Seconds of sound; frames = ceil(duration * fps)."""
    frames: int
    width: int
    """Pixels of the video."""
    height: int
    """Pixels of the video."""
    picture_width: int | None
    """Pixels of the picture that it was made of, upright: another size than the video's where the face was small and
    the picture was enlarged, or where it was larger than the setting ``max_side``. None: it was made of a video."""
    picture_height: int | None
    """Pixels, as ``picture_width``."""
    fps: int
    language: str
    """Code: ``ru``."""
    voice: str
    """Name of the voice that began to speak."""
    fallbacks: tuple[Fallback, ...]
    """Voices that could not speak or go on, in order; who took over, and why."""
    avatar: str
    """Its name; ``picture`` for a picture or a video of the caller's own."""
    engine: str
    """``puppet``."""
    avatar_part: AvatarPart | None
    """Which seconds of the avatar's video are used, and why the others are not; None for a picture."""
    portrait: Origin
    """``made`` for this video, or read from ``disk`` or ``memory``."""
    timings: dict[str, float]
    """Seconds by stage: ``wait`` (for other videos), ``portrait``, ``speech``, ``track``, ``render``, ``encode`` (how
    long the encoder kept the others waiting: most of its work runs beside them), ``total``; and ``first_frame``, from
    the call until the first frame was made."""
