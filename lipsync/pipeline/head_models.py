"""The 3D models of portraits: made once, then read from disk or memory."""

from __future__ import annotations

import hashlib
import logging

import numpy as np

from lipsync.pipeline.portraits import Portraits
from lipsync.runtime.single_flight import SingleFlight
from lipsync.storage.cache import ArrayCache, code_fingerprint

log = logging.getLogger(__name__)

_MADE_BY = ("animation/head_model", "assets/head")
"""Folders of this package whose files, beside those that prepare a portrait, determine its model."""
_MAX_IN_MEMORY = 4
"""Models that stay in memory, of about half a megabyte each."""


class HeadModels:
    """Makes and caches GLB files of portraits. Safe for many threads: concurrent calls for one share the work."""

    def __init__(self, portraits: Portraits, cache: ArrayCache) -> None:
        self._portraits, self._cache = portraits, cache
        self._known: SingleFlight[bytes] = SingleFlight(_MAX_IN_MEMORY)

    def get(self, picture: bytes) -> bytes:
        """The GLB file of the face in ``picture``, the bytes of a file.

        Raises LipsyncError: not_a_picture, broken_picture, picture_too_large, no_face, face_too_small, face_turned,
        mouth_open, mouth_covered.
        """
        made_by = f"glb {code_fingerprint(_MADE_BY)} {self._portraits.key(picture)}"
        key = hashlib.sha256(made_by.encode()).hexdigest()
        return self._known.get(key, lambda: self._load_or_make(key, picture))[0]

    def _load_or_make(self, key: str, picture: bytes) -> bytes:
        cached = self._cache.load(key)
        if cached is not None and "glb" in cached:
            return cached["glb"].tobytes()
        from lipsync.animation.head_model.glb import write_glb  # noqa: PLC0415 - nothing heavy loads at import
        from lipsync.animation.head_model.portrait_model import portrait_model  # noqa: PLC0415

        prepared, _ = self._portraits.get(picture)
        data = write_glb(portrait_model(prepared.portrait, prepared.animator.rig))
        self._cache.save(key, {"glb": np.frombuffer(data, np.uint8)})
        return data
