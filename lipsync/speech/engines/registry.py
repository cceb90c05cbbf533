"""Registry of the voice engines: each is created once, on first use."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol, runtime_checkable

from lipsync.errors import LipsyncError
from lipsync.runtime.time_limit import TimeLimitedExecutor
from lipsync.settings import Settings
from lipsync.speech.errors import SpeechFailedError
from lipsync.speech.types import Voice

log = logging.getLogger(__name__)

EngineFactory = Callable[[Settings], Voice]
"""Creates an engine quickly, without loading it. Raises LipsyncError if it cannot be used here."""


def _lazy_factory(module: str, function: str) -> EngineFactory:
    def create(settings: Settings) -> Voice:
        voice: Voice = getattr(importlib.import_module(module), function)(settings)
        return voice

    return create


ENGINE_FACTORIES: Mapping[str, EngineFactory] = {
    name: _lazy_factory(f"lipsync.speech.engines.{name}", f"{name}_voice")
    for name in ("xtts", "remote", "hibari", "silero", "espeak")
}
"""Factories of all engines by name, in the default order of preference; modules are imported on first use."""


@runtime_checkable
class Preloadable(Protocol):
    """An engine that takes long to load."""

    def load(self) -> None:
        """Load the engine once; later calls return at once. Thread-safe. Raises LipsyncError."""
        ...


@dataclass
class EngineEntry:
    """One engine, or the reason why it is unavailable."""

    name: str
    voice: Voice | None = None
    problem: LipsyncError | None = None
    """Why the engine is unavailable; None if it is available."""
    executor: TimeLimitedExecutor = field(default_factory=TimeLimitedExecutor)
    loaded: bool = False


class EngineRegistry:
    """Engines by name, each created once. Thread-safe."""

    def __init__(self, settings: Settings, factories: Mapping[str, EngineFactory] = ENGINE_FACTORIES) -> None:
        self._settings, self._factories = settings, factories
        self._locks = {name: Lock() for name in factories}
        self._entries: dict[str, EngineEntry] = {}

    def get(self, name: str) -> EngineEntry:
        """The engine ``name``, created on the first call."""
        with self._locks[name]:
            entry = self._entries.get(name)
            if entry is None:
                entry = self._entries[name] = self._create(name)
        return entry

    def _create(self, name: str) -> EngineEntry:
        try:
            return EngineEntry(name, self._factories[name](self._settings))
        except LipsyncError as error:
            problem = error
        except Exception as error:  # a broken engine must not prevent the others from speaking
            log.warning("the voice engine %s cannot be used", name, exc_info=True)
            problem = SpeechFailedError("voice_failed", voice=name, reason=f"{type(error).__name__}: {error}"[:200])
        log.info("the voice engine %s is not available: %s", name, problem)
        return EngineEntry(name, problem=problem)
