"""Whether each part of conversations works now, by asking it and by the last answers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lipsync.conversation.service import ConversationService

log = logging.getLogger(__name__)

RECENT_S = 60.0
"""Seconds for which a part that failed in an answer does not count as working, unless it works again before: a voice
that hangs, or a process that was killed, cannot be recognized without using it."""
_NEEDED = ("tts", "lipsync")
"""Parts without which nothing is spoken; the others have fallbacks."""


class RecentFailures:
    """Which parts failed in the last answers. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` returns seconds."""
        self._clock = clock
        self._failed_at: dict[str, float] = {}

    def note(self, failed: Iterable[str], used: Iterable[str]) -> None:
        """Those of the ``used`` parts that are not among the ``failed`` ones work."""
        now, broken = self._clock(), frozenset(failed)
        for part in used:
            if part not in broken:
                self._failed_at.pop(part, None)
        for part in broken:
            self._failed_at[part] = now

    @contextmanager
    def watch(self, part: str) -> Iterator[None]:
        """Note whether ``part``, which the block uses, works: it fails where the block raises."""
        try:
            yield
        except Exception:
            self.note((part,), ())
            raise
        self.note((), (part,))

    def names(self) -> frozenset[str]:
        """The parts that failed within RECENT_S and have not worked since."""
        now = self._clock()
        return frozenset(part for part, at in list(self._failed_at.items()) if now - at < RECENT_S)


@dataclass(frozen=True)
class PartsHealth:
    """The state of all parts."""

    works: dict[str, bool]
    """Whether ``llm``, ``tts``, ``lipsync``, ``motion`` and ``stt`` work without a fallback."""
    can_speak: bool
    """Whether an answer can be spoken, by a fallback if need be."""


async def check_health(conversations: ConversationService) -> PartsHealth:
    """The health of ``conversations``, for its event loop; raises nothing."""

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
    failed = conversations.failures.names()
    return PartsHealth(
        {part: is_working and part not in failed for part, is_working in works.items()},
        can_speak=all(works[part] for part in _NEEDED),
    )


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
