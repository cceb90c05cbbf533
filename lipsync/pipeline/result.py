"""The facts of a rendered video."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from lipsync.face.avatar_part import AvatarPart
from lipsync.pipeline.portraits import Origin
from lipsync.speech.types import Fallback


class VideoFacts(BaseModel):
    """What a render found out: a job stores it, and the API and the admin page show it."""

    model_config = ConfigDict(frozen=True, defer_build=True)  # not needed before the first frame

    duration: float
    """Seconds of sound; frames = ceil(duration * fps)."""
    frames: int
    width: int
    """Pixels of the video."""
    height: int
    """Pixels of the video."""
    picture_width: int | None = None
    """Pixels of the upright picture, before it was enlarged for a small face or scaled down to the setting
    ``max_side``; None for an avatar that is a video."""
    picture_height: int | None = None
    """Pixels, as ``picture_width``."""
    fps: int
    voice: str
    """Name of the voice that spoke first."""
    engine: str
    """Name of the animator: ``puppet``."""
    portrait: Origin = "made"
    """Whether the portrait was prepared for this video, or read from ``disk`` or ``memory``."""
    avatar_part: AvatarPart | None = None
    """Which seconds of the avatar's video are used, and why the others are not; None for a picture."""
    fallbacks: tuple[Fallback, ...] = ()
    """Voices that could not speak or go on, in order, and which voice took over."""
    timings: dict[str, float] = {}
    """Seconds by stage: ``wait`` (for other videos), ``portrait``, ``speech``, ``track``, ``render``, ``encode`` (the
    time for which the encoder blocked the others: most of its work runs beside them), ``total``; and
    ``first_frame``, from the call until the first frame was rendered."""


class RenderedVideo(VideoFacts):
    """The facts of a video with its files, as :meth:`lipsync.pipeline.service.LipsyncService.generate` returns it."""

    path: Path
    subtitles: Path | None
    """File of the subtitles, where the request asked for them."""
    language: str
    """Code of the language: ``ru``."""
    avatar: str
    """Name of the avatar; ``picture`` for a picture or a video of the caller's own."""

    @property
    def facts(self) -> VideoFacts:
        """The facts alone: paths are not for callers of the API."""
        return VideoFacts(**{name: getattr(self, name) for name in VideoFacts.model_fields})
