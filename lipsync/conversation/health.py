"""Whether each part of conversations works: what the last check and the last answers show, and the check itself."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lipsync.conversation.service import ConversationService

log = logging.getLogger(__name__)

PARTS = ("llm", "tts", "lipsync", "motion", "stt")
"""Names of the parts."""
RECENT_S = 60.0
"""Seconds for which a part that failed in an answer does not count as working, unless it works again before: a voice
that hangs, or a process that was killed, cannot be recognized without using it."""
_NEEDED = ("tts", "lipsync")
"""Parts without which nothing is spoken; the others have fallbacks."""


@dataclass(frozen=True)
class PartsHealth:
    """The state of all parts."""

    works: dict[str, bool]
    """Whether each of :data:`PARTS` works without a fallback."""
    can_speak: bool
    """Whether an answer can be spoken, by a fallback if need be."""


class HealthMonitor:
    """Whether each part works, by the last check and the last answers. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` returns seconds."""
        self._clock, self._lock = clock, Lock()
        self._checked = dict.fromkeys(PARTS, True)
        self._failed_at: dict[str, float] = {}
        self._check: Future[PartsHealth] | None = None

    def current(self) -> PartsHealth:
        """The result of the last check; a part that failed in an answer within RECENT_S, and has not worked in one
        since, does not work. Before the first check all parts are taken to work. Waits for no check.
        """
        now = self._clock()
        with self._lock:
            failed = {part for part, at in self._failed_at.items() if now - at < RECENT_S}
            return PartsHealth(
                {part: works and part not in failed for part, works in self._checked.items()},
                can_speak=all(self._checked[part] for part in _NEEDED),
            )

    def note_check(self, works: Mapping[str, bool]) -> None:
        """A check of all parts has had this result."""
        with self._lock:
            self._checked = dict(works)

    def note_use(self, failed: Iterable[str], used: Iterable[str]) -> None:
        """An answer has shown that the ``failed`` parts do not work, and that the other ``used`` ones do."""
        now, broken = self._clock(), frozenset(failed)
        with self._lock:
            for part in frozenset(used) - broken:
                self._failed_at.pop(part, None)
            self._failed_at |= dict.fromkeys(broken, now)

    @contextmanager
    def watch(self, part: str) -> Iterator[None]:
        """Note whether ``part``, which the block uses, works: it fails where the block raises."""
        try:
            yield
        except Exception:
            self.note_use((part,), ())
            raise
        self.note_use((), (part,))

    def refresh(self, check: Callable[[], Future[PartsHealth]]) -> None:
        """Begin a ``check``, which ends with :meth:`note_check`, unless the last one still runs."""
        with self._lock:
            if self._check is None or self._check.done():
                self._check = check()


async def check_health(conversations: ConversationService) -> PartsHealth:
    """Check all parts of ``conversations`` now, in its event loop, for :class:`HealthMonitor`; raises nothing."""

    def can_tts() -> bool:
        language = conversations.speaker(None).language
        return any(language in voice.languages for voice in conversations.service().voices())

    probes = {
        "tts": can_tts,
        "lipsync": lambda: conversations.service().ready,
        "motion": lambda: bool(conversations.motion.available_actions()),
        "stt": lambda: conversations.transcriber.health_check(),  # noqa: PLW0108 - the recognizer itself may be missing
    }
    # The responder itself may be missing.
    works = await check_parts(
        lambda: conversations.responder.health_check(),  # noqa: PLW0108
        probes,
        conversations.pool,
        conversations.limits.health_s,
    )
    conversations.health.note_check(works)
    return conversations.health.current()


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
