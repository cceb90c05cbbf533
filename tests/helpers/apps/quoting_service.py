"""What gunicorn serves in tests/runtime/test_logs.py: the real service, with a voice and a mistake that quote all
they are
given, as others' code does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lipsync.pipeline.request import VideoRequest
from lipsync.pipeline.result import RenderedVideo
from lipsync.pipeline.service import LipsyncService
from lipsync.server.app import create_app
from lipsync.settings import Settings
from lipsync.speech.types import PLAIN, Speech, Style
from tests.speech.fake_engines import FakeEngine, engine_factories


class Quoting(FakeEngine):
    """Fails, and says of what."""

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:
        raise ValueError(f"cannot say {text!r} in {language}, {voice}, {style}")


class Careless(LipsyncService):
    """Has a mistake in it, for texts that begin with Explode."""

    def generate(self, request: VideoRequest, **files: Any) -> RenderedVideo:  # type: ignore[override]
        if request.text.startswith("Explode"):
            try:
                {}[request.text]
            except KeyError as error:
                raise RuntimeError(f"no {request}") from error
        return super().generate(request, **files)


settings = Settings()
app = create_app(settings, Careless(settings, engine_factories(Quoting("xtts"))))
