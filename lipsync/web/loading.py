"""Loading the service beside the server, so that it answers "loading" instead of not answering."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Unpack

from lipsync.errors import LANGUAGES, LipsyncError
from lipsync.logs import WHOLE
from lipsync.speech.types import Speech, VoiceInfo

if TYPE_CHECKING:
    from lipsync.cloning import Cloning
    from lipsync.order import Checked, Wanted
    from lipsync.portraits import Origin
    from lipsync.progress import Progress
    from lipsync.speech.fallback import Fallback

log = logging.getLogger(__name__)


class Clip(Protocol):
    """What the web needs to know of a finished video."""

    @property
    def path(self) -> Path: ...
    @property
    def subtitles(self) -> Path | None:
        """The file of its subtitles, where they were asked for."""
        ...

    @property
    def duration(self) -> float:
        """Seconds."""
        ...

    @property
    def frames(self) -> int: ...
    @property
    def width(self) -> int:
        """Pixels."""
        ...

    @property
    def height(self) -> int:
        """Pixels."""
        ...

    @property
    def fps(self) -> int: ...
    @property
    def language(self) -> str:
        """Code: ``ru``."""
        ...

    @property
    def voice(self) -> str:
        """Name of the voice that began to speak."""
        ...

    @property
    def fallbacks(self) -> Sequence[Fallback]:
        """Voices that could not go on."""
        ...

    @property
    def avatar(self) -> str:
        """Its name; ``picture`` for one of the caller's own."""
        ...

    @property
    def engine(self) -> str:
        """``puppet``."""
        ...

    @property
    def portrait(self) -> Origin:
        """Where the prepared portrait came from."""
        ...

    @property
    def timings(self) -> Mapping[str, float]:
        """Seconds by stage."""
        ...


class Service(Protocol):
    """What the web needs of a service: :class:`lipsync.service.LipsyncService` is one."""

    @property
    def ready(self) -> bool: ...
    @property
    def cloning(self) -> Cloning: ...
    def load(self) -> None: ...
    def status(self) -> Mapping[str, object]: ...
    def voices(self) -> Sequence[VoiceInfo]: ...
    def absent_voices(self) -> Mapping[str, LipsyncError]: ...
    def speak(
        self,
        *,
        text: str,
        language: str | None = None,
        voice: str | None = None,
        speed: float | None = None,
        sex: str = "",
    ) -> Iterator[Speech]: ...
    def check(self, **wanted: Unpack[Wanted]) -> Checked: ...
    def generate(
        self,
        *,
        output: Path | None = None,
        stream: Path | None = None,
        progress: Progress | None = None,
        **wanted: Unpack[Wanted],
    ) -> Clip: ...


class Loading:
    """A service that loads in a thread of its own, and how far it is."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._reason: object = None

    def start(self) -> None:
        """Begin to load, once, in the process that will serve (a thread does not survive a fork)."""
        if not self._service.ready:
            threading.Thread(target=self._load, name="load", daemon=True).start()

    def _load(self) -> None:
        try:
            self._service.load()
        except LipsyncError as error:
            log.exception("the service could not load", extra=WHOLE)
            self._reason = {language: error.sentence(language) for language in LANGUAGES}
        except Exception as error:
            log.exception("the service could not load", extra=WHOLE)
            self._reason = f"{type(error).__name__}: {error}"

    @property
    def failure(self) -> LipsyncError | None:
        """Why it did not load; None while it loads and when it has."""
        return None if self._reason is None else LipsyncError("failed_to_load", reason=self._reason)

    def service(self) -> Service:
        """The loaded service. Raises ``not_ready`` while it loads, ``failed_to_load`` when it cannot."""
        if failure := self.failure:
            raise failure
        if not self._service.ready:
            raise LipsyncError("not_ready")
        return self._service

    def status(self) -> dict[str, object]:
        """What ``/api/health`` shows: the service's own status under ``status`` ready, loading or failed."""
        state = "failed" if self.failure else "ready" if self._service.ready else "loading"
        return {"models_loaded": False, "avatar_loaded": False, **self._service.status(), "status": state}
