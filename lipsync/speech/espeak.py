"""The embedded voice: espeak-ng in this process, from the wheel espeakng-loader. Robotic, but it knows each phone.

espeak-ng keeps state from one utterance to the next (the phase of its pitch flutter, the gain control), which no
function of its interface resets: the second time, the same text sounds a little different. So the library is loaded
afresh for every sentence and unloaded after it, 3 ms; a sentence's sound then depends on nothing but the sentence.
"""

from __future__ import annotations

import ctypes
import threading
from _ctypes import dlclose
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.speech.edges import LEAD, PAUSE_AFTER, PAUSE_BEFORE, TAIL, with_edges, with_pauses
from lipsync.speech.espeak_phones import Mark, phones_of
from lipsync.speech.espeak_words import words_of
from lipsync.speech.languages import LANGUAGES, Language, resolve_language
from lipsync.speech.stretch import stretched
from lipsync.speech.text import sentences
from lipsync.speech.types import PLAIN, Speech, Style, VoiceInfo

if TYPE_CHECKING:
    from lipsync.settings import Settings

RATE = 22050
"""Samples a second, of all of its voices."""

_GAIN = 0.8
"""2 dB of room, so that the overshoot of a lossy codec does not clip."""
_FADE = 0.004
"""Seconds of fade at both ends of a sentence: it never starts or stops with a click."""

# speak_lib.h of espeak-ng 1.52
_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA, _DONT_EXIT = 1 << 0, 1 << 1, 1 << 15
_PARAMETER_RATE, _PARAMETER_PITCH = 1, 3
_CHARS_UTF8 = 1
_EVENT_END, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7
_SEED = 1

_SPEEDS = (0.613, 0.724, 0.857, 1.0, 1.266, 1.398, 1.658, 1.884, 2.113, 2.289, 2.617, 2.94)
_RATES = (80, 100, 120, 140, 180, 200, 240, 280, 320, 350, 400, 449)
"""How fast it really speaks at each setting of its words a minute, measured on three languages; above 449 it cuts.
At 140 a paragraph has 170 English or 140 Russian words a minute, pauses included: that is speed 1."""
_SEMITONES = (-6.2, -4.9, -3.4, -1.7, 0.0, 1.9, 4.1, 6.5, 8.5)
_PITCHES = (0, 12, 25, 38, 50, 62, 75, 88, 99)
"""The same of its pitch, in Russian and English, by both voices; its formants stay."""

_VARIANTS = {"espeak-male": "", "espeak-female": "+f3"}
_LABELS = {
    "espeak-male": {"en": "Man (robot voice)", "ru": "Мужской (робот)"},
    "espeak-female": {"en": "Woman (robot voice)", "ru": "Женский (робот)"},
}


class _Identifier(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    """espeak_EVENT."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identifier),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))

_alone = threading.Lock()
"""The library has one state in a process: one sentence at a time."""


def espeak_voice(settings: Settings) -> EspeakVoice:  # noqa: ARG001 - every engine is made of the settings
    """The engine; what is missing is said when it speaks."""
    return EspeakVoice()


class EspeakVoice:
    """espeak-ng as a Voice: ``espeak-male`` (the default) and ``espeak-female`` in every language of the table."""

    name = "espeak"
    styles = frozenset({"speed", "pitch", "pause"})

    def voices(self) -> list[VoiceInfo]:
        """The two voices."""
        codes = tuple(language.code for language in LANGUAGES)
        return [
            VoiceInfo(name, self.name, codes, dict(_LABELS[name]), name.removeprefix("espeak-")) for name in _VARIANTS
        ]

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether the language is in the table, and the voice one of the two."""
        return (voice is None or voice in _VARIANTS) and language in {one.code for one in LANGUAGES}

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - as every engine
        """Empty: it speaks faster than a cached sound is read."""
        return ""

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:
        """One Speech for each sentence of ``text``, 22050 samples a second; the same text gives the same samples.

        ``language`` is a code or a name, ``text`` what clean_text returned. Raises LipsyncError at once for an
        ``unknown_language`` or an ``unknown_voice``, and ``speech_failed`` or ``nothing_to_say`` while speaking.
        """
        known = resolve_language(language)
        chosen = voice or next(iter(_VARIANTS))
        if chosen not in _VARIANTS:
            raise LipsyncError("unknown_voice", voice=chosen[:40], known=", ".join(_VARIANTS))
        return _speak(text, known, chosen, style)


def _speak(text: str, language: Language, voice: str, style: Style) -> Iterator[Speech]:
    pending: _Utterance | None = None
    lead = LEAD
    for sentence in sentences(text, language.code):
        utterance = _synthesise(sentence, language.espeak + _VARIANTS[voice], style)
        if not utterance.has_sound:
            continue
        if pending is not None:
            yield _speech(pending, lead, PAUSE_AFTER * style.pause / style.speed, language.code, voice, style)
            lead = PAUSE_BEFORE * style.pause / style.speed
        pending = utterance
    if pending is None:
        raise LipsyncError("nothing_to_say")
    yield _speech(pending, lead, TAIL, language.code, voice, style)


@dataclass(frozen=True)
class _Utterance:
    """What the library said for one sentence."""

    text: str
    samples: NDArray[np.float32]
    """(n,) in [-1, 1]."""
    marks: list[Mark]
    starts: list[tuple[int, int]]
    """Of words: index of the character, index of the sample."""

    @property
    def has_sound(self) -> bool:
        return any(mark.symbol for mark in self.marks) and bool(self.samples.any())


def _speech(
    utterance: _Utterance, lead: float, tail: float, language: str, voice: str, style: Style = PLAIN
) -> Speech:
    """The utterance with ``lead`` seconds of silence before it and ``tail`` after it."""
    phones = phones_of(utterance.marks, utterance.samples, RATE)
    words = words_of(utterance.text, [(place, sample / RATE) for place, sample in utterance.starts], phones)
    said = Speech(_faded(utterance.samples), RATE, tuple(phones), utterance.text, language, voice, words)
    return with_edges(stretched(with_pauses(said, style.pause), *_remainder(style)), lead, tail)


def _remainder(style: Style) -> tuple[float, float]:
    """Speed and pitch that are left to do when espeak-ng has done what it can."""
    native = min(max(style.speed, _SPEEDS[0]), _SPEEDS[-1])
    return style.speed / native, style.pitch - min(max(style.pitch, _SEMITONES[0]), _SEMITONES[-1])


def _faded(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) with ramps where the sound begins and ends: espeak-ng cuts a final s off."""
    sound = np.flatnonzero(samples)
    faded = samples.copy()
    ramp = np.linspace(0, 1, min(round(_FADE * RATE), len(sound)), dtype=np.float32)
    faded[sound[0] : sound[0] + len(ramp)] *= ramp
    faded[sound[-1] + 1 - len(ramp) : sound[-1] + 1] *= ramp[::-1]
    return faded


def _synthesise(sentence: str, espeak_voice: str, style: Style = PLAIN) -> _Utterance:
    """Speak one sentence with a library of its own. ``espeak_voice`` is a voice and a variant: ``ru+f3``."""
    chunks: list[bytes] = []
    marks: list[Mark] = []
    starts: list[tuple[int, int]] = []

    def receive(wave: int | None, count: int, events: ctypes._Pointer[_Event]) -> int:
        if wave and count > 0:
            chunks.append(ctypes.string_at(wave, 2 * count))
        index = 0
        while (event := events[index]).type != _EVENT_END:
            if event.type == _EVENT_PHONEME:
                # a name of exactly eight bytes has no zero after it, a longer one may be cut inside a character
                name = bytes(event.id.string).decode("utf-8", "ignore")
                marks.append(Mark(name, event.sample))
            elif event.type == _EVENT_WORD:
                starts.append((event.text_position - 1, event.sample))
            index += 1
        return 0

    callback = _Callback(receive)
    encoded = sentence.encode("utf-8") + b"\0"
    with _alone:
        library_path, data_path = _places()
        library = ctypes.CDLL(str(library_path))
        try:
            rate = library.espeak_Initialize(
                _SYNCHRONOUS, 200, str(data_path).encode(), _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
            )
            if rate != RATE:
                raise LipsyncError("missing_part", part="espeak-ng data", remedy="pip install espeakng-loader")
            library.espeak_SetSynthCallback(callback)
            status = library.espeak_SetVoiceByName(espeak_voice.encode())
            library.espeak_SetParameter(_PARAMETER_RATE, round(np.interp(style.speed, _SPEEDS, _RATES)), 0)
            library.espeak_SetParameter(_PARAMETER_PITCH, round(np.interp(style.pitch, _SEMITONES, _PITCHES)), 0)
            library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
            status = status or library.espeak_Synth(encoded, len(encoded), 0, 0, 0, _CHARS_UTF8, None, None)
            library.espeak_Terminate()
        finally:
            dlclose(library._handle)
    if status != 0:
        raise LipsyncError("speech_failed")
    samples = np.frombuffer(b"".join(chunks), np.int16).astype(np.float32) * np.float32(_GAIN / 32768)
    return _Utterance(sentence, samples, marks, starts)


def _places() -> tuple[Path, Path]:
    """The library and its data, in the wheel."""
    try:
        import espeakng_loader  # noqa: PLC0415 - only the one who speaks needs it
    except ImportError as error:
        raise LipsyncError("missing_part", part="espeak-ng", remedy="pip install espeakng-loader") from error
    library, data = Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path())
    if not library.is_file() or not data.is_dir():
        raise LipsyncError("missing_part", part="espeak-ng", remedy="pip install --force-reinstall espeakng-loader")
    return library, data
