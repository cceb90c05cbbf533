"""espeak-ng's phoneme events -> phones with their times."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.speech.types import Phone

SHORTEST_PAUSE = 0.05
"""Seconds; a nameless event shorter than this is a transition between two phones, not a pause."""
_VOICELESS_STOPS = ("p", "t", "k", "q", "c", "ʈ")
"""What a phone begins with when silence comes before its burst; affricates too."""
_LONGEST_CLOSURE, _CLOSURE_AFTER_PAUSE = 0.12, 0.05
"""Seconds of silence that a stop takes from the phone, or from the pause, before it at most."""
_SHORTEST_REMAINDER = 0.03
"""Seconds that a phone keeps when the closure after it is taken out of it."""
_TRANSITION = 0.02
"""Seconds; measured on m, b, v, l, r: the level jumps to the vowel's 18-22 ms before the vowel's event."""
_VOICED = ("b", "d", "ɡ", "m", "n", "ɲ", "ŋ", "v", "β", "l", "ɫ", "ɭ", "ʎ", "r", "ɾ")
_CONSONANTS = (*_VOICED, *_VOICELESS_STOPS, *"fszxhjwʃʒʂʐɕʑçθðɣʁʀχɹʔʝɟβ")
_STRESS = "ˈˌ"
# The few names in ASCII that have no IPA in espeak-ng's tables.
_ASCII = {"tS": "tʃ", "dZ": "dʒ", "S": "ʃ", "Z": "ʒ", "N": "ŋ"}


@dataclass(frozen=True)
class Mark:
    """A phoneme event: from here on, this sounds."""

    symbol: str
    """In IPA, with the stress mark before a stressed vowel; empty for pauses and transitions."""
    sample: int
    """Index of the first sample."""


def phones_of(marks: list[Mark], samples: NDArray[np.float32], rate: int) -> list[Phone]:
    """The phones of one utterance, without gaps, from the first sound to the last; pauses have an empty symbol.

    ``samples`` is (n,), to which the marks point. Times are seconds from its start.
    """
    spans = _spans([mark for mark in marks if not mark.symbol.startswith("(")], len(samples))
    spans = _without_transitions(spans, round(SHORTEST_PAUSE * rate))
    _move_closures(spans, samples, rate)
    _move_onsets(spans, round(_TRANSITION * rate))
    return [Phone(span.symbol, span.start / rate, span.end / rate) for span in spans]


@dataclass
class _Span:
    symbol: str
    start: int
    end: int


def _spans(marks: list[Mark], total: int) -> list[_Span]:
    """Each mark until the next; "(en)", a change of language, has been left out."""
    ends = [mark.sample for mark in marks[1:]] + [total]
    spans = (
        _Span(_ASCII.get(mark.symbol, mark.symbol), mark.sample, end) for mark, end in zip(marks, ends, strict=True)
    )
    return [span for span in spans if span.end > span.start]


def _without_transitions(spans: list[_Span], shortest: int) -> list[_Span]:
    """Give a short nameless span to the phone after it, join pauses, and drop those at both ends."""
    while spans and not spans[0].symbol:
        spans = spans[1:]
    while spans and not spans[-1].symbol:
        spans = spans[:-1]
    kept: list[_Span] = []
    start: int | None = None
    for span in spans:
        if not span.symbol and kept and not kept[-1].symbol:
            kept[-1].end = span.end
        elif not span.symbol and span.end - span.start < shortest:
            start = span.start if start is None else start
        else:
            kept.append(_Span(span.symbol, span.start if start is None else start, span.end))
            start = None
    return kept


def _move_closures(spans: list[_Span], samples: NDArray[np.float32], rate: int) -> None:
    """Give each voiceless stop the silence before its burst, which espeak-ng counts as the phone before it."""
    quiet = _is_quiet(samples, rate)
    before = _Span("", 0, spans[0].start) if spans else None
    for span in spans:
        if before is not None and span.symbol.lstrip(_STRESS).startswith(_VOICELESS_STOPS):
            keep = min(round(_SHORTEST_REMAINDER * rate), (before.end - before.start) // 2) if before.symbol else 0
            longest = _LONGEST_CLOSURE if before.symbol else _CLOSURE_AFTER_PAUSE
            earliest = max(before.start + keep, span.start - round(longest * rate))
            while span.start > earliest and quiet[span.start - 1]:
                span.start -= 1
            before.end = span.start
        before = span


def _move_onsets(spans: list[_Span], transition: int) -> None:
    """Give each vowel the transition into it, which espeak-ng counts as the end of a voiced consonant before it."""
    for consonant, vowel in itertools.pairwise(spans):
        if consonant.symbol.startswith(_VOICED) and vowel.symbol and not vowel.symbol.startswith(_CONSONANTS):
            consonant.end -= min(transition, (consonant.end - consonant.start) // 3)
            vowel.start = consonant.end


def _is_quiet(samples: NDArray[np.float32], rate: int) -> NDArray[np.bool_]:
    """(n,) whether less than 4 % of the loudest is heard in the 3 ms up to each sample."""
    level = np.abs(samples)
    width = max(1, round(0.003 * rate))
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(level, (width, 0)), width + 1)
    quiet: NDArray[np.bool_] = windows.max(axis=1) < 0.04 * max(float(level.max(initial=0.0)), 1e-9)
    return quiet
