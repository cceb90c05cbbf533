"""Whether each part of conversations works now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor, Future
from threading import Lock

log = logging.getLogger(__name__)

PARTS = ("llm", "tts", "lipsync", "motion", "stt")
"""Names of the parts."""


class KnownHealth:
    """Whether each part worked when it was checked last. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._works = dict.fromkeys(PARTS, True)
        self._check: Future[dict[str, bool]] | None = None

    @property
    def works(self) -> dict[str, bool]:
        """The result of the last check; before the first one every part is taken to work. Waits for nothing."""
        return dict(self._works)

    def note(self, works: Mapping[str, bool]) -> None:
        """A check has had this result."""
        self._works = dict(works)

    def refresh(self, check: Callable[[], Future[dict[str, bool]]]) -> None:
        """Begin a ``check``, whose result goes to :meth:`note`, unless one goes on."""
        with self._lock:
            if self._check is None or self._check.done():
                self._check = check()


async def check_parts(
    think: Callable[[], Awaitable[bool]],
    probes: Mapping[str, Callable[[], bool]],
    executor: Executor,
    max_s: float,
) -> dict[str, bool]:
    """Whether ``llm``, checked by ``think`` in this event loop, and each part of ``probes``, checked in ``executor``,
    works. A part that raises, or takes longer than ``max_s`` seconds, does not."""
    loop = asyncio.get_running_loop()

    async def check(work: Callable[[], Awaitable[bool]]) -> bool:
        try:
            async with asyncio.timeout(max_s):
                return await work()
        except Exception as error:
            log.debug("a part of conversations does not work: %s", error)
            return False

    async def probe(work: Callable[[], bool]) -> bool:
        return await loop.run_in_executor(executor, work)

    works = await asyncio.gather(
        check(think),
        *(check(lambda work=work: probe(work)) for work in probes.values()),  # type: ignore[misc]
    )
    return dict(zip(("llm", *probes), works, strict=True))
