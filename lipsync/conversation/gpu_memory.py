"""The bound of GPU memory: above it a conversation unloads what is idle, and refuses a request before the driver
does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from lipsync.conversation.errors import TalkLimitError
from lipsync.runtime.memory import Memory, gpu_memory, release_memory

log = logging.getLogger(__name__)


class GpuMemoryBound:
    """Keeps the GPU memory in use below a bound. Thread-safe."""

    def __init__(
        self,
        max_mb: float,
        unload: Sequence[Callable[[], None]] = (),
        measure: Callable[[], Memory | None] = gpu_memory,
        release: Callable[[], None] = release_memory,
    ) -> None:
        """``unload`` are called in order, the cheapest to load again first, until the memory in use is below
        ``max_mb``; they unload only what is idle."""
        self._max_bytes, self._max_mb = max_mb * 1e6, max_mb
        self._unload, self._measure, self._release = tuple(unload), measure, release

    def usage_mb(self) -> tuple[float, float]:
        """Memory in use and in all, in MB; 0 and 0 where no GPU is used."""
        memory = self._measure()
        return (0.0, 0.0) if memory is None else ((memory.total - memory.free) / 1e6, memory.total / 1e6)

    def check(self) -> None:
        """Make room where the bound is exceeded. Raises TalkLimitError vram_full where that does not suffice."""
        if not self._is_exceeded():
            return
        for unload in self._unload:
            unload()
            self._release()
            if not self._is_exceeded():
                log.info("GPU memory was above the bound: idle models were unloaded")
                return
        used, _ = self.usage_mb()
        raise TalkLimitError("vram_full", used=round(used), limit=round(self._max_mb))

    def unload_all(self) -> None:
        """Free all that can be loaded again: before the process ends."""
        for unload in self._unload:
            unload()
        self._release()

    def _is_exceeded(self) -> bool:
        return self.usage_mb()[0] * 1e6 > self._max_bytes
