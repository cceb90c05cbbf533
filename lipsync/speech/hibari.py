"""hibari-tts: a small English voice whose weights are in its wheel (14 MB, Apache-2.0); onnxruntime runs it.

The woman's voice is in the wheel; the man's is fetched (``lipsync models fetch hibari-fenrir``, 8 MB). The package
would download voices when they are first named: here it is always given a file, and never does.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.installation import needs_extra
from lipsync.models.catalogue import model
from lipsync.speech.languages import resolve_language
from lipsync.speech.pieces import speak_pieces
from lipsync.speech.types import PLAIN, Speech, Style, VoiceInfo

if TYPE_CHECKING:
    from lipsync.settings import Settings

RATE = 24000
"""Samples a second."""
HEART, FENRIR = "hibari-heart", "hibari-fenrir"
_INFOS = {
    HEART: VoiceInfo(HEART, "hibari", ("en",), {"en": "Heart (woman)", "ru": "Харт (женский)"}, "female"),
    FENRIR: VoiceInfo(FENRIR, "hibari", ("en",), {"en": "Fenrir (man)", "ru": "Фенрир (мужской)"}, "male"),
}

_SEED = 0
"""Of the noise in its consonants: the same text gives the same samples."""


def hibari_voice(settings: Settings) -> HibariVoice:
    """The engine, with the voices that are there. Raises LipsyncError missing_part: no package is installed."""
    if not all(importlib.util.find_spec(name) for name in ("hibari", "onnxruntime")):
        raise needs_extra("hibari-tts", "hibari")
    fenrir = model(FENRIR).found(settings.checkpoints)
    return HibariVoice({HEART: None} | ({FENRIR: fenrir} if fenrir else {}))


class HibariVoice:
    """hibari as a Voice: ``hibari-heart``, an American woman, and ``hibari-fenrir``, a man; each loaded once."""

    name = "hibari"
    styles: frozenset[str] = frozenset()

    def __init__(self, files: Mapping[str, Path | None]) -> None:
        """``files`` are those of the voices by name, None for the wheel's own."""
        self._files = files
        self._alone = threading.Lock()  # its pronunciation is looked up in tables that grow as it reads
        self._engines: dict[str, Any] = {}

    def load(self) -> None:
        """Load every voice, a second and a little. Raises LipsyncError missing_part."""
        with self._alone:
            for name in self._files:
                self._loaded(name)

    def voices(self) -> list[VoiceInfo]:
        """Those that are there."""
        return [_INFOS[name] for name in self._files]

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether it is English, and one of its voices or none."""
        return language == "en" and (voice is None or voice in self._files)

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - there is but one
        """Its version, the runtime's, and the sum of the voice's file where one was fetched."""
        marks = [f"{name} {importlib.metadata.version(name)}" for name in ("hibari-tts", "onnxruntime")]
        if voice is not None and self._files.get(voice):
            marks.append(model(voice).sha256)
        return " ".join(marks)

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:  # noqa: ARG002 - the chain changes the sound
        """One Speech for each sentence, 24000 samples a second; the same text gives the same samples.

        Raises LipsyncError at once for an ``unknown_language`` or an ``unknown_voice``; while speaking missing_part,
        nothing_to_say, voice_cannot_say (letters that are not Latin), speech_failed.
        """
        code = resolve_language(language).code
        if code != "en":
            raise LipsyncError("unknown_language", language=code, known="en")
        chosen = voice or next(iter(self._files))
        if chosen not in self._files:
            raise LipsyncError("unknown_voice", voice=chosen[:40], known=", ".join(self._files))
        return speak_pieces(text, code, chosen, RATE, lambda sentence: self._say(sentence, chosen))

    def _say(self, sentence: str, voice: str) -> NDArray[np.float32]:
        foreign = next((c for c in sentence if c.isalpha() and not _is_latin(c)), None)
        if foreign is not None:
            raise LipsyncError("voice_cannot_say", voice=voice, character=foreign)
        with self._alone:
            samples: NDArray[np.float32] = self._loaded(voice)(sentence, seed=_SEED)
        return samples

    def _loaded(self, voice: str) -> Any:
        if voice not in self._engines:
            others = next(iter(self._engines.values()), None)
            self._engines[voice] = _load(self._files[voice], others)
        return self._engines[voice]


def _is_latin(character: str) -> bool:
    return "LATIN" in unicodedata.name(character, "")


def _load(path: Path | None, other: Any) -> Any:
    """The voice in the file, None for the wheel's own; ``other`` is a loaded one, whose dictionary will do."""
    try:
        from hibari import Hibari  # noqa: PLC0415 - brings onnxruntime
    except ImportError as error:
        raise needs_extra("hibari-tts", "hibari") from error
    return Hibari(model=None if path is None else str(path), threads=1, g2p=None if other is None else other.g2p)
