"""Silero: small, fast and clear voices, Russian (v4) and English (v3); for non-commercial use (CC BY-NC-SA 4.0).

Its files are torch.package archives. Such a file is not mere weights: it brings Python code, which runs when it is
loaded, and PyTorch's ``weights_only`` does not exist for it. So no file is ever loaded but the one whose sha256 our
catalogue states; the bytes whose sum was checked are the ones that are loaded. That code has been read: regular
expressions over the text, and calls of the TorchScript network beside it.
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

from lipsync.errors import LipsyncError
from lipsync.installation import needs_torch
from lipsync.models.catalogue import model
from lipsync.speech.languages import resolve_language
from lipsync.speech.pieces import speak_pieces
from lipsync.speech.types import PLAIN, Speech, Style, VoiceInfo
from lipsync.threads import torch_threads

if TYPE_CHECKING:
    from lipsync.settings import Settings

RATE = 48000
"""Samples a second; it also knows 24000 and 8000."""

_MODELS = {"ru": "silero-ru", "en": "silero-en"}
"""Names in the catalogue by language."""
_SPEAKERS = {
    "ru": {
        "xenia": ("female", "Xenia", "Ксения"),
        "eugene": ("male", "Eugene", "Евгений"),
        "aidar": ("male", "Aidar", "Айдар"),
        "baya": ("female", "Baya", "Бая"),
        "kseniya": ("female", "Kseniya", "Ксения 2"),
    },
    # Of 118, whose names are numbers, those of the first thirty with the least noise and pitches that are apart.
    "en": {
        "en_0": ("female", "English 0", "Английский 0"),
        "en_2": ("male", "English 2", "Английский 2"),
        "en_5": ("female", "English 5", "Английский 5"),
        "en_20": ("male", "English 20", "Английский 20"),
    },
}
"""Speakers by language: sex, name in English, in Russian. The files' ``random`` makes up one that nobody can name."""


_ACUTE = "\N{COMBINING ACUTE ACCENT}"


def silero_voice(settings: Settings) -> SileroVoice:
    """The engine with the languages whose files are in the folder of weights.

    Raises LipsyncError: needs_torch, missing_part (no file is there).
    """
    if importlib.util.find_spec("torch") is None:
        raise needs_torch("Silero")
    files = {language: model(name).places(settings.checkpoints)[0] for language, name in _MODELS.items()}
    here = {language: path for language, path in files.items() if path.is_file()}
    if not here:
        remedy = " / ".join(f"lipsync models fetch {name}" for name in _MODELS.values())
        raise LipsyncError("missing_part", part="Silero", remedy=remedy)
    alone = threading.Lock()  # for both: one sentence takes a core, and the others belong to the pictures
    return SileroVoice({language: _Model(_MODELS[language], path, alone) for language, path in here.items()})


class SileroVoice:
    """Silero as a Voice: ``silero-xenia`` and four more in Russian, ``silero-en-0`` and three more in English."""

    name = "silero"
    styles: frozenset[str] = frozenset()

    def __init__(self, models: dict[str, _Model]) -> None:
        self._models = models
        self._speakers = {
            language: {f"silero-{speaker.replace('_', '-')}": speaker for speaker in _SPEAKERS[language]}
            for language in models
        }
        """By language, by the voice's name, its name in the file."""

    def load(self) -> None:
        """Load every file, a third of a second each after PyTorch itself. Raises LipsyncError as :meth:`speak`."""
        for one in self._models.values():
            one.load()

    def voices(self) -> list[VoiceInfo]:
        """Those of the languages that are there."""
        return [
            _info(name, language, *_SPEAKERS[language][speaker])
            for language, speakers in self._speakers.items()
            for name, speaker in speakers.items()
        ]

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether the language's file is there and the voice, if one is named, is of that language."""
        speakers = self._speakers.get(language, {})
        return bool(speakers) and (voice is None or voice in speakers)

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - all are in one file
        """The sum of the language's file, and PyTorch's version."""
        import torch  # noqa: PLC0415 - heavy

        return f"{model(_MODELS[language]).sha256} torch {torch.__version__}"

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:  # noqa: ARG002 - the chain changes the sound
        """One Speech for each sentence, 48000 samples a second; the same text gives the same samples.

        Raises LipsyncError at once for an ``unknown_language`` or an ``unknown_voice``; while speaking wrong_sum,
        cannot_read, needs_torch, nothing_to_say, voice_cannot_say (letters or digits that it would leave out),
        speech_failed.
        """
        code = resolve_language(language).code
        speakers = self._speakers.get(code)
        if speakers is None:
            raise LipsyncError("unknown_language", language=code, known=", ".join(self._speakers))
        chosen = voice or next(iter(speakers))
        if chosen not in speakers:
            raise LipsyncError("unknown_voice", voice=chosen[:40], known=", ".join(speakers))
        network, speaker = self._models[code], speakers[chosen]
        return speak_pieces(text, code, chosen, RATE, lambda sentence: network.say(sentence, speaker, chosen))


class _Model:
    """One file, loaded when it is first needed; one sentence at a time, by the lock ``alone``."""

    def __init__(self, name: str, path: Path, alone: threading.Lock) -> None:
        self._name, self._path, self._alone = name, path, alone
        self._network: Any = None

    def load(self) -> None:
        with self._alone:
            self._loaded()

    def say(self, sentence: str, speaker: str, voice: str) -> NDArray[np.float32]:
        """(n,) at RATE."""
        import torch  # noqa: PLC0415 - heavy

        with self._alone:
            network = self._loaded()
            text = sayable(sentence, network.symbols, voice)
            # Optimised, TorchScript compiles the network twice, during its first two texts: five seconds each,
            # and no faster afterwards.
            with torch_threads(1), torch.inference_mode(), torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
                try:
                    sound = network.apply_tts(
                        text=text, speaker=speaker, sample_rate=RATE, put_accent=True, put_yo=True
                    )
                except (AssertionError, ValueError) as error:  # what its code raises for a text it cannot use
                    raise LipsyncError("speech_failed") from error
            samples: NDArray[np.float32] = sound.numpy().astype(np.float32, copy=True)
        return samples

    def _loaded(self) -> Any:
        if self._network is None:
            self._network = load_checked(self._name, self._path)
        return self._network


def load_checked(name: str, path: Path) -> Any:
    """The file's network, if the file is the catalogue's. Raises LipsyncError wrong_sum, cannot_read, needs_torch."""
    try:
        import torch  # noqa: PLC0415 - heavy
        from torch.package import PackageImporter  # type: ignore[attr-defined]  # noqa: PLC0415
    except ImportError as error:
        raise needs_torch("Silero") from error
    wanted = model(name)
    try:
        with path.open("rb") as file:
            data = file.read(wanted.size + 1)
    except OSError as error:
        raise LipsyncError("cannot_read", place=path, reason=error.strerror) from error
    found = hashlib.sha256(data).hexdigest()
    if found != wanted.sha256:
        looks = {"en": "it is another file of that name", "ru": "это другой файл с тем же именем"}
        raise LipsyncError("wrong_sum", file=path, model=name, found=found, expected=wanted.sha256, looks=looks)
    with torch.set_grad_enabled(torch.is_grad_enabled()):  # its code switches gradients off and leaves them so
        return PackageImporter(BytesIO(data)).load_pickle("tts_models", "model")


def sayable(sentence: str, symbols: str, voice: str) -> str:
    """``sentence`` in the characters that the network knows, ``symbols``: it leaves all others out without a word.

    A stressed vowel (за́мок) is written as it has it (з+амок), accents that it does not know are taken off (café);
    the letters of Russian stay whole. Raises LipsyncError voice_cannot_say for any other letter or digit.
    """
    known = set(symbols)
    text = unicodedata.normalize("NFC", sentence).replace("’", "'").replace("+", " ")
    if "+" in known:
        text = re.sub(f"([аеёиоуыэюя]){_ACUTE}", r"+\1", text, flags=re.IGNORECASE)
    said = []
    for character in text:
        plain = character
        if character.lower() not in known:
            plain = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
        lost = next((c for c in plain if c.isalnum() and c.lower() not in known), None)
        if lost is not None:
            raise LipsyncError("voice_cannot_say", voice=voice, character=lost)
        said.append(plain)
    return "".join(said)


def _info(name: str, language: str, sex: str, english: str, russian: str) -> VoiceInfo:
    woman = sex == "female"
    labels = {
        "en": f"{english} ({'woman' if woman else 'man'})",
        "ru": f"{russian} ({'женский' if woman else 'мужской'})",
    }
    return VoiceInfo(name, SileroVoice.name, (language,), labels, sex)
