"""Prepares avatars that are videos: the face is tracked once, and then read from disk or memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from lipsync.pipeline.portraits import Origin
from lipsync.runtime.single_flight import SingleFlight
from lipsync.storage.cache import ArrayCache, code_fingerprint

if TYPE_CHECKING:
    from lipsync.face.face_video import MovingPortrait
    from lipsync.face.finder import FaceFinder

_PREPARED_BY = ("face", "video", "assets/face")
"""Folders of this package whose files determine a prepared video: a change of any of them invalidates the cache."""

_MAX_IN_MEMORY = 3
"""Videos that stay in memory: landmarks and an open file, no frames."""


class Videos:
    """Prepares videos and caches them. Safe for many threads: concurrent calls for one video share the work."""

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
        """``finder`` returns the loaded face networks, ``detected_by`` names them."""
        self._cache, self._finder, self._detected_by = cache, finder, detected_by
        self._max_seconds, self._max_megapixels, self._max_side = max_seconds, max_megapixels, max_side
        self._known: SingleFlight[tuple[MovingPortrait, Origin]] = SingleFlight(_MAX_IN_MEMORY)

    def get(self, video: bytes) -> tuple[MovingPortrait, Origin]:
        """The portrait that moves in ``video``, a file's bytes. The analysis, and a wait for
        another thread's, can be cancelled (:mod:`lipsync.runtime.progress`).

        Raises LipsyncError: what :func:`lipsync.face.face_video.track_face` raises.
        """
        key = self.key(video)
        (portrait, origin), is_computed_here = self._known.get(key, lambda: self._prepare(key, video))
        return portrait, origin if is_computed_here else "memory"

    def key(self, video: bytes) -> str:
        """Cache key of the video, and the code and settings that prepare it."""
        bounds = f"{self._max_side} {self._max_seconds:g} {self._detected_by}"
        return hashlib.sha256(f"video {code_fingerprint(_PREPARED_BY)} {bounds} ".encode() + video).hexdigest()

    def _prepare(self, key: str, video: bytes) -> tuple[MovingPortrait, Origin]:
        from lipsync.face.face_video import load_cached, track_face  # noqa: PLC0415 - nothing heavy loads at import

        cached = load_cached(self._cache, key)
        if cached is not None:
            return cached, "disk"
        tracked = track_face(
            video,
            self._finder(),
            self._cache,
            key,
            max_seconds=self._max_seconds,
            max_megapixels=self._max_megapixels,
            max_side=self._max_side,
        )
        return tracked, "made"
