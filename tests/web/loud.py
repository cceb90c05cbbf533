"""What gunicorn serves in tests/test_logs.py: the real service, with a voice and a mistake that quote all they are
given, as others' code does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lipsync.service import LipsyncService, Result
from lipsync.settings import Settings
from lipsync.speech.types import PLAIN, Speech, Style
from lipsync.web.app import create_app
from tests.speech.parrots import Parrot, makers


class Quoting(Parrot):
    """Fails, and says of what."""

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:
        raise ValueError(f"cannot say {text!r} in {language}, {voice}, {style}")


class Careless(LipsyncService):
    """Has a mistake in it, for texts that begin with Explode."""

    def generate(self, **wanted: Any) -> Result:  # type: ignore[override]
        if wanted["text"].startswith("Explode"):
            try:
                {}[wanted["text"]]
            except KeyError as error:
                raise RuntimeError(f"no {wanted}") from error
        return super().generate(**wanted)


settings = Settings()
app = create_app(settings, Careless(settings, makers(Quoting("xtts"))))
