"""Which animators this server has: the puppet always, Wav2Lip where there is a checkpoint that can be used."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lipsync.errors import LipsyncError
from lipsync.portraits import Prepared
from lipsync.settings import Settings
from lipsync.threads import ThreadPlan

if TYPE_CHECKING:
    from lipsync.animate.types import Animator
    from lipsync.animate.wav2lip.batching import Drawer
    from lipsync.animate.wav2lip.crop import Pads
    from lipsync.animate.wav2lip.recent import Recent
    from lipsync.face.moving import MovingPortrait

log = logging.getLogger(__name__)

Engine = Literal["puppet", "wav2lip"]
ENGINES: tuple[str, ...] = ("auto", "wav2lip", "puppet")
"""What a request may ask for."""


class Engines:
    """What draws. Loaded once; then many threads may ask for animators."""

    def __init__(self, settings: Settings, plan: ThreadPlan) -> None:
        self._settings, self._plan = settings, plan
        self._drawer: Drawer[Any] | None = None
        self._recent: Recent | None = None
        self._problem: LipsyncError | None = None
        self._checkpoint: str | None = None
        self._device = "cpu"

    def load(self) -> None:
        """Load Wav2Lip where the settings want it and a checkpoint is there.

        A checkpoint that cannot be used is a line in the log and a sentence in :meth:`status`; the puppet serves.
        """
        if self._settings.engine == "puppet" or self._drawer is not None:
            return
        from lipsync.animate.wav2lip.find import find_checkpoint  # noqa: PLC0415 - only where it is wanted

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
            self._problem = LipsyncError("no_checkpoint", folder=self._settings.checkpoints)
            log.warning("Wav2Lip is not used: %s", self._problem)

    def _load_wav2lip(self, path: Path) -> None:
        from lipsync.animate.wav2lip.checkpoint import load_checkpoint  # noqa: PLC0415 - torch is an extra
        from lipsync.animate.wav2lip.loading import load_drawer  # noqa: PLC0415
        from lipsync.animate.wav2lip.recent import Recent  # noqa: PLC0415

        checkpoint = load_checkpoint(path)
        self._drawer, self._device = load_drawer(checkpoint, self._plan, self._settings.compile)
        self._recent = Recent(self._settings.face_maps_mb)
        self._checkpoint = checkpoint.name

    def choose(self, wanted: str | None) -> Engine:
        """The engine for a request that asks for ``wanted``: one of ENGINES, or None for the setting's.

        Raises LipsyncError: bad_field, no_wav2lip.
        """
        if wanted is not None and wanted not in ENGINES:
            known = ", ".join(ENGINES)
            expected = {"en": f"one of {known} is expected", "ru": f"нужно одно из: {known}"}
            raise LipsyncError("bad_field", field="engine", expected=expected)
        if wanted == "wav2lip" and self._drawer is None:
            raise LipsyncError("no_wav2lip")
        # What the settings prefer is a wish: a server without a usable checkpoint says so and serves with the puppet.
        prefers_puppet = (wanted or self._settings.engine) == "puppet"
        return "puppet" if prefers_puppet or self._drawer is None else "wav2lip"

    def animator(self, engine: Engine, prepared: Prepared, pads: Pads | None = None) -> Animator:
        """Who draws a prepared portrait; ``pads`` are Wav2Lip's."""
        if engine == "puppet" or self._drawer is None or self._recent is None:
            return prepared.animator
        from lipsync.animate.wav2lip.crop import DEFAULT_PADS, crop_face  # noqa: PLC0415 - only where it is wanted
        from lipsync.animate.wav2lip.wav2lip import Wav2Lip  # noqa: PLC0415

        drawer, pads, portrait = self._drawer, pads or DEFAULT_PADS, prepared.portrait

        def make() -> Wav2Lip:
            height, width = portrait.picture.shape[:2]
            crop = crop_face(portrait.landmarks, (width, height), pads)
            return Wav2Lip(portrait, prepared.animator, drawer, crop, sharpen=self._settings.sharpen)

        return self._recent.get(("portrait", portrait.key, pads), make, lambda made: made.nbytes)

    def moving(self, portrait: MovingPortrait, pads: Pads | None = None) -> Animator:
        """Who draws a video. Raises LipsyncError video_needs_wav2lip."""
        if self._drawer is None or self._recent is None:
            raise LipsyncError("video_needs_wav2lip")
        from lipsync.animate.wav2lip.crop import DEFAULT_PADS  # noqa: PLC0415 - only where it is wanted
        from lipsync.animate.wav2lip.moving import MovingWav2Lip  # noqa: PLC0415

        return MovingWav2Lip(
            portrait, self._drawer, self._recent, pads=pads or DEFAULT_PADS, sharpen=self._settings.sharpen
        )

    def status(self, language: str = "en") -> dict[str, object]:
        """What ``/api/health`` shows of the engines."""
        has = self._drawer is not None
        facts: dict[str, object] = {
            "engine": "wav2lip" if has and self._settings.engine != "puppet" else "puppet",
            "engines": ["wav2lip", "puppet"] if has else ["puppet"],
            "device": self._device,
        }
        if has:
            facts["checkpoint"] = self._checkpoint
        elif self._problem is not None:
            facts["wav2lip"] = self._problem.sentence(language)
        return facts
