"""The embedded voice: espeak-ng in this process. Robotic, but it provides the time of each phone.

The library is loaded afresh for every sentence (:mod:`lipsync.text.espeak_library` says why), so that the sound of a
sentence depends on nothing but the sentence.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lipsync.messages import Message
from lipsync.speech.engines.espeak_timing import PhonemeEvent, phones_from_events, words_from_events
from lipsync.speech.errors import SpeechFailedError, UnknownVoiceError
from lipsync.speech.time_stretch import time_stretch
from lipsync.speech.trim_silence import LEAD, PAUSE_AFTER, PAUSE_BEFORE, TAIL, scale_pauses, set_edges
from lipsync.speech.types import PLAIN, Speech, Style, VoiceInfo
from lipsync.text.errors import NothingToSayError
from lipsync.text.espeak_library import (
    CHARS_UTF8,
    INITIALIZE_PHONEME_EVENTS,
    INITIALIZE_PHONEME_IPA,
    SAMPLE_RATE,
    open_espeak,
)
from lipsync.text.languages import LANGUAGES, Language, resolve_language
from lipsync.text.split import split_sentences

if TYPE_CHECKING:
    from lipsync.settings import Settings

RATE = SAMPLE_RATE
"""Sample rate in Hz of all voices."""

_GAIN = 0.8
"""Gain that leaves 2 dB of headroom, so that the overshoot of a lossy codec does not clip."""
_FADE_S = 0.004
"""Seconds of the fade at both ends of a sentence, which avoids clicks."""

# speak_lib.h of espeak-ng 1.52
_PARAMETER_RATE, _PARAMETER_PITCH = 1, 3
_EVENT_END, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7
_SEED = 1

_SPEEDS = (0.613, 0.724, 0.857, 1.0, 1.266, 1.398, 1.658, 1.884, 2.113, 2.289, 2.617, 2.94)
_RATES = (80, 100, 120, 140, 180, 200, 240, 280, 320, 350, 400, 449)
"""Measured speed at each setting of espeak-ng's words per minute, on three languages; above 449 it truncates sounds.
At 140, a paragraph has 170 English or 140 Russian words per minute, pauses included: that is speed 1."""
_SEMITONES = (-6.2, -4.9, -3.4, -1.7, 0.0, 1.9, 4.1, 6.5, 8.5)
_PITCHES = (0, 12, 25, 38, 50, 62, 75, 88, 99)
"""Measured pitch shift in semitones at each setting of espeak-ng's pitch, for both voices in Russian and English. The
formants do not move."""

_VARIANTS = {"espeak-male": "", "espeak-female": "+f3"}


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


def espeak_voice(settings: Settings) -> EspeakVoice:  # noqa: ARG001 - the signature of all engines
    """Create the engine. A missing library is reported when it speaks."""
    return EspeakVoice()


class EspeakVoice:
    """espeak-ng as a Voice: ``espeak-male`` (the default) and ``espeak-female``, in every language of LANGUAGES."""

    name = "espeak"
    styles = frozenset({"speed", "pitch", "pause"})

    def voices(self) -> list[VoiceInfo]:
        """The two voices."""
        codes = tuple(language.code for language in LANGUAGES)
        return [
            VoiceInfo(name, self.name, codes, Message(f"voice.{name}").texts(), name.removeprefix("espeak-"))
            for name in _VARIANTS
        ]

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether the language is in LANGUAGES, and the voice one of the two."""
        return (voice is None or voice in _VARIANTS) and language in {known.code for known in LANGUAGES}

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - the signature of all engines
        """Empty: synthesis is faster than reading the cache."""
        return ""

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:
        """Speak ``text``, as returned by clean_text: one Speech per sentence, at 22050 Hz, deterministically.

        ``language`` is a code or a name. Raises UnknownLanguageError or UnknownVoiceError at once; SpeechFailedError,
        InstallationError or NothingToSayError while speaking.
        """
        resolved = resolve_language(language)
        chosen = voice or next(iter(_VARIANTS))
        if chosen not in _VARIANTS:
            raise UnknownVoiceError("unknown_voice", voice=chosen[:40], known=", ".join(_VARIANTS))
        return _speak(text, resolved, chosen, style)


def _speak(text: str, language: Language, voice: str, style: Style) -> Iterator[Speech]:
    pending: _Utterance | None = None
    lead = LEAD
    for sentence in split_sentences(text, language.code):
        utterance = _synthesize(sentence, language.espeak + _VARIANTS[voice], style)
        if not utterance.has_sound:
            continue
        if pending is not None:
            yield _speech(pending, lead, PAUSE_AFTER * style.pause / style.speed, language.code, voice, style)
            lead = PAUSE_BEFORE * style.pause / style.speed
        pending = utterance
    if pending is None:
        raise NothingToSayError("nothing_to_say")
    yield _speech(pending, lead, TAIL, language.code, voice, style)


@dataclass(frozen=True)
class _Utterance:
    """Output of the library for one sentence."""

    text: str
    samples: NDArray[np.float32]
    """(n,) float32 in [-1, 1]."""
    phonemes: list[PhonemeEvent]
    word_starts: list[tuple[int, int]]
    """Index of the first character and of the first sample of each word."""

    @property
    def has_sound(self) -> bool:
        return any(event.symbol for event in self.phonemes) and bool(self.samples.any())


def _speech(
    utterance: _Utterance, lead: float, tail: float, language: str, voice: str, style: Style = PLAIN
) -> Speech:
    """The utterance as Speech, with ``lead`` seconds of silence before it and ``tail`` after it."""
    phones = phones_from_events(utterance.phonemes, utterance.samples, RATE)
    word_starts = [(character, sample / RATE) for character, sample in utterance.word_starts]
    words = words_from_events(utterance.text, word_starts, phones)
    speech = Speech(_fade_ends(utterance.samples), RATE, tuple(phones), utterance.text, language, voice, words)
    return set_edges(time_stretch(scale_pauses(speech, style.pause), *_remainder(style)), lead, tail)


def _remainder(style: Style) -> tuple[float, float]:
    """Speed factor and semitones that remain beyond the range of espeak-ng itself."""
    native = min(max(style.speed, _SPEEDS[0]), _SPEEDS[-1])
    return style.speed / native, style.pitch - min(max(style.pitch, _SEMITONES[0]), _SEMITONES[-1])


def _fade_ends(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) with a fade where the sound begins and ends: espeak-ng cuts a final s off."""
    sound = np.flatnonzero(samples)
    faded = samples.copy()
    ramp = np.linspace(0, 1, min(round(_FADE_S * RATE), len(sound)), dtype=np.float32)
    faded[sound[0] : sound[0] + len(ramp)] *= ramp
    faded[sound[-1] + 1 - len(ramp) : sound[-1] + 1] *= ramp[::-1]
    return faded


def _synthesize(sentence: str, espeak_voice: str, style: Style = PLAIN) -> _Utterance:
    """Synthesize one sentence. ``espeak_voice`` is a voice and a variant, e.g. ``ru+f3``. Raises
    SpeechFailedError."""
    chunks: list[bytes] = []
    phonemes: list[PhonemeEvent] = []
    word_starts: list[tuple[int, int]] = []

    def receive(wave: int | None, count: int, events: ctypes._Pointer[_Event]) -> int:
        if wave and count > 0:
            chunks.append(ctypes.string_at(wave, 2 * count))
        index = 0
        while (event := events[index]).type != _EVENT_END:
            if event.type == _EVENT_PHONEME:
                # a name of exactly eight bytes has no zero after it, a longer one may be cut inside a character
                name = bytes(event.id.string).decode("utf-8", "ignore")
                phonemes.append(PhonemeEvent(name, event.sample))
            elif event.type == _EVENT_WORD:
                word_starts.append((event.text_position - 1, event.sample))
            index += 1
        return 0

    callback = _Callback(receive)
    encoded = sentence.encode("utf-8") + b"\0"
    with open_espeak(INITIALIZE_PHONEME_EVENTS | INITIALIZE_PHONEME_IPA) as library:
        library.espeak_SetSynthCallback(callback)
        status = library.espeak_SetVoiceByName(espeak_voice.encode())
        library.espeak_SetParameter(_PARAMETER_RATE, round(np.interp(style.speed, _SPEEDS, _RATES)), 0)
        library.espeak_SetParameter(_PARAMETER_PITCH, round(np.interp(style.pitch, _SEMITONES, _PITCHES)), 0)
        library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
        status = status or library.espeak_Synth(encoded, len(encoded), 0, 0, 0, CHARS_UTF8, None, None)
    if status != 0:
        raise SpeechFailedError("speech_failed")
    samples = np.frombuffer(b"".join(chunks), np.int16).astype(np.float32) * np.float32(_GAIN / 32768)
    return _Utterance(sentence, samples, phonemes, word_starts)
