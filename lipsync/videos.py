"""From the bytes of a video to a portrait that moves: its face found once, then read from the disk or from memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from lipsync.cache import ArrayCache, preparation
from lipsync.once import Once
from lipsync.portraits import Origin
from lipsync.progress import Meanwhile

if TYPE_CHECKING:
    from lipsync.face.finder import FaceFinder
    from lipsync.face.moving import MovingPortrait

_PREPARED_BY = ("face", "media", "assets/face")
"""Folders of this package whose every file has a say in what is found in a video."""

_REMEMBERED = 3
"""Videos that stay in memory: their landmarks and an open file, no frames."""


class Videos:
    """Studies videos and keeps what was found. Safe for many threads: one wanted twice at once is studied once."""

    def __init__(
        self,
        cache: ArrayCache,
        finder: Callable[[], FaceFinder],
        *,
        detected_by: str,
        max_seconds: float,
        max_megapixels: float,
        max_side: int,
    ) -> None:
        """``finder`` gives the loaded face networks, ``detected_by`` names them."""
        self._cache, self._finder, self._detected_by = cache, finder, detected_by
        self._max_seconds, self._max_megapixels, self._max_side = max_seconds, max_megapixels, max_side
        self._known: Once[tuple[MovingPortrait, Origin]] = Once(_REMEMBERED)

    def get(self, video: bytes, meanwhile: Meanwhile | None = None) -> tuple[MovingPortrait, Origin]:
        """The portrait that moves in ``video``, a file's bytes. ``meanwhile`` is called between its frames, and while
        another thread studies it.

        Raises LipsyncError: what :func:`lipsync.face.moving.study_video` raises.
        """
        key = self.key(video)
        (portrait, origin), mine = self._known.get(key, lambda: self._study(key, video, meanwhile), meanwhile)
        return portrait, origin if mine else "memory"

    def key(self, video: bytes) -> str:
        """Names the video and all that prepares it."""
        bounds = f"{self._max_side} {self._max_seconds:g} {self._detected_by}"
        return hashlib.sha256(f"video {preparation(_PREPARED_BY)} {bounds} ".encode() + video).hexdigest()

    def _study(self, key: str, video: bytes, meanwhile: Meanwhile | None) -> tuple[MovingPortrait, Origin]:
        from lipsync.face.moving import read_back, study_video  # noqa: PLC0415 - nothing heavy loads at import

        kept = read_back(self._cache, key)
        if kept is not None:
            return kept, "disk"
        made = study_video(
            video,
            self._finder(),
            self._cache,
            key,
            max_seconds=self._max_seconds,
            max_megapixels=self._max_megapixels,
            max_side=self._max_side,
            meanwhile=meanwhile,
        )
        return made, "made"
