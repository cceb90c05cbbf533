"""Times of phones and words from the phoneme and word events of espeak-ng."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.speech.types import Phone, SpeechWord

MIN_PAUSE_S = 0.05
"""Minimum seconds of a pause; a shorter event without a name is a transition between two phones."""
_VOICELESS_STOPS = ("p", "t", "k", "q", "c", "ʈ")
"""First characters of phones with silence before their burst, affricates included."""
_MAX_CLOSURE_S, _MAX_CLOSURE_AFTER_PAUSE_S = 0.12, 0.05
"""Maximum seconds of silence that a stop takes from the phone before it, or from the pause before it."""
_MIN_REMAINDER_S = 0.03
"""Minimum seconds that a phone keeps when the closure of the next one is taken from it."""
_TRANSITION_S = 0.02
"""Seconds by which the event of a vowel is late after a voiced consonant: on m, b, v, l and r the level reaches that
of the vowel 18-22 ms before its event."""
_VOICED = ("b", "d", "ɡ", "m", "n", "ɲ", "ŋ", "v", "β", "l", "ɫ", "ɭ", "ʎ", "r", "ɾ")
_CONSONANTS = (*_VOICED, *_VOICELESS_STOPS, *"fszxhjwʃʒʂʐɕʑçθðɣʁʀχɹʔʝɟβ")
_STRESS = "ˈˌ"
_ASCII = {"tS": "tʃ", "dZ": "dʒ", "S": "ʃ", "Z": "ʒ", "N": "ŋ"}
"""IPA of the few phonemes that espeak-ng names in ASCII."""


@dataclass(frozen=True)
class PhonemeEvent:
    """Start of a phoneme in the sound."""

    symbol: str
    """IPA symbol, with a stress mark before a stressed vowel; empty for pauses and transitions."""
    sample: int
    """Index of the first sample."""


def phones_from_events(events: list[PhonemeEvent], samples: NDArray[np.float32], rate: int) -> list[Phone]:
    """The phones of one utterance without gaps, from the first sound to the last; pauses have an empty symbol.

    ``samples`` is the (n,) sound that the events refer to. Times are in seconds from its start.
    """
    spans = _spans([event for event in events if not event.symbol.startswith("(")], len(samples))
    spans = _without_transitions(spans, round(MIN_PAUSE_S * rate))
    _move_closures(spans, samples, rate)
    _move_onsets(spans, round(_TRANSITION_S * rate))
    return [Phone(span.symbol, span.start / rate, span.end / rate) for span in spans]


@dataclass
class _Span:
    symbol: str
    start: int
    end: int


def _spans(events: list[PhonemeEvent], total: int) -> list[_Span]:
    """From each event to the next one. Switches of language, such as "(en)", must have been removed."""
    ends = [event.sample for event in events[1:]] + [total]
    spans = (
        _Span(_ASCII.get(event.symbol, event.symbol), event.sample, end)
        for event, end in zip(events, ends, strict=True)
    )
    return [span for span in spans if span.end > span.start]


def _without_transitions(spans: list[_Span], shortest: int) -> list[_Span]:
    """Merge short unnamed spans into the phone after them, merge pauses, and drop pauses at both ends."""
    while spans and not spans[0].symbol:
        spans = spans[1:]
    while spans and not spans[-1].symbol:
        spans = spans[:-1]
    merged: list[_Span] = []
    start: int | None = None
    for span in spans:
        if not span.symbol and merged and not merged[-1].symbol:
            merged[-1].end = span.end
        elif not span.symbol and span.end - span.start < shortest:
            start = span.start if start is None else start
        else:
            merged.append(_Span(span.symbol, span.start if start is None else start, span.end))
            start = None
    return merged


def _move_closures(spans: list[_Span], samples: NDArray[np.float32], rate: int) -> None:
    """Move the start of each voiceless stop to the silence before its burst, which espeak-ng gives to the phone
    before."""
    quiet = _is_quiet(samples, rate)
    before = _Span("", 0, spans[0].start) if spans else None
    for span in spans:
        if before is not None and span.symbol.lstrip(_STRESS).startswith(_VOICELESS_STOPS):
            remainder = min(round(_MIN_REMAINDER_S * rate), (before.end - before.start) // 2) if before.symbol else 0
            max_closure = _MAX_CLOSURE_S if before.symbol else _MAX_CLOSURE_AFTER_PAUSE_S
            earliest = max(before.start + remainder, span.start - round(max_closure * rate))
            while span.start > earliest and quiet[span.start - 1]:
                span.start -= 1
            before.end = span.start
        before = span


def _move_onsets(spans: list[_Span], transition: int) -> None:
    """Move the start of each vowel to the transition into it, which espeak-ng gives to a voiced consonant before
    it."""
    for consonant, vowel in itertools.pairwise(spans):
        if consonant.symbol.startswith(_VOICED) and vowel.symbol and not vowel.symbol.startswith(_CONSONANTS):
            consonant.end -= min(transition, (consonant.end - consonant.start) // 3)
            vowel.start = consonant.end


def _is_quiet(samples: NDArray[np.float32], rate: int) -> NDArray[np.bool_]:
    """(n,) bool: whether the 3 ms up to each sample stay below 4 % of the peak."""
    level = np.abs(samples)
    width = max(1, round(0.003 * rate))
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(level, (width, 0)), width + 1)
    quiet: NDArray[np.bool_] = windows.max(axis=1) < 0.04 * max(float(level.max(initial=0.0)), 1e-9)
    return quiet


def words_from_events(sentence: str, starts: list[tuple[int, float]], phones: list[Phone]) -> tuple[SpeechWord, ...]:
    """The whitespace-separated words of ``sentence`` with their times, aligned with ``phones``.

    ``starts`` are the word events: index of the character in the sentence, and seconds. A number causes several
    events inside one word; “of the” may be one event for two words, which then share its time by their letters.
    """
    words = [found for found in re.finditer(r"\S+", sentence) if any(letter.isalnum() for letter in found[0])]
    voiced = [phone for phone in phones if phone.symbol]
    if not words or not voiced:
        return ()
    begins: list[float | None] = [None] * len(words)
    for character, seconds in starts:
        # An event may point at the space before its word.
        index = next((number for number, word in enumerate(words) if character < word.end()), None)
        if index is not None and begins[index] is None:
            begins[index] = seconds
    begins[0] = voiced[0].start
    known = [index for index, begin in enumerate(begins) if begin is not None]
    timed: list[SpeechWord] = []
    for first, after in itertools.pairwise([*known, len(words)]):
        start = float(begins[first] or 0.0)
        until = float(begins[after] or 0.0) if after < len(words) else voiced[-1].end
        if after < len(words) and until <= start:  # out of order: the word shares the time of the one before it
            begins[after] = until = start
        timed += _share_time([word[0] for word in words[first:after]], *_voiced_span(start, until, voiced))
    return tuple(timed)


def _voiced_span(start: float, until: float, phones: list[Phone]) -> tuple[float, float]:
    """From ``start`` to the end of the last phone that begins clearly before ``until``, without a pause at the
    end."""
    inside = [phone for phone in phones if start - 0.03 <= phone.start < until - 0.02]
    return (inside[0].start, inside[-1].end) if inside else (start, max(start, until))


def _share_time(words: list[str], start: float, end: float) -> list[SpeechWord]:
    """The words from ``start`` to ``end`` seconds, each as long as its share of the letters."""
    letters = [len(word) for word in words]
    parts = [start + (end - start) * sum(letters[:count]) / sum(letters) for count in range(len(words) + 1)]
    return [SpeechWord(word, *span) for word, span in zip(words, itertools.pairwise(parts), strict=True)]
