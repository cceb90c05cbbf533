"""Guard against running out of memory: jobs wait while too little is free, and too large pictures are refused.

Memory of one video above what the server holds anyway, measured as the peak of the resident memory of a fresh process
(Linux, one video of eight seconds; in MB), beside the estimate of :func:`estimate_render_bytes`:

============================================  ======  =======  =========
picture                                       puppet  Wav2Lip  estimated
============================================  ======  =======  =========
512x512 (enlarged to 652x652)                     51       65        197
1024x1024                                         82                 290
1024x1305                                        112       97        234
1440x1440                                        128                 290
1920x1920                                        287      240        290
12 MP JPEG, shrunk to 1506x1920                  230                 234
24 MP PNG                                        231                 235
50 MP JPEG, plain, turned or with ICC            228      227        265
50 MP JPEG, progressive or CMYK                  232                 265
50 MP PNG with a palette                         230                 315
50 MP PNG, BMP or TIFF, RGB                      266                 315
50 MP PNG, RGBA                                  307                 365
50 MP PNG, 16 bits of grey                       710                 765
50 MP WebP                                       759                 815
50 MP GIF                                        132                 315
50 MP AVIF                                       441                 815
50 MP HEIC                                       350                 815
============================================  ======  =======  =========

The length of the text and the frame rate do not matter. Memory is needed twice, one after the other. First to decode
the file, by its pixels (Pillow decodes a JPEG at a fraction of its size, but holds the coefficients of a progressive
one; libwebp works on a copy; 16 bits become 32; AVIF and HEIC take up to 14 bytes a pixel with 10 bits, 4:4:4 and
alpha). Then to draw, by the pixels of the video. How much a small face will be enlarged is not known before it is
detected, so the largest factor is assumed. (A video as the avatar took 165 MB at 720x916: its frames lie in a file,
LIPSYNC_FACE_MAPS_MB covers all of them, and its size is bounded when it is read.)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from lipsync.face.errors import PortraitError
from lipsync.face.framing import Size
from lipsync.face.picture_header import PictureHeader, read_header
from lipsync.jobs.errors import CapacityError
from lipsync.runtime.memory import Memory, available_memory, gpu_memory, release_memory
from lipsync.settings import Settings
from lipsync.video.decode import is_video

_DRAW_MB, _DRAW_BYTES_PER_PIXEL = 32.0, 70.0
"""Memory to draw: MB, and bytes for each pixel of the video."""
_ALPHA_BYTES_PER_PIXEL = 130.0
"""Memory that a transparent video takes beyond an opaque one, for each pixel of the video: above all for the two
encoders of VP9. A puppet of 1440x1440 takes 250 MB more."""
_DECODE_MB = 65.0
"""Memory to decode a picture, without that for its pixels."""
_MAX_UPSCALE = 3.0
"""Largest factor by which a small picture is enlarged (lipsync/face/upscale.py)."""
_MARGIN_FACTOR = 1.45
"""Most pixels of a cropped portrait with its margin, for each pixel of the video (lipsync/face/framing.py): a face
that fills a square."""
_RELEASE_INTERVAL_S = 5.0
"""Seconds between two attempts to give memory back to the system while too little of it is free."""


class MemoryGuard:
    """Tells whether enough memory is free to start another video. Safe for many threads."""

    def __init__(
        self,
        settings: Settings,
        *,
        memory: Callable[[], Memory] = available_memory,
        gpu: Callable[[], Memory | None] = gpu_memory,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._memory, self._gpu, self._clock = settings, memory, gpu, clock
        self._lock = Lock()
        self._released_at: float | None = None
        self.reason: str | None = None
        """Last result of :meth:`shortage`."""
        self.waits = 0
        """Number of times that jobs began to wait for memory."""

    def shortage(self) -> str | None:
        """Return why no video may start now, for the log, or None if one may."""
        with self._lock:
            reason = self._find_shortage()
            if reason is not None and self._may_release():
                release_memory()
                reason = self._find_shortage()
            if reason is not None and self.reason is None:
                self.waits += 1
            self.reason = reason
            return reason

    def _find_shortage(self) -> str | None:
        checks = (
            ("memory", self._memory(), self._settings.min_free_memory_mb),
            ("GPU memory", self._gpu(), self._settings.min_free_vram_mb),
        )
        for kind, memory, min_free_mb in checks:
            if memory is not None and memory.free < min_free_mb * 1e6:
                return f"only {memory.free / 1e6:.0f} MB of {kind} are free, the minimum is {min_free_mb:g} MB"
        return None

    def _may_release(self) -> bool:
        now = self._clock()
        if self._released_at is not None and now - self._released_at < _RELEASE_INTERVAL_S:
            return False
        self._released_at = now
        return True


def estimate_render_bytes(
    picture: PictureHeader, settings: Settings, size: Size | None = None, *, transparent: bool = False
) -> float:
    """Return the most memory that a video of this picture takes with any animator, in bytes.

    ``size``: width and height that the request wants; None: the picture's own, enlarged if its face is small.
    ``transparent``: the background is, so that the video has an alpha channel.
    """
    longer_side = max(picture.width, picture.height)
    scale = min(settings.max_side, longer_side * _MAX_UPSCALE) / longer_side
    pixels = picture.width * picture.height
    drawn = shown = pixels * scale**2
    if size is not None:  # the face is found in the enlarged picture, which is then cropped and scaled
        shown = size[0] * size[1]
        drawn = max(drawn, _MARGIN_FACTOR * shown)
    draw = _DRAW_MB * 1e6 + _DRAW_BYTES_PER_PIXEL * drawn + (_ALPHA_BYTES_PER_PIXEL * shown if transparent else 0)
    return max(draw, _DECODE_MB * 1e6 + _decode_bytes_per_pixel(picture) * pixels)


def _decode_bytes_per_pixel(picture: PictureHeader) -> float:
    if picture.format in ("WEBP", "AVIF", "HEIF"):
        return 15.0
    if picture.mode.startswith(("I", "F")):
        return 14.0
    if picture.format == "JPEG":
        return 4.0
    return 6.0 if picture.mode.endswith("A") else 5.0


def check_memory(data: bytes, settings: Settings, size: Size | None = None, *, transparent: bool = False) -> None:
    """Refuse a picture whose video would take more memory than the settings allow, or than the machine has.

    A damaged picture passes: its error is raised where it is decoded. So does a video, whose frames are bounded
    elsewhere. ``size`` and ``transparent`` are as in :func:`estimate_render_bytes`.

    Raises CapacityError render_too_large; PortraitError picture_too_large for too many pixels.
    """
    if is_video(data):
        return
    picture = read_header(data)
    if picture is None:
        return
    if picture.width * picture.height > settings.max_megapixels * 1e6:
        facts = {"width": picture.width, "height": picture.height, "limit": f"{settings.max_megapixels:g}"}
        raise PortraitError("picture_too_large", **facts)
    limit_mb = min(settings.max_render_mb, available_memory().total / 1e6)
    needed_mb = estimate_render_bytes(picture, settings, size, transparent=transparent) / 1e6
    if needed_mb > limit_mb:
        raise CapacityError("render_too_large", needed=f"{needed_mb:.0f}", limit=f"{limit_mb:.0f}")
