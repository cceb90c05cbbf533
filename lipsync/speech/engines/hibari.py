"""hibari-tts: a small English voice whose weights are in its wheel (14 MB, Apache-2.0); onnxruntime runs it.

The female voice is in the wheel; the male voice is fetched (``lipsync models fetch hibari-fenrir``, 8 MB). The
package downloads voices when they are first named; here it always gets a file, so it never does.
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

from lipsync.messages import Message
from lipsync.runtime.installation import needs_extra
from lipsync.speech.errors import UnknownVoiceError, VoiceError
from lipsync.speech.segments import synthesize_by_sentence
from lipsync.speech.types import PLAIN, Speech, Style, VoiceInfo
from lipsync.text.errors import UnknownLanguageError
from lipsync.text.languages import resolve_language
from lipsync.weights.catalogue import model

if TYPE_CHECKING:
    from lipsync.settings import Settings

RATE = 24000
"""Sample rate in Hz."""
HEART, FENRIR = "hibari-heart", "hibari-fenrir"
_SEXES = {HEART: "female", FENRIR: "male"}

_SEED = 0
"""Seed of the noise in consonants, so that the same text gives the same samples."""


def hibari_voice(settings: Settings) -> HibariVoice:
    """Create the engine with the voices that are present. Raises InstallationError if a package is missing."""
    if not all(importlib.util.find_spec(name) for name in ("hibari", "onnxruntime")):
        raise needs_extra("hibari-tts", "hibari")
    fenrir = model(FENRIR).find(settings.checkpoints)
    return HibariVoice({HEART: None} | ({FENRIR: fenrir} if fenrir else {}))


class HibariVoice:
    """hibari as a Voice: ``hibari-heart`` (female) and ``hibari-fenrir`` (male), American English; each loaded
    once."""

    name = "hibari"
    styles: frozenset[str] = frozenset()

    def __init__(self, files: Mapping[str, Path | None]) -> None:
        """``files`` are the model files by name of the voice, None for the one in the wheel."""
        self._files = files
        self._alone = threading.Lock()  # its pronunciation dictionary grows while it reads
        self._engines: dict[str, Any] = {}

    def load(self) -> None:
        """Load all voices in about a second. Raises InstallationError."""
        with self._alone:
            for name in self._files:
                self._require_engine(name)

    def voices(self) -> list[VoiceInfo]:
        """Those that are there."""
        return [
            VoiceInfo(name, self.name, ("en",), Message(f"voice.{name}").texts(), _SEXES[name])
            for name in self._files
        ]

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether the language is English, and the voice one of its own or None."""
        return language == "en" and (voice is None or voice in self._files)

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - there is only one
        """Versions of the package and of onnxruntime, and the SHA-256 of the voice if it was fetched."""
        parts = [f"{name} {importlib.metadata.version(name)}" for name in ("hibari-tts", "onnxruntime")]
        if voice is not None and self._files.get(voice):
            parts.append(model(voice).sha256)
        return " ".join(parts)

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:  # noqa: ARG002 - the chain changes the sound
        """Speak ``text``: one Speech per sentence, at 24000 Hz, deterministically.

        Raises UnknownLanguageError or UnknownVoiceError at once; while speaking InstallationError, NothingToSayError,
        SpeechFailedError, and VoiceError for letters that are not Latin.
        """
        code = resolve_language(language).code
        if code != "en":
            raise UnknownLanguageError("unknown_language", language=code, known="en")
        chosen = voice or next(iter(self._files))
        if chosen not in self._files:
            raise UnknownVoiceError("unknown_voice", voice=chosen[:40], known=", ".join(self._files))
        return synthesize_by_sentence(text, code, chosen, RATE, lambda sentence: self._synthesize(sentence, chosen))

    def _synthesize(self, sentence: str, voice: str) -> NDArray[np.float32]:
        not_latin = next((c for c in sentence if c.isalpha() and not _is_latin(c)), None)
        if not_latin is not None:
            raise VoiceError("voice_cannot_say", voice=voice, character=not_latin)
        with self._alone:
            samples: NDArray[np.float32] = self._require_engine(voice)(sentence, seed=_SEED)
        return samples

    def _require_engine(self, voice: str) -> Any:
        if voice not in self._engines:
            loaded = next(iter(self._engines.values()), None)
            self._engines[voice] = _load(self._files[voice], loaded)
        return self._engines[voice]


def _is_latin(character: str) -> bool:
    return "LATIN" in unicodedata.name(character, "")


def _load(path: Path | None, loaded: Any) -> Any:
    """Load the voice in a file (None: the one in the wheel); shares the dictionary of a ``loaded`` voice, if any."""
    try:
        from hibari import Hibari  # noqa: PLC0415 - brings onnxruntime
    except ImportError as error:
        raise needs_extra("hibari-tts", "hibari") from error
    return Hibari(model=None if path is None else str(path), threads=1, g2p=None if loaded is None else loaded.g2p)
