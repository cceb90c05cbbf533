"""The engines that this installation has: each is made once, when it is first wanted."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol, runtime_checkable

from lipsync.errors import LipsyncError
from lipsync.settings import Settings
from lipsync.speech.limited import Limited
from lipsync.speech.types import Voice

log = logging.getLogger(__name__)

Maker = Callable[[Settings], Voice]
"""Makes an engine, quickly; raises LipsyncError that says why it cannot be had."""


def _from(module: str, maker: str) -> Maker:
    def make(settings: Settings) -> Voice:
        voice: Voice = getattr(importlib.import_module(module), maker)(settings)
        return voice

    return make


MAKERS: Mapping[str, Maker] = {
    name: _from(f"lipsync.speech.{name}", f"{name}_voice")
    for name in ("xtts", "remote", "hibari", "silero", "espeak")
}
"""Every engine there is, by name; its module is imported when it is first wanted."""


@runtime_checkable
class Loads(Protocol):
    """An engine that has something slow to do before it can speak."""

    def load(self) -> None:
        """Do it, once; later calls do nothing. Many threads may call it. Raises LipsyncError."""
        ...


@dataclass
class Installed:
    """One engine, or why it is not there."""

    name: str
    voice: Voice | None = None
    problem: LipsyncError | None = None
    """Why it is not there."""
    limited: Limited = field(default_factory=Limited)
    loaded: bool = False


class Engines:
    """Engines by name. Safe for many threads: each engine is made once, whoever asks first."""

    def __init__(self, settings: Settings, makers: Mapping[str, Maker] = MAKERS) -> None:
        self._settings, self._makers = settings, makers
        self._locks = {name: Lock() for name in makers}
        self._known: dict[str, Installed] = {}

    def get(self, name: str) -> Installed:
        """The engine ``name``, made now if nobody has asked for it before."""
        with self._locks[name]:
            known = self._known.get(name)
            if known is None:
                known = self._known[name] = self._made(name)
        return known

    def _made(self, name: str) -> Installed:
        try:
            return Installed(name, self._makers[name](self._settings))
        except LipsyncError as error:
            problem = error
        except Exception as error:  # whatever is wrong with one engine, the others speak
            log.warning("the voice engine %s cannot be used", name, exc_info=True)
            problem = LipsyncError("voice_failed", voice=name, reason=f"{type(error).__name__}: {error}"[:200])
        log.info("the voice engine %s is not there: %s", name, problem)
        return Installed(name, problem=problem)
