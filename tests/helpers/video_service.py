"""The real service, loaded, with everything it writes in the folder of a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lipsync.animation.wav2lip.lru_cache import LruCache
from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings
from tests.animation.wav2lip.drawers import SameDrawer


def service_in(folder: Path, *, drawer: SameDrawer | None = None, **settings: Any) -> LipsyncService:
    """A service, and where a drawer is given one that takes it for its Wav2Lip."""
    facts = {"outputs": folder / "outputs", "cache": folder / "cache", "warm_up": False, "avatar": "hopper"}
    service = LipsyncService(Settings(_env_file=None, checkpoints=folder / "checkpoints", **{**facts, **settings}))
    if drawer is not None:
        service._animators._drawer = drawer  # type: ignore[assignment]
        service._animators._face_cache = LruCache(64)
    service.load(ahead=False)
    return service
