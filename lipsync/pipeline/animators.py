"""The animators of this installation: the puppet always, Wav2Lip where there is a usable checkpoint."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lipsync.errors import LipsyncError
from lipsync.pipeline.errors import AnimatorError
from lipsync.pipeline.portraits import PreparedPortrait
from lipsync.pipeline.request import Engine, EngineChoice
from lipsync.runtime.threads import ThreadPlan
from lipsync.settings import Settings

if TYPE_CHECKING:
    from lipsync.animation.types import Animator
    from lipsync.animation.wav2lip.batching import Drawer
    from lipsync.animation.wav2lip.crop import Pads
    from lipsync.animation.wav2lip.lru_cache import LruCache
    from lipsync.face.face_video import MovingPortrait

log = logging.getLogger(__name__)


class AnimatorFactory:
    """Creates animators. Loaded once; then safe for many threads."""

    def __init__(self, settings: Settings, plan: ThreadPlan) -> None:
        self._settings, self._plan = settings, plan
        self._drawer: Drawer[Any] | None = None
        self._face_cache: LruCache | None = None
        self._problem: LipsyncError | None = None
        self._checkpoint: str | None = None
        self._device = "cpu"

    def load(self) -> None:
        """Load Wav2Lip where the settings allow it and there is a checkpoint.

        An unusable checkpoint is reported in the log and by :meth:`status`; the puppet animates then.
        """
        if self._settings.engine == "puppet" or self._drawer is not None:
            return
        from lipsync.animation.wav2lip.find_checkpoint import find_checkpoint  # noqa: PLC0415 - only where it is needed

        choice = find_checkpoint(self._settings)
        self._problem = choice.problem
        try:
            if choice.path is not None:
                self._load_wav2lip(choice.path)
        except LipsyncError as error:
            self._problem = error
        if self._problem is not None:
            log.warning("Wav2Lip is not used: %s", self._problem)
        elif self._drawer is None and self._settings.engine == "wav2lip":
            self._problem = AnimatorError("no_checkpoint", folder=self._settings.checkpoints)
            log.warning("Wav2Lip is not used: %s", self._problem)

    def _load_wav2lip(self, path: Path) -> None:
        from lipsync.animation.wav2lip.checkpoint import load_checkpoint  # noqa: PLC0415 - torch is an extra
        from lipsync.animation.wav2lip.lru_cache import LruCache  # noqa: PLC0415
        from lipsync.animation.wav2lip.start_batcher import load_drawer  # noqa: PLC0415

        checkpoint = load_checkpoint(path)
        self._drawer, self._device = load_drawer(checkpoint, self._plan, self._settings.compile)
        self._face_cache = LruCache(self._settings.face_maps_mb)
        self._checkpoint = checkpoint.name

    def choose(self, requested: EngineChoice | None) -> Engine:
        """The engine for a request; None: the setting decides.

        Raises LipsyncError no_wav2lip where the request names Wav2Lip and it is missing.
        """
        if requested == "wav2lip" and self._drawer is None:
            raise AnimatorError("no_wav2lip")
        # The setting is a preference: a server without a usable checkpoint reports it and uses the puppet.
        prefers_puppet = (requested or self._settings.engine) == "puppet"
        return "puppet" if prefers_puppet or self._drawer is None else "wav2lip"

    def for_portrait(self, engine: Engine, prepared: PreparedPortrait, pads: Pads | None = None) -> Animator:
        """The animator of a prepared portrait; ``pads`` are Wav2Lip's. Raises LipsyncError no_wav2lip."""
        if prepared.placement is None:
            return self._for_whole_portrait(engine, prepared, pads)
        from lipsync.animation.placed import PlacedAnimator  # noqa: PLC0415 - nothing heavy loads at import

        animator = self._for_whole_portrait(engine, prepared, pads)
        return PlacedAnimator(animator, prepared.portrait.picture, prepared.placement)

    def _for_whole_portrait(self, engine: Engine, prepared: PreparedPortrait, pads: Pads | None) -> Animator:
        if engine == "puppet":
            return prepared.animator
        if self._drawer is None or self._face_cache is None:
            raise AnimatorError("no_wav2lip")
        from lipsync.animation.wav2lip.crop import DEFAULT_PADS, crop_face  # noqa: PLC0415 - only where it is needed
        from lipsync.animation.wav2lip.wav2lip import Wav2Lip  # noqa: PLC0415

        drawer, pads, portrait = self._drawer, pads or DEFAULT_PADS, prepared.portrait

        def make() -> Wav2Lip:
            height, width = portrait.picture.shape[:2]
            crop = crop_face(portrait.landmarks, (width, height), pads)
            return Wav2Lip(portrait, prepared.animator, drawer, crop, sharpen=self._settings.sharpen)

        return self._face_cache.get(("portrait", portrait.key, pads), make, lambda made: made.nbytes)

    def for_video(self, portrait: MovingPortrait, pads: Pads | None = None) -> Animator:
        """The animator of an avatar that is a video. Raises LipsyncError video_needs_wav2lip."""
        if self._drawer is None or self._face_cache is None:
            raise AnimatorError("video_needs_wav2lip")
        from lipsync.animation.wav2lip.crop import DEFAULT_PADS  # noqa: PLC0415 - only where it is needed
        from lipsync.animation.wav2lip.video_face import MovingWav2Lip  # noqa: PLC0415

        return MovingWav2Lip(
            portrait, self._drawer, self._face_cache, pads=pads or DEFAULT_PADS, sharpen=self._settings.sharpen
        )

    def status(self, language: str = "en") -> dict[str, object]:
        """The facts about the animators for ``/api/health``."""
        has = self._drawer is not None
        facts: dict[str, object] = {
            "engine": "wav2lip" if has and self._settings.engine != "puppet" else "puppet",
            "engines": ["wav2lip", "puppet"] if has else ["puppet"],
            "device": self._device,
        }
        if has:
            facts["checkpoint"] = self._checkpoint
        elif self._problem is not None:
            facts["wav2lip"] = self._problem.message(language)
        return facts
