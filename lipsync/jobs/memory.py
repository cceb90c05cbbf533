"""How much memory there is, and how much a video will take: work waits, or is refused, before the system kills all.

What one video takes, above what the server has anyway, was measured as the peak of the resident memory of a fresh
process (Linux, one video of eight seconds; in MB), beside what is estimated here:

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

The length of the text and the frame rate change nothing of it. Two things want memory, one after the other: to decode
the file, by its pixels (Pillow decodes a JPEG at a fraction of its size, but holds the coefficients of a progressive
one; libwebp works on a copy; 16 bits become 32; AVIF and HEIC take up to 14 bytes a pixel with 10 bits, 4:4:4 and
alpha), and to draw, by the pixels of the video. How large a small face will be enlarged is not known before it is
found, so the largest is taken. (A video as the avatar took 165 MB at 720x916;
its frames lie in a file, LIPSYNC_FACE_MAPS_MB is for all, and its size is bounded when it is read.)
"""

from __future__ import annotations

import ctypes
import gc
import logging
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock

import psutil  # type: ignore[import-untyped]

from lipsync.errors import LipsyncError
from lipsync.media.decode import is_video
from lipsync.settings import Settings

log = logging.getLogger(__name__)

_DRAWING = (32.0, 70.0)
"""MB, and MB for a million pixels of the video."""
_DECODING = 65.0
"""MB, beside those of the pixels."""
_MOST_FACTOR = 3.0
"""How many times as long a small picture may become (lipsync/face/enlarge.py)."""
_RETURN = 5.0
"""Seconds after which memory is given back to the system once more while too little of it is free."""
_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


# --- what there is


@dataclass(frozen=True)
class Memory:
    """Of this machine, or of the container where that has less. Bytes."""

    total: int
    free: int
    """What can be had without swapping: caches of files count as free."""


def memory() -> Memory:
    """What there is now."""
    machine = psutil.virtual_memory()
    found = [Memory(machine.total, machine.available), *cgroup_limits()]
    return Memory(min(one.total for one in found), max(0, min(one.free for one in found)))


def cgroup_limits(own: Path = _OWN_CGROUP, root: Path = _CGROUPS) -> list[Memory]:
    """The limits of the control groups that this process is in, of version 2 and of version 1, up to the outermost.

    Seen from inside of a container the path of its group may not be there: then the root is its group.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:  # not Linux
        return []
    limits: list[Memory] = []
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0" and not controllers:
            names = ("memory.max", "memory.current", ("active_file", "inactive_file"))
            limits += _limits_below(root, path, *names)
        elif "memory" in controllers.split(","):
            names = (
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                ("total_active_file", "total_inactive_file"),
            )
            limits += _limits_below(root / "memory", path, *names)
    return limits


def _limits_below(root: Path, path: str, most: str, used: str, caches: tuple[str, str]) -> list[Memory]:
    folder = root / path.lstrip("/")
    limits = []
    for group in (folder, *folder.parents):
        if not group.is_relative_to(root):
            break
        try:
            limit = int((group / most).read_text())  # "max" is none
            usage = int((group / used).read_text())
            stat = (group / "memory.stat").read_text()
        except (OSError, ValueError):
            continue
        cached = sum(int(found) for name in caches for found in re.findall(rf"^{name} (\d+)$", stat, re.MULTILINE))
        limits.append(Memory(limit, limit - usage + cached))
    return limits


def vram() -> Memory | None:
    """The memory of the GPU, where torch is already using one; what torch keeps for later counts as free."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return None
    free, total = torch.cuda.mem_get_info()
    return Memory(total, free + torch.cuda.memory_reserved() - torch.cuda.memory_allocated())


# --- whether a video may be begun


class Floor:
    """Says whether enough memory is free to begin with another video. Safe for many threads."""

    def __init__(
        self,
        settings: Settings,
        *,
        memory: Callable[[], Memory] = memory,
        vram: Callable[[], Memory | None] = vram,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._memory, self._vram, self._clock = settings, memory, vram, clock
        self._lock = Lock()
        self._returned: float | None = None
        self.reason: str | None = None
        """What :meth:`holds` said last."""
        self.waits = 0
        """How often work had to wait."""

    def holds(self) -> str | None:
        """Why no video may be begun now, for the log; None: one may."""
        with self._lock:
            reason = self._short()
            if reason is not None and self._may_return():
                _return_memory()  # what this process has freed, but keeps
                reason = self._short()
            if reason is not None and self.reason is None:
                self.waits += 1
            self.reason = reason
            return reason

    def _short(self) -> str | None:
        wanted = (
            ("memory", self._memory(), self._settings.memory_floor_mb),
            ("memory of the GPU", self._vram(), self._settings.vram_floor_mb),
        )
        for what, there, floor in wanted:
            if there is not None and there.free < floor * 1e6:
                return f"{there.free / 1e6:.0f} MB of {what} are free, {floor:g} must be"
        return None

    def _may_return(self) -> bool:
        now = self._clock()
        if self._returned is not None and now - self._returned < _RETURN:
            return False
        self._returned = now
        return True


def _return_memory() -> None:
    """Give back to the system, and to the GPU's other users, what is kept for later."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        try:
            ctypes.CDLL(None).malloc_trim(0)
        except AttributeError:  # a C library that has no such call
            log.debug("there is no malloc_trim")


# --- what a video takes


@dataclass(frozen=True)
class Header:
    """What the first bytes of a picture file say."""

    width: int
    height: int
    format: str
    """Pillow's name."""
    mode: str
    """Pillow's name; those with transparency in a palette have an A here."""


def read_header(data: bytes) -> Header | None:
    """The header of a picture file, without decoding it; None for what is no picture of ours, or damaged."""
    from PIL import Image  # noqa: PLC0415 - nothing heavy loads at import

    from lipsync.face.picture import readers_for  # noqa: PLC0415

    Image.init()
    for name in readers_for(data):
        # Not by Image.open: its own limit of pixels is a global that read_picture sets aside, under a lock.
        factory, accept = Image.OPEN[name]
        try:
            if accept is not None and accept(data[:16]) is True:
                with factory(BytesIO(data), "") as image:
                    clear = "A" if "transparency" in image.info and not image.mode.endswith("A") else ""
                    return Header(image.width, image.height, name, image.mode + clear)
        except Exception:  # whatever a damaged file makes of a reader: what is wrong is said when it is read
            return None
    return None


def needed(picture: Header, settings: Settings) -> float:
    """MB that a video of this picture takes at most, whatever draws it."""
    longest = max(picture.width, picture.height)
    drawn = min(settings.max_side, longest * _MOST_FACTOR) / longest
    base, each = _DRAWING
    drawing = base + each * picture.width * picture.height * drawn**2 / 1e6
    return max(drawing, _DECODING + _bytes_a_pixel(picture) * picture.width * picture.height / 1e6)


def _bytes_a_pixel(picture: Header) -> float:
    if picture.format in ("WEBP", "AVIF", "HEIF"):
        return 15.0
    if picture.mode.startswith(("I", "F")):
        return 14.0
    if picture.format == "JPEG":
        return 4.0
    return 6.0 if picture.mode.endswith("A") else 5.0


def check_memory(data: bytes, settings: Settings) -> None:
    """Refuse a picture whose video would take more memory than it may, or than there is. A broken one passes: what is
    wrong with it is said when it is read; so does a video, whose frames are bounded elsewhere.

    Raises LipsyncError: render_too_large, picture_too_large (more pixels than the settings allow).
    """
    if is_video(data):
        return
    picture = read_header(data)
    if picture is None:
        return
    if picture.width * picture.height > settings.max_megapixels * 1e6:
        facts = {"width": picture.width, "height": picture.height, "limit": f"{settings.max_megapixels:g}"}
        raise LipsyncError("picture_too_large", **facts)
    most = min(settings.render_max_mb, memory().total / 1e6)
    wanted = needed(picture, settings)
    if wanted > most:
        raise LipsyncError("render_too_large", needed=f"{wanted:.0f}", limit=f"{most:.0f}")
