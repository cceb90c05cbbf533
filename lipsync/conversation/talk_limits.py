"""How many talk at once, and what of the picture is given up where the machine is too slow for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from lipsync.conversation.errors import TalkLimitError
from lipsync.conversation.live_video import MIN_SPEED

RETRY_AFTER_S = 10
"""Seconds after which a caller who was refused may ask again: the length of a short answer."""


class TalkSlots:
    """The places of those who talk. Thread-safe."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self.taken = 0
        """How many talk now."""

    def check(self) -> None:
        """Raise TalkLimitError too_many_talks where no place is free."""
        if self.taken >= self._limit:
            raise TalkLimitError("too_many_talks", limit=self._limit, seconds=RETRY_AFTER_S)

    def acquire(self) -> None:
        """Take a place. Raises TalkLimitError too_many_talks."""
        with self._lock:
            self.check()
            self.taken += 1

    def release(self) -> None:
        """Give a place back."""
        with self._lock:
            self.taken -= 1

    @contextmanager
    def slot(self) -> Iterator[None]:
        """A place during the block. Raises TalkLimitError too_many_talks."""
        self.acquire()
        try:
            yield
        finally:
            self.release()


@dataclass(frozen=True)
class PictureLevel:
    """What of the picture is made."""

    max_fps: int
    scale: float
    """Factor of the width and height of the picture."""
    degraded: str | None
    """The part of an answer that is named in ``degraded``."""

    @property
    def has_video(self) -> bool:
        """Whether there is any picture."""
        return self.scale > 0


LEVELS = (
    PictureLevel(60, 1.0, None),
    PictureLevel(15, 1.0, "fps"),
    PictureLevel(15, 0.5, "size"),
    PictureLevel(15, 0.0, "video"),
)
"""From the whole picture to none."""
_RECOVERY_SPEED = 2.0
"""Seconds of film a second of work from which on the next better level may be tried."""
_RECOVERY_ANSWERS = 3
"""Consecutive answers of that speed, or answers without a picture, before it is tried."""


class Overload:
    """Chooses the level of the picture by how fast the last answers were drawn. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._level = 0
        self._good = 0

    @property
    def level(self) -> PictureLevel:
        """The level of the next answer."""
        return LEVELS[self._level]

    def drawn(self, film_s: float, spent_s: float) -> None:
        """An answer of ``film_s`` seconds of film was drawn in ``spent_s`` seconds of work."""
        if film_s <= 0 or spent_s <= 0:
            return
        speed = film_s / spent_s
        with self._lock:
            if speed < MIN_SPEED:
                self._level, self._good = min(self._level + 1, len(LEVELS) - 1), 0
            elif speed >= _RECOVERY_SPEED:
                self._recover()
            else:
                self._good = 0

    def skipped(self) -> None:
        """An answer had no picture, because this level has no video."""
        with self._lock:
            self._recover()

    def _recover(self) -> None:
        self._good += 1
        if self._good >= _RECOVERY_ANSWERS:
            self._level, self._good = max(0, self._level - 1), 0
