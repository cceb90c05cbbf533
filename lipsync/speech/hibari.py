"""hibari-tts: a small English voice whose weights are in its wheel (14 MB, Apache-2.0); onnxruntime runs it.

Only the voice of the wheel is offered: the package would download the others when they are first named.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import threading
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.speech.languages import resolve_language
from lipsync.speech.pieces import speak_pieces
from lipsync.speech.types import PLAIN, Speech, Style, VoiceInfo

if TYPE_CHECKING:
    from lipsync.settings import Settings

RATE = 24000
"""Samples a second."""
VOICE = "hibari-heart"

_SEED = 0
"""Of the noise in its consonants: the same text gives the same samples."""
_REMEDY = "pip install 'lipsync[hibari]'"


def hibari_voice(settings: Settings) -> HibariVoice:  # noqa: ARG001 - every engine is made of the settings
    """The engine. Raises LipsyncError missing_part when the package is not installed."""
    if not all(importlib.util.find_spec(name) for name in ("hibari", "onnxruntime")):
        raise LipsyncError("missing_part", part="hibari-tts", remedy=_REMEDY)
    return HibariVoice()


class HibariVoice:
    """hibari as a Voice: ``hibari-heart``, an American woman. Loaded when it first speaks."""

    name = "hibari"
    styles: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self._alone = threading.Lock()  # its pronunciation is looked up in tables that grow as it reads
        self._engine: Any = None

    def load(self) -> None:
        """Load it, a second. Raises LipsyncError missing_part."""
        with self._alone:
            self._loaded()

    def voices(self) -> list[VoiceInfo]:
        """The one voice."""
        return [VoiceInfo(VOICE, self.name, ("en",), {"en": "Heart (woman)", "ru": "Харт (женский)"}, "female")]

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether it is English, and this voice or none."""
        return language == "en" and voice in (None, VOICE)

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - there is but one
        """Its version and the runtime's."""
        return " ".join(f"{name} {importlib.metadata.version(name)}" for name in ("hibari-tts", "onnxruntime"))

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:  # noqa: ARG002 - the chain changes the sound
        """One Speech for each sentence, 24000 samples a second; the same text gives the same samples.

        Raises LipsyncError at once for an ``unknown_language`` or an ``unknown_voice``; while speaking missing_part,
        nothing_to_say, voice_cannot_say (letters that are not Latin), speech_failed.
        """
        code = resolve_language(language).code
        if code != "en":
            raise LipsyncError("unknown_language", language=code, known="en")
        if voice not in (None, VOICE):
            raise LipsyncError("unknown_voice", voice=str(voice)[:40], known=VOICE)
        return speak_pieces(text, code, VOICE, RATE, self._say)

    def _say(self, sentence: str) -> NDArray[np.float32]:
        foreign = next((c for c in sentence if c.isalpha() and not _is_latin(c)), None)
        if foreign is not None:
            raise LipsyncError("voice_cannot_say", voice=VOICE, character=foreign)
        with self._alone:
            samples: NDArray[np.float32] = self._loaded()(sentence, seed=_SEED)
        return samples

    def _loaded(self) -> Any:
        if self._engine is None:
            self._engine = _load()
        return self._engine


def _is_latin(character: str) -> bool:
    return "LATIN" in unicodedata.name(character, "")


def _load() -> Any:
    try:
        from hibari import Hibari  # noqa: PLC0415 - brings onnxruntime
    except ImportError as error:
        raise LipsyncError("missing_part", part="hibari-tts", remedy=_REMEDY) from error
    return Hibari(threads=1)
