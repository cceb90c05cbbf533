"""Forced alignment: the time of each phone in the speech of any engine.

espeak-ng synthesizes the same text, dynamic time warping aligns its sound with the given one, and the phone times
that espeak-ng knows of its own sound are mapped to the other. The lips must close exactly when p, b and m are heard,
so the closures of p and b are then located in the sound itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.pitch import SEX_BOUNDARY_HZ, median_pitch
from lipsync.audio.silence import MIN_FRAME_LEVEL, SPEECH_EDGE, frame_levels
from lipsync.speech.alignment.closures import place_closures
from lipsync.speech.alignment.dtw import dtw
from lipsync.speech.alignment.mfcc import HOP, mfcc
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.segments import concatenate
from lipsync.speech.trim_silence import strip_silent_phones
from lipsync.speech.types import Phone, Speech, SpeechWord
from lipsync.text.clean import is_speakable

ReferenceVoice = Literal["espeak-male", "espeak-female"]

_MARGIN_S = 0.05
"""Seconds of silence included before and after the voiced range."""
_MIN_PAUSE_S = 0.15
"""Minimum seconds of silence inside speech that count as a pause, even where espeak-ng made none."""
_MIN_PHONE_S = 0.01
"""Minimum seconds of a phone."""
_STOPS = ("p", "t", "k")
_CLOSURE_S = 0.05
"""Seconds of the silence before the burst that belong to a voiceless stop."""


def align_phones(speech: Speech, language: str, *, reference_voice: ReferenceVoice | None = None) -> Speech:
    """Return ``speech`` with the times of its phones and words.

    ``language`` is a code of LANGUAGES. ``reference_voice`` is the espeak-ng voice to compare with; by default the
    one whose pitch is nearer to the speaker's. Words that the engine provided are kept. Without sound or text,
    ``speech`` is returned unchanged.

    The first and the last phone are the silence at the ends, so that the phones cover the whole speech.

    Raises UnknownLanguageError, SpeechFailedError, and NothingToSayError when espeak-ng pronounces nothing.
    """
    span = find_voiced_range(speech.samples, speech.rate)
    if span is None or not is_speakable(speech.text):
        return speech
    if reference_voice is None:
        pitch = median_pitch(speech.samples[slice(*span)], speech.rate)
        reference_voice = "espeak-male" if pitch is None or pitch < SEX_BOUNDARY_HZ else "espeak-female"
    reference = concatenate(list(_espeak().speak(speech.text, language, reference_voice)))
    begin, end = span
    inner = find_voiced_range(reference.samples, reference.rate) or (0, len(reference.samples))
    rows = dtw(mfcc(reference.samples[slice(*inner)], reference.rate), mfcc(speech.samples[begin:end], speech.rate))
    reference_times = np.arange(len(rows), dtype=np.float64) * HOP + inner[0] / reference.rate
    speech_times: NDArray[np.float64] = np.minimum(rows * HOP, (end - begin) / speech.rate) + begin / speech.rate
    phones = _map_phones(strip_silent_phones(reference.phones), reference_times, speech_times)
    phones = place_closures(phones, speech.samples, speech.rate)
    phones = _insert_pauses(phones, speech)
    words = speech.words or _map_words(reference.words, reference_times, speech_times)
    return replace(speech, phones=tuple(phones), words=words)


def find_voiced_range(samples: NDArray[np.float32], rate: int) -> tuple[int, int] | None:
    """First sample, and the one after the last, of the sound in (n,) ``samples`` with a margin; None for silence."""
    width = max(1, round(HOP * rate))
    levels = frame_levels(samples.astype(np.float64), width)
    if len(levels) == 0:
        return None
    audible = np.flatnonzero(levels > max(SPEECH_EDGE * float(np.percentile(levels, 95)), MIN_FRAME_LEVEL))
    if len(audible) == 0:
        return None
    margin = round(_MARGIN_S * rate)
    return max(0, int(audible[0]) * width - margin), min(len(samples), (int(audible[-1]) + 1) * width + margin)


@cache
def _espeak() -> EspeakVoice:
    return EspeakVoice()


def _map_phones(
    phones: Sequence[Phone], reference_times: NDArray[np.float64], speech_times: NDArray[np.float64]
) -> list[Phone]:
    """Map phone times by the piecewise linear function (n,) ``reference_times`` -> (n,) ``speech_times``, in seconds.

    Each phone keeps at least _MIN_PHONE_S where there is room.
    """
    if not phones:
        return []
    bounds = np.array([phone.start for phone in phones] + [phones[-1].end])
    moved = np.interp(bounds, reference_times, speech_times)
    end = moved[-1]
    ramp = min(_MIN_PHONE_S, (end - moved[0]) / len(phones)) * np.arange(len(moved))
    moved = np.maximum.accumulate(moved - ramp) + ramp
    moved = np.minimum(moved, end - (ramp[-1] - ramp))
    return [
        Phone(phone.symbol, float(start), float(end))
        for phone, (start, end) in zip(phones, itertools.pairwise(moved), strict=True)
    ]


def _map_words(
    words: Sequence[SpeechWord], reference_times: NDArray[np.float64], speech_times: NDArray[np.float64]
) -> tuple[SpeechWord, ...]:
    starts = np.interp([word.start for word in words], reference_times, speech_times)
    ends = np.interp([word.end for word in words], reference_times, speech_times)
    return tuple(
        SpeechWord(word.text, float(start), float(end)) for word, start, end in zip(words, starts, ends, strict=True)
    )


def _insert_pauses(phones: Sequence[Phone], speech: Speech) -> list[Phone]:
    """Add silence where the speech is silent: before and after the phones, and in pauses between them."""
    if not phones:
        return []
    found: list[Phone] = []
    silences = _silences(speech.samples, speech.rate)
    for phone in phones:
        inside = [(a, b) for a, b in silences if phone.symbol and a < phone.end - _MIN_PHONE_S and b > phone.start]
        found += _remove_silence(phone, inside)
    found = [phone for phone in found if phone.end > phone.start]
    merged = [found[0]]
    for phone in found[1:]:
        if not phone.symbol and not merged[-1].symbol:
            merged[-1] = Phone("", merged[-1].start, phone.end)
        else:
            merged.append(phone)
    first, last = merged[0].start, merged[-1].end
    lead = [Phone("", 0.0, first)] if first > 0 else []
    tail = [Phone("", last, speech.duration)] if last < speech.duration else []
    return [*lead, *merged, *tail]


def _silences(samples: NDArray[np.float32], rate: int) -> list[tuple[float, float]]:
    """Start and end, in seconds, of each silence inside speech of at least _MIN_PAUSE_S."""
    width = max(1, round(HOP * rate))
    levels = frame_levels(samples, width)
    quiet = np.concatenate([[False], levels < SPEECH_EDGE * float(np.percentile(levels, 95)), [False]])
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8)))
    return [
        (start * width / rate, end * width / rate)
        for start, end in edges.reshape(-1, 2).tolist()
        if (end - start) * width / rate >= _MIN_PAUSE_S
    ]


def _remove_silence(phone: Phone, silences: list[tuple[float, float]]) -> list[Phone]:
    """Split the phone at the silence inside it: the phone keeps the longer of the two parts."""
    for start, end in silences:
        before, after = start - phone.start, phone.end - end
        if max(before, after) < _MIN_PHONE_S:
            continue  # the whole phone is silent: keep it
        if before >= after:
            return [Phone(phone.symbol, phone.start, start), Phone("", start, phone.end)]
        onset = max(phone.start, end - _CLOSURE_S) if phone.symbol.startswith(_STOPS) else end
        return [Phone("", phone.start, onset), Phone(phone.symbol, onset, phone.end)]
    return [phone]
