"""From the bytes of a picture to an animator that is ready: computed once, then read from the disk or from memory."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal

from lipsync.cache import ArrayCache, preparation
from lipsync.errors import LipsyncError
from lipsync.face.types import Portrait
from lipsync.once import Once
from lipsync.progress import Meanwhile

if TYPE_CHECKING:
    from lipsync.animate.puppet import Puppet
    from lipsync.face.box import Box
    from lipsync.face.finder import FaceDetector, FaceFinder

log = logging.getLogger(__name__)

_PREPARED_BY = ("face", "animate/puppet", "assets/face")
"""Folders of this package whose every file has a say in what a prepared portrait is."""

Origin = Literal["made", "disk", "memory"]
"""Where a prepared portrait came from."""

_REMEMBERED = 3
"""Prepared portraits that stay in memory."""


@dataclass(frozen=True)
class Prepared:
    """A portrait that is ready to speak."""

    portrait: Portrait
    animator: Puppet


class Portraits:
    """Prepares portraits and keeps them. Safe for many threads: a picture wanted twice at once is prepared once."""

    def __init__(self, cache: ArrayCache, *, max_side: int, max_megapixels: float, s3fd: Path | None = None) -> None:
        """``s3fd``: the weights of the detector to use instead of the embedded one."""
        self._cache = cache
        self._s3fd = s3fd
        self.detected_by = "embedded" if s3fd is None else f"{s3fd.name} {s3fd.stat().st_size}"
        """Names the detector."""
        self._max_side = max_side
        self._max_megapixels = max_megapixels
        self._known: Once[tuple[Prepared, Origin]] = Once(_REMEMBERED)
        self._finder: FaceFinder | None = None
        self._finder_lock = Lock()

    def get(
        self, picture: bytes, box: Box | None = None, meanwhile: Meanwhile | None = None
    ) -> tuple[Prepared, Origin]:
        """The prepared portrait in ``picture``, a file's bytes.

        Its face is the one in ``box``, where one is given: in pixels of the upright picture, before it is shrunk.
        ``meanwhile`` is called while another thread prepares it.

        Raises LipsyncError: not_a_picture, broken_picture, picture_too_large, bad_box, no_face, face_too_small,
        face_turned, mouth_open, mouth_covered.
        """
        key = self.key(picture, box)
        (prepared, origin), mine = self._known.get(key, lambda: self._prepare(key, picture, box), meanwhile)
        return prepared, origin if mine else "memory"

    def key(self, picture: bytes, box: Box | None = None) -> str:
        """Names the picture, the box in it and all that prepares it."""
        by = f"{preparation(_PREPARED_BY)} {self._max_side} {self.detected_by} {box} "
        return hashlib.sha256(by.encode() + picture).hexdigest()

    def load(self) -> FaceFinder:
        """The face networks, loaded once."""
        from lipsync.face.finder import FaceFinder  # noqa: PLC0415 - a prepared portrait needs no networks

        with self._finder_lock:
            if self._finder is None:
                self._finder = FaceFinder(max_side=self._max_side, detector=self._detector())
            return self._finder

    def _detector(self) -> FaceDetector | None:
        """S3FD where it is wanted and can be used; None: the embedded one."""
        if self._s3fd is None:
            return None
        from lipsync.face.s3fd import S3fd  # noqa: PLC0415 - torch is an extra

        try:
            return S3fd(self._s3fd)
        except LipsyncError as error:
            log.warning("S3FD is not used, the embedded detector is: %s", error)
            self._s3fd = None
            return None

    def _prepare(self, key: str, picture: bytes, box: Box | None) -> tuple[Prepared, Origin]:
        from lipsync.animate.puppet import Puppet, Rig, prepare_rig  # noqa: PLC0415 - nothing heavy loads at import
        from lipsync.face.box import fitted_box  # noqa: PLC0415
        from lipsync.face.picture import read_picture, upright_size  # noqa: PLC0415
        from lipsync.face.store import portrait_arrays, portrait_from_arrays  # noqa: PLC0415

        kept = self._cache.load(key)
        if kept is not None:
            try:
                parts = {
                    which: {name[len(which) :]: array for name, array in kept.items() if name.startswith(which)}
                    for which in ("portrait.", "rig.")
                }
                portrait = portrait_from_arrays(parts["portrait."])
                return Prepared(portrait, Puppet(portrait, Rig.from_arrays(parts["rig."]))), "disk"
            except (KeyError, ValueError, TypeError) as error:
                log.warning("the cached portrait %s does not fit (%s) and is made anew", key, error)
                self._cache.forget(key)
        pixels = read_picture(picture, max_megapixels=self._max_megapixels, max_side=self._max_side)
        if box is not None:
            height, width = pixels.shape[:2]
            box = fitted_box(box, upright_size(picture), (width, height), self._max_side)
        portrait = self.load().find(pixels, key, box)
        rig = prepare_rig(portrait)
        arrays = {f"portrait.{name}": array for name, array in portrait_arrays(portrait).items()}
        arrays |= {f"rig.{name}": array for name, array in rig.arrays().items()}
        self._cache.save(key, arrays)
        return Prepared(portrait, Puppet(portrait, rig)), "made"
