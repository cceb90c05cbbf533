"""When each phone sounds in speech of any engine: espeak-ng says the same text, and the two sounds are laid upon each
other. What espeak-ng knows of its own sound is then known of the other.

The lips must close when p, b and m are heard, so for p and b the place is then read off the sound itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lipsync.speech.cepstrum import HOP, cepstra
from lipsync.speech.closures import place_closures
from lipsync.speech.espeak import EspeakVoice
from lipsync.speech.pitch import HIGH, median_pitch
from lipsync.speech.text import can_be_said
from lipsync.speech.types import Phone, Speech, SpeechWord
from lipsync.speech.warp import warp

Reference = Literal["espeak-male", "espeak-female"]

_MARGIN = 0.05
"""Seconds of silence that are looked at before and after the sound."""
_LEVEL = 0.02
"""Of the loud parts' level; what is softer at both ends is no speech."""
_PAUSE = 0.15
"""Seconds; a longer stretch of silence inside speech is a pause of the speaker, even where espeak-ng made none."""
_SHORTEST = 0.01
"""Seconds that a phone lasts at least."""
_STOPS = ("p", "t", "k")
_CLOSURE = 0.05
"""Seconds of the silence before their burst that are theirs."""


def align_phones(speech: Speech, language: str, *, reference_voice: Reference | None = None) -> Speech:
    """``speech`` with the phones, and the words, of its text: when each sounds.

    ``language`` is a code of LANGUAGES. ``reference_voice`` is the one of espeak-ng's voices that is compared; where
    none is named, the one of the speaker's sex, told by the pitch. Words are kept where the engine gave them. Without
    sound or without text there is nothing to align, and ``speech`` comes back as it was.

    The first phone and the last are the silence at both ends, so that the phones cover the whole speech. Raises
    LipsyncError: unknown_language, speech_failed, nothing_to_say (espeak-ng finds nothing to pronounce).
    """
    span = sounding(speech.samples, speech.rate)
    if span is None or not can_be_said(speech.text):
        return speech
    if reference_voice is None:
        pitch = median_pitch(speech.samples[slice(*span)], speech.rate)
        reference_voice = "espeak-male" if pitch is None or pitch < HIGH else "espeak-female"
    reference = _joined(list(_engine().speak(speech.text, language, reference_voice)))
    begin, end = span
    inner = sounding(reference.samples, reference.rate) or (0, len(reference.samples))
    rows = warp(
        cepstra(reference.samples[slice(*inner)], reference.rate), cepstra(speech.samples[begin:end], speech.rate)
    )
    theirs = np.arange(len(rows), dtype=np.float64) * HOP + inner[0] / reference.rate
    ours: NDArray[np.float64] = np.minimum(rows * HOP, (end - begin) / speech.rate) + begin / speech.rate
    phones = _moved(_inside(reference.phones), theirs, ours)
    phones = place_closures(phones, speech.samples, speech.rate)
    phones = _with_pauses(phones, speech)
    words = speech.words or _moved_words(reference.words, theirs, ours)
    return replace(speech, phones=tuple(phones), words=words)


def sounding(samples: NDArray[np.float32], rate: int) -> tuple[int, int] | None:
    """First sample and the one after the last of the sound in (n,) ``samples``, with a margin; None in silence."""
    width = max(1, round(HOP * rate))
    whole = samples[: len(samples) // width * width].reshape(-1, width)
    if len(whole) == 0:
        return None
    levels = np.sqrt(np.square(whole, dtype=np.float64).mean(axis=1))
    heard = np.flatnonzero(levels > max(_LEVEL * float(np.percentile(levels, 95)), 1e-5))
    if len(heard) == 0:
        return None
    margin = round(_MARGIN * rate)
    return max(0, int(heard[0]) * width - margin), min(len(samples), (int(heard[-1]) + 1) * width + margin)


@cache
def _engine() -> EspeakVoice:
    return EspeakVoice()


def _joined(pieces: Sequence[Speech]) -> Speech:
    """The pieces as one."""
    if len(pieces) == 1:
        return pieces[0]
    phones: list[Phone] = []
    words: list[SpeechWord] = []
    start = 0.0
    for piece in pieces:
        phones += [Phone(one.symbol, one.start + start, one.end + start) for one in piece.phones]
        words += [SpeechWord(one.text, one.start + start, one.end + start) for one in piece.words]
        start += piece.duration
    samples = np.concatenate([piece.samples for piece in pieces])
    return replace(pieces[0], samples=samples, phones=tuple(phones), words=tuple(words))


def _inside(phones: Sequence[Phone]) -> list[Phone]:
    """Without the silence at both ends."""
    voiced = [place for place, phone in enumerate(phones) if phone.symbol]
    return list(phones[voiced[0] : voiced[-1] + 1]) if voiced else []


def _moved(phones: Sequence[Phone], theirs: NDArray[np.float64], ours: NDArray[np.float64]) -> list[Phone]:
    """The phones at the times ``ours`` (n,) of ``theirs`` (n,), each _SHORTEST at least where there is room."""
    if not phones:
        return []
    bounds = np.array([phone.start for phone in phones] + [phones[-1].end])
    moved = np.interp(bounds, theirs, ours)
    end = moved[-1]
    ramp = min(_SHORTEST, (end - moved[0]) / len(phones)) * np.arange(len(moved))
    moved = np.maximum.accumulate(moved - ramp) + ramp
    moved = np.minimum(moved, end - (ramp[-1] - ramp))
    return [
        Phone(phone.symbol, float(start), float(end))
        for phone, (start, end) in zip(phones, itertools.pairwise(moved), strict=True)
    ]


def _moved_words(
    words: Sequence[SpeechWord], theirs: NDArray[np.float64], ours: NDArray[np.float64]
) -> tuple[SpeechWord, ...]:
    starts = np.interp([word.start for word in words], theirs, ours)
    ends = np.interp([word.end for word in words], theirs, ours)
    return tuple(
        SpeechWord(word.text, float(start), float(end)) for word, start, end in zip(words, starts, ends, strict=True)
    )


def _with_pauses(phones: Sequence[Phone], speech: Speech) -> list[Phone]:
    """Silence where the speech is silent: before and after the phones, and where the speaker pauses among them."""
    if not phones:
        return []
    found: list[Phone] = []
    silences = _silences(speech.samples, speech.rate)
    for phone in phones:
        inside = [(a, b) for a, b in silences if phone.symbol and a < phone.end - _SHORTEST and b > phone.start]
        found += _cut(phone, inside)
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
    """Start and end, in seconds, of each silence inside speech that is longer than a closure."""
    width = max(1, round(HOP * rate))
    levels = np.sqrt(np.square(samples[: len(samples) // width * width].reshape(-1, width)).mean(axis=1))
    quiet = np.concatenate([[False], levels < _LEVEL * float(np.percentile(levels, 95)), [False]])
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8)))
    return [
        (start * width / rate, end * width / rate)
        for start, end in edges.reshape(-1, 2).tolist()
        if (end - start) * width / rate >= _PAUSE
    ]


def _cut(phone: Phone, silences: list[tuple[float, float]]) -> list[Phone]:
    """The phone without the silence that lies in it: what is left of it at the louder, larger side."""
    for start, end in silences:
        before, after = start - phone.start, phone.end - end
        if max(before, after) < _SHORTEST:
            continue  # all of it is silent: nothing better is known
        if before >= after:
            return [Phone(phone.symbol, phone.start, start), Phone("", start, phone.end)]
        onset = max(phone.start, end - _CLOSURE) if phone.symbol.startswith(_STOPS) else end
        return [Phone("", phone.start, onset), Phone(phone.symbol, onset, phone.end)]
    return [phone]
