"""Prepares portraits: from the bytes of a picture to an animator, computed once and then read from disk or memory."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal

import numpy as np

from lipsync.errors import LipsyncError
from lipsync.face.types import Portrait
from lipsync.runtime.single_flight import SingleFlight
from lipsync.storage.cache import ArrayCache, Arrays, code_fingerprint

if TYPE_CHECKING:
    from lipsync.animation.puppet import Puppet
    from lipsync.face.box import Box
    from lipsync.face.finder import FaceDetector, FaceFinder
    from lipsync.face.framing import Framing, Placement
    from lipsync.face.upscale import Restorer

log = logging.getLogger(__name__)

_PREPARED_BY = ("face", "animation/puppet", "assets/face")
"""Folders of this package whose files determine a prepared portrait: a change of one invalidates the cache."""

Origin = Literal["made", "disk", "memory"]
"""Whether a prepared portrait was computed now, or read from disk or memory."""

_FORMAT = 3
"""Version of what the cache holds of a portrait."""

_MAX_IN_MEMORY = 3
"""Prepared portraits that stay in memory."""


@dataclass(frozen=True)
class PreparedPortrait:
    """A portrait that is ready to be animated."""

    portrait: Portrait
    animator: Puppet
    picture_size: tuple[int, int]
    """Width and height in pixels of the upright picture, before it was scaled."""
    placement: Placement | None = None
    """Where the portrait lies in the video; None: it is the whole video."""


class Portraits:
    """Prepares portraits and caches them. Safe for many threads: concurrent calls for one picture share the work."""

    def __init__(
        self,
        cache: ArrayCache,
        *,
        max_side: int,
        max_megapixels: float,
        s3fd: Path | None = None,
        realesrgan: Path | None = None,
    ) -> None:
        """``s3fd``: weights of a face detector that replaces the embedded one. ``realesrgan``: weights of the network
        that restores the detail of small faces; unusable ones are a warning in the log."""
        self._cache = cache
        self._s3fd = s3fd
        self.detected_by = "embedded" if s3fd is None else f"{s3fd.name} {s3fd.stat().st_size}"
        """Names the detector."""
        self._restorer, self._restored_by = _restorer(realesrgan)
        self._max_side = max_side
        self._max_megapixels = max_megapixels
        self._known: SingleFlight[tuple[PreparedPortrait, Origin]] = SingleFlight(_MAX_IN_MEMORY)
        self._finder: FaceFinder | None = None
        self._finder_lock = Lock()

    @property
    def upscaler(self) -> str | None:
        """Name of the network that restores small faces; None: they are only interpolated."""
        return None if self._restorer is None else "realesrgan"

    def get(
        self, picture: bytes, box: Box | None = None, framing: Framing | None = None
    ) -> tuple[PreparedPortrait, Origin]:
        """The prepared portrait in ``picture``, the bytes of a file.

        ``box`` marks the face, in pixels of the upright picture before it is scaled down; None: it is detected.
        ``framing`` crops and scales the portrait for a video of another part or size; None: it stays as it is.
        A wait for another thread that prepares it can be cancelled (:mod:`lipsync.runtime.progress`).

        Raises LipsyncError: not_a_picture, broken_picture, picture_too_large, bad_box, no_face, face_too_small,
        face_turned, mouth_open, mouth_covered.
        """
        framing = None if framing is None or framing.is_source else framing
        key = self.key(picture, box, framing)
        (prepared, origin), is_computed_here = self._known.get(key, lambda: self._prepare(key, picture, box, framing))
        return prepared, origin if is_computed_here else "memory"

    def key(self, picture: bytes, box: Box | None = None, framing: Framing | None = None) -> str:
        """Cache key of the picture, the box in it, the framing, and the code and settings that prepare it."""
        prepared_by = (
            f"{_FORMAT} {code_fingerprint(_PREPARED_BY)} {self._max_side} {self.detected_by} {self._restored_by} "
            f"{box} {framing} "
        )
        return hashlib.sha256(prepared_by.encode() + picture).hexdigest()

    def load(self) -> FaceFinder:
        """The face networks, loaded once."""
        from lipsync.face.finder import FaceFinder  # noqa: PLC0415 - a prepared portrait needs no networks

        with self._finder_lock:
            if self._finder is None:
                self._finder = FaceFinder(max_side=self._max_side, detector=self._detector(), restorer=self._restorer)
            return self._finder

    def _detector(self) -> FaceDetector | None:
        """S3FD where the settings ask for it and it is usable; None: the embedded detector."""
        if self._s3fd is None:
            return None
        from lipsync.face.s3fd import S3fd  # noqa: PLC0415 - torch is an extra

        try:
            return S3fd(self._s3fd)
        except LipsyncError as error:
            log.warning("S3FD is not used, the embedded detector is: %s", error)
            self._s3fd = None
            return None

    def _prepare(
        self, key: str, picture: bytes, box: Box | None, framing: Framing | None
    ) -> tuple[PreparedPortrait, Origin]:
        cached = self._cache.load(key)
        if cached is not None:
            try:
                return _restore(cached), "disk"
            except (KeyError, ValueError, TypeError, IndexError) as error:
                log.warning("the cached portrait %s is unusable (%s) and is prepared again", key, error)
                self._cache.delete(key)
        return self._compute(key, picture, box, framing), "made"

    def _compute(self, key: str, picture: bytes, box: Box | None, framing: Framing | None) -> PreparedPortrait:
        """The prepared portrait, which is also stored."""
        from lipsync.animation.puppet import Puppet  # noqa: PLC0415 - a prepared portrait needs none of it
        from lipsync.animation.puppet.prepare import prepare_rig  # noqa: PLC0415
        from lipsync.face.background import TRANSPARENT  # noqa: PLC0415
        from lipsync.face.box import fitted_box  # noqa: PLC0415
        from lipsync.face.framing import reframe  # noqa: PLC0415
        from lipsync.face.picture import read_picture, upright_size  # noqa: PLC0415
        from lipsync.face.replace_background import cut_out  # noqa: PLC0415
        from lipsync.face.serialization import portrait_arrays  # noqa: PLC0415

        pixels = read_picture(picture, max_megapixels=self._max_megapixels, max_side=self._max_side)
        picture_size = upright_size(picture)
        if box is not None:
            height, width = pixels.shape[:2]
            box = fitted_box(box, picture_size, (width, height), self._max_side)
        portrait, placement = self.load().find(pixels, key, box), None
        if framing is not None:
            portrait, placement = reframe(portrait, framing)
        rig = prepare_rig(portrait)
        if framing is not None and framing.background == TRANSPARENT:
            portrait = cut_out(portrait)
        arrays = {f"portrait.{name}": array for name, array in portrait_arrays(portrait).items()}
        arrays |= {f"rig.{name}": array for name, array in rig.arrays().items()}
        numbers = (
            [] if placement is None else [*placement.size, placement.left, placement.top, *(placement.fill or ())]
        )
        arrays |= {"picture_size": np.array(picture_size), "placement": np.array(numbers, np.int64)}
        self._cache.save(key, arrays)
        return PreparedPortrait(portrait, Puppet(portrait, rig), picture_size, placement)


def _restore(arrays: Arrays) -> PreparedPortrait:
    """A prepared portrait from what was stored of it.

    Raises KeyError, ValueError, TypeError or IndexError where the arrays are not those of one.
    """
    from lipsync.animation.puppet import Puppet, Rig  # noqa: PLC0415 - nothing heavy loads at import
    from lipsync.face.framing import Placement  # noqa: PLC0415
    from lipsync.face.serialization import portrait_from_arrays  # noqa: PLC0415

    parts = {
        prefix: {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}
        for prefix in ("portrait.", "rig.")
    }
    portrait = portrait_from_arrays(parts["portrait."])
    width, height = (int(side) for side in arrays["picture_size"])
    numbers = [int(number) for number in arrays["placement"]]
    fill = (numbers[4], numbers[5], numbers[6]) if len(numbers) > 4 else None
    placement = Placement((numbers[0], numbers[1]), numbers[2], numbers[3], fill) if numbers else None
    puppet = Puppet(portrait, Rig.from_arrays(parts["rig."]))
    return PreparedPortrait(portrait, puppet, (width, height), placement)


def _restorer(weights: Path | None) -> tuple[Restorer | None, str]:
    """The network of these weights, and what tells it from others in a cache key; None where it is unusable."""
    if weights is None:
        return None, ""
    from lipsync.face.real_esrgan import RealEsrgan  # noqa: PLC0415 - only where it is needed
    from lipsync.weights.fetch import sha256_of  # noqa: PLC0415

    try:
        return RealEsrgan(weights), f"realesrgan {sha256_of(weights)}"
    except LipsyncError as error:
        log.warning("Real-ESRGAN is not used, small portraits are only interpolated: %s", error)
        return None, ""
