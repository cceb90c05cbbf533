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

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.speech.espeak_phones import Mark, phones_of
from lipsync.speech.languages import LANGUAGES, Language, resolve_language
from lipsync.speech.text import sentences
from lipsync.speech.types import PLAIN, Phone, Speech, Style, VoiceInfo

RATE = 22050
"""Samples a second, of all of its voices."""

WORDS_PER_MINUTE = 140
"""As espeak-ng counts them; a paragraph then has 170 English or 140 Russian words a minute, pauses included."""
LEAD = 0.25
"""Seconds of silence before the first sentence, so that the portrait is seen at rest."""
TAIL = 0.45
"""Seconds of silence after the last sentence."""
PAUSE_AFTER, PAUSE_BEFORE = 0.26, 0.16
"""Seconds of silence after and before each sentence inside a text."""

_GAIN = 0.8
"""2 dB of room, so that the overshoot of a lossy codec does not clip."""
_FADE = 0.004
"""Seconds of fade at both ends of a sentence: it never starts or stops with a click."""

# speak_lib.h of espeak-ng 1.52
_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA, _DONT_EXIT = 1 << 0, 1 << 1, 1 << 15
_PARAMETER_RATE = 1
_CHARS_UTF8 = 1
_EVENT_END, _EVENT_PHONEME = 0, 7
_SEED = 1

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


class EspeakVoice:
    """espeak-ng as a Voice: ``espeak-male`` (the default) and ``espeak-female`` in every language of the table."""

    name = "espeak"
    styles = frozenset({"speed", "pitch", "pause"})

    def voices(self) -> list[VoiceInfo]:
        """The two voices."""
        codes = tuple(language.code for language in LANGUAGES)
        return [VoiceInfo(name, self.name, codes, dict(_LABELS[name])) for name in _VARIANTS]

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
        return _speak(text, known, chosen)


def _speak(text: str, language: Language, voice: str) -> Iterator[Speech]:
    pending: _Utterance | None = None
    lead = LEAD
    for sentence in sentences(text, language.code):
        utterance = _synthesise(sentence, language.espeak + _VARIANTS[voice])
        if not utterance.has_sound:
            continue
        if pending is not None:
            yield _speech(pending, lead, PAUSE_AFTER, language.code, voice)
            lead = PAUSE_BEFORE
        pending = utterance
    if pending is None:
        raise LipsyncError("nothing_to_say")
    yield _speech(pending, lead, TAIL, language.code, voice)


@dataclass(frozen=True)
class _Utterance:
    """What the library said for one sentence."""

    text: str
    samples: NDArray[np.float32]
    """(n,) in [-1, 1]."""
    marks: list[Mark]

    @property
    def has_sound(self) -> bool:
        return any(mark.symbol for mark in self.marks) and bool(self.samples.any())


def _speech(utterance: _Utterance, lead: float, tail: float, language: str, voice: str) -> Speech:
    """The utterance with ``lead`` seconds of silence before it and ``tail`` after it."""
    before, after = round(lead * RATE), round(tail * RATE)
    samples = _faded(utterance.samples)
    phones = phones_of(utterance.marks, utterance.samples, RATE)
    total = before + len(samples) + after
    spans = [Phone(p.symbol, p.start + before / RATE, p.end + before / RATE) for p in phones]
    spans = [Phone("", 0.0, spans[0].start), *spans, Phone("", spans[-1].end, total / RATE)]
    return Speech(np.pad(samples, (before, after)), RATE, tuple(spans), utterance.text, language, voice)


def _faded(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) with ramps where the sound begins and ends: espeak-ng cuts a final s off."""
    sound = np.flatnonzero(samples)
    faded = samples.copy()
    ramp = np.linspace(0, 1, min(round(_FADE * RATE), len(sound)), dtype=np.float32)
    faded[sound[0] : sound[0] + len(ramp)] *= ramp
    faded[sound[-1] + 1 - len(ramp) : sound[-1] + 1] *= ramp[::-1]
    return faded


def _synthesise(sentence: str, espeak_voice: str) -> _Utterance:
    """Speak one sentence with a library of its own. ``espeak_voice`` is a voice and a variant: ``ru+f3``."""
    chunks: list[bytes] = []
    marks: list[Mark] = []

    def receive(wave: int | None, count: int, events: ctypes._Pointer[_Event]) -> int:
        if wave and count > 0:
            chunks.append(ctypes.string_at(wave, 2 * count))
        index = 0
        while (event := events[index]).type != _EVENT_END:
            if event.type == _EVENT_PHONEME:
                # a name of exactly eight bytes has no zero after it, a longer one may be cut inside a character
                name = bytes(event.id.string).decode("utf-8", "ignore")
                marks.append(Mark(name, event.sample))
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
            library.espeak_SetParameter(_PARAMETER_RATE, WORDS_PER_MINUTE, 0)
            library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
            status = status or library.espeak_Synth(encoded, len(encoded), 0, 0, 0, _CHARS_UTF8, None, None)
            library.espeak_Terminate()
        finally:
            dlclose(library._handle)
    if status != 0:
        raise LipsyncError("speech_failed")
    samples = np.frombuffer(b"".join(chunks), np.int16).astype(np.float32) * np.float32(_GAIN / 32768)
    return _Utterance(sentence, samples, marks)


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
