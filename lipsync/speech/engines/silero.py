"""Silero: small, fast and clear voices, Russian (v4) and English (v3); for non-commercial use (CC BY-NC-SA 4.0).

Silero models are torch.package archives, which contain Python code that runs when they are loaded; ``weights_only``
does not exist for them. So a file is loaded only if its SHA-256 is the one in the catalogue, and the bytes that were
checked are the bytes that are loaded. Their code was reviewed: regular expressions on the text, and calls of the
TorchScript network.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import threading
import unicodedata
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lipsync.messages import Message
from lipsync.runtime.errors import InstallationError
from lipsync.runtime.installation import needs_torch
from lipsync.runtime.threads import torch_threads
from lipsync.speech.errors import SpeechFailedError, UnknownVoiceError, VoiceError
from lipsync.speech.segments import synthesize_by_sentence
from lipsync.speech.types import PLAIN, Speech, Style, VoiceInfo
from lipsync.storage.errors import StorageError
from lipsync.text.errors import UnknownLanguageError
from lipsync.text.languages import resolve_language
from lipsync.weights.catalogue import model
from lipsync.weights.errors import CorruptDownloadError

if TYPE_CHECKING:
    from lipsync.settings import Settings

RATE = 48000
"""Sample rate in Hz; the models also support 24000 and 8000."""

_MODELS = {"ru": "silero-ru", "en": "silero-en"}
"""Name of the model in the catalogue, by language."""
_SPEAKERS = {
    "ru": {
        "xenia": "female",
        "eugene": "male",
        "aidar": "male",
        "baya": "female",
        "kseniya": "female",
    },
    # Of the 118 numbered speakers: those of the first thirty with the least noise and distinct pitches.
    "en": {
        "en_0": "female",
        "en_2": "male",
        "en_5": "female",
        "en_20": "male",
    },
}
"""Sex by language and speaker. The files' ``random`` makes up a speaker that nobody can name."""


_ACUTE = "\N{COMBINING ACUTE ACCENT}"


def silero_voice(settings: Settings) -> SileroVoice:
    """Create the engine with the languages whose files are in the folder of weights.

    Raises InstallationError if torch is missing, or no model file is present.
    """
    if importlib.util.find_spec("torch") is None:
        raise needs_torch("Silero")
    files = {language: model(name).paths(settings.checkpoints)[0] for language, name in _MODELS.items()}
    present = {language: path for language, path in files.items() if path.is_file()}
    if not present:
        remedy = " / ".join(f"lipsync models fetch {name}" for name in _MODELS.values())
        raise InstallationError("missing_part", part="Silero", remedy=remedy)
    alone = threading.Lock()  # shared: one sentence at a time takes one core, the other cores render video
    return SileroVoice({language: _Model(_MODELS[language], path, alone) for language, path in present.items()})


class SileroVoice:
    """Silero as a Voice: ``silero-xenia`` and four others in Russian, ``silero-en-0`` and three others in English."""

    name = "silero"
    styles: frozenset[str] = frozenset()

    def __init__(self, models: dict[str, _Model]) -> None:
        self._models = models
        self._speakers = {
            language: {f"silero-{speaker.replace('_', '-')}": speaker for speaker in _SPEAKERS[language]}
            for language in models
        }
        """Name of the speaker in the model, by language and name of the voice."""

    def load(self) -> None:
        """Load all models, a third of a second each after PyTorch itself. Raises LipsyncError as :meth:`speak`."""
        for network in self._models.values():
            network.load()

    def voices(self) -> list[VoiceInfo]:
        """The voices of the languages whose models are present."""
        return [
            VoiceInfo(name, self.name, (language,), Message(f"voice.{name}").texts(), _SPEAKERS[language][speaker])
            for language, speakers in self._speakers.items()
            for name, speaker in speakers.items()
        ]

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether the model of the language is present, and the voice, if any, is one of its speakers."""
        speakers = self._speakers.get(language, {})
        return bool(speakers) and (voice is None or voice in speakers)

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - one file per language
        """SHA-256 of the model of the language, and the version of PyTorch."""
        import torch  # noqa: PLC0415 - heavy

        return f"{model(_MODELS[language]).sha256} torch {torch.__version__}"

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:  # noqa: ARG002 - the chain changes the sound
        """Speak ``text``: one Speech per sentence, at 48000 Hz, deterministically.

        Raises UnknownLanguageError or UnknownVoiceError at once; while speaking CorruptDownloadError, StorageError,
        InstallationError, NothingToSayError, SpeechFailedError, and VoiceError for letters or digits that the model
        would skip.
        """
        code = resolve_language(language).code
        speakers = self._speakers.get(code)
        if speakers is None:
            raise UnknownLanguageError("unknown_language", language=code, known=", ".join(self._speakers))
        chosen = voice or next(iter(speakers))
        if chosen not in speakers:
            raise UnknownVoiceError("unknown_voice", voice=chosen[:40], known=", ".join(speakers))
        network, speaker = self._models[code], speakers[chosen]
        return synthesize_by_sentence(
            text, code, chosen, RATE, lambda sentence: network.synthesize(sentence, speaker, chosen)
        )


class _Model:
    """One model file, loaded on first use; the lock ``alone`` admits one sentence at a time."""

    def __init__(self, name: str, path: Path, alone: threading.Lock) -> None:
        self._name, self._path, self._alone = name, path, alone
        self._network: Any = None

    def load(self) -> None:
        with self._alone:
            self._require_network()

    def synthesize(self, sentence: str, speaker: str, voice: str) -> NDArray[np.float32]:
        """(n,) float32 samples at RATE Hz."""
        import torch  # noqa: PLC0415 - heavy

        with self._alone:
            network = self._require_network()
            text = spell_for_network(sentence, network.symbols, voice)
            # With optimization, TorchScript compiles the network during each of its first two texts: five seconds
            # each, and no faster afterwards.
            with torch_threads(1), torch.inference_mode(), torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
                try:
                    sound = network.apply_tts(
                        text=text, speaker=speaker, sample_rate=RATE, put_accent=True, put_yo=True
                    )
                except (AssertionError, ValueError) as error:  # raised by the model's code for unusable text
                    raise SpeechFailedError("speech_failed") from error
            samples: NDArray[np.float32] = sound.numpy().astype(np.float32, copy=True)
        return samples

    def _require_network(self) -> Any:
        if self._network is None:
            self._network = load_verified(self._name, self._path)
        return self._network


def load_verified(name: str, path: Path) -> Any:
    """Load the network in a file after checking its SHA-256 against the catalogue.

    Raises CorruptDownloadError, StorageError, InstallationError.
    """
    try:
        import torch  # noqa: PLC0415 - heavy
        from torch.package import PackageImporter  # type: ignore[attr-defined]  # noqa: PLC0415
    except ImportError as error:
        raise needs_torch("Silero") from error
    entry = model(name)
    try:
        with path.open("rb") as file:
            data = file.read(entry.size + 1)
    except OSError as error:
        raise StorageError("cannot_read", place=path, reason=error.strerror) from error
    found = hashlib.sha256(data).hexdigest()
    if found != entry.sha256:
        looks = Message("looks.same_name")
        raise CorruptDownloadError(
            "wrong_sum", file=path, model=name, found=found, expected=entry.sha256, looks=looks
        )
    with torch.set_grad_enabled(torch.is_grad_enabled()):  # the model's code switches gradients off globally
        return PackageImporter(BytesIO(data)).load_pickle("tts_models", "model")


def spell_for_network(sentence: str, symbols: str, voice: str) -> str:
    """Rewrite ``sentence`` in the characters that the network knows, ``symbols``; it silently skips all others.

    A stressed vowel (за́мок) becomes “+” and the vowel (з+амок); unknown accents are removed (café); Russian letters
    are kept. Raises VoiceError for any other letter or digit.
    """
    known = set(symbols)
    text = unicodedata.normalize("NFC", sentence).replace("’", "'").replace("+", " ")
    if "+" in known:
        text = re.sub(f"([аеёиоуыэюя]){_ACUTE}", r"+\1", text, flags=re.IGNORECASE)
    spelled = []
    for character in text:
        plain = character
        if character.lower() not in known:
            plain = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
        skipped = next((c for c in plain if c.isalnum() and c.lower() not in known), None)
        if skipped is not None:
            raise VoiceError("voice_cannot_say", voice=voice, character=skipped)
        spelled.append(plain)
    return "".join(spelled)
