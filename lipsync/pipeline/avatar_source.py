"""Where the avatar of a video comes from."""

from __future__ import annotations

from dataclasses import dataclass

from lipsync.face.avatar_part import AvatarPart
from lipsync.pipeline.portraits import Origin


@dataclass(frozen=True)
class AvatarSource:
    """Facts about the avatar of one video."""

    origin: Origin
    picture_size: tuple[int, int] | None
    """Pixels of the upright picture; None for a video."""
    part: AvatarPart | None
    """The part of a video that is used; None for a picture."""
