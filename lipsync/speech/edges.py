"""The silence around sentences and inside of them: the same for every voice, whatever its engine leaves there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lipsync.speech.types import Phone, Speech, SpeechWord

LEAD = 0.25
"""Seconds of silence before the first sentence, so that the portrait is seen at rest."""
TAIL = 0.45
"""Seconds of silence after the last sentence."""
PAUSE_AFTER, PAUSE_BEFORE = 0.26, 0.16
"""Seconds of silence after and before each sentence inside a text."""

_AUDIBLE = 0.01
"""Share of the peak (-40 dB) from which a sound of unknown phones is taken to begin."""
_MARGIN = 0.02
"""Seconds kept before and after what is audible: a breathy start is not cut."""
_FADE = 0.005
"""Seconds of fade where a sound was cut."""


def with_edges(speech: Speech, lead: float, tail: float) -> Speech:
    """``speech`` from its first sound to its last, with ``lead`` seconds of silence before it and ``tail`` after.

    Where it begins and ends is said by its phones, or by its level where it has none.
    """
    begin, end = _sounding(speech)
    inner = np.array(speech.samples[begin:end], np.float32)
    fade = min(round(_FADE * speech.rate), len(inner) // 2)
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    if len(inner) and abs(inner[0]) > 1e-4:
        inner[:fade] *= ramp
    if len(inner) and abs(inner[-1]) > 1e-4:
        inner[len(inner) - fade :] *= ramp[::-1]
    before, after = round(lead * speech.rate), round(tail * speech.rate)
    samples = np.pad(inner, (before, after))
    shift, total = (before - begin) / speech.rate, len(samples) / speech.rate
    named = _inner_phones(speech)
    phones = [Phone(one.symbol, one.start + shift, one.end + shift) for one in named]
    if phones:
        phones = [Phone("", 0.0, phones[0].start), *phones, Phone("", phones[-1].end, total)]
        phones = [one for one in phones if one.end > one.start]
    words = tuple(SpeechWord(one.text, one.start + shift, one.end + shift) for one in speech.words)
    return replace(speech, samples=samples, phones=tuple(phones), words=words)


def with_pauses(speech: Speech, factor: float) -> Speech:
    """``speech`` whose pauses between its phones last ``factor`` times as long; those at its ends stay.

    What is taken away or put in is in the middle of the pause. Without phones nothing changes.
    """
    if factor == 1.0:
        return speech
    rate, parts, taken = speech.rate, list[NDArray[np.float32]](), 0
    moved: list[tuple[float, float]] = [(0.0, 0.0)]  # from this second of the old sound on: seconds later
    later = 0
    for pause in speech.phones[1:-1]:
        if pause.symbol:
            continue
        start, end = round(pause.start * rate), round(pause.end * rate)
        middle = (start + end) // 2
        change = round((end - start) * (factor - 1.0))
        if change < 0:
            parts.append(speech.samples[taken : middle + change // 2])
            taken = middle + change // 2 - change
        else:
            parts += [speech.samples[taken:middle], np.zeros(change, np.float32)]
            taken = middle
        later += change
        moved.append((middle / rate, later / rate))
    parts.append(speech.samples[taken:])

    def new(time: float) -> float:
        return time + next(by for since, by in reversed(moved) if time >= since)

    phones = tuple(Phone(one.symbol, new(one.start), new(one.end)) for one in speech.phones)
    words = tuple(SpeechWord(one.text, new(one.start), new(one.end)) for one in speech.words)
    return replace(speech, samples=np.concatenate(parts), phones=phones, words=words)


def _inner_phones(speech: Speech) -> tuple[Phone, ...]:
    """The phones without the silence at both ends."""
    sounding = [place for place, phone in enumerate(speech.phones) if phone.symbol]
    return speech.phones[sounding[0] : sounding[-1] + 1] if sounding else ()


def _sounding(speech: Speech) -> tuple[int, int]:
    """The first sample of what sounds, and the one after the last."""
    inner, total = _inner_phones(speech), len(speech.samples)
    if inner:
        return max(0, round(inner[0].start * speech.rate)), min(total, round(inner[-1].end * speech.rate))
    level = np.abs(speech.samples)
    audible = np.flatnonzero(level > _AUDIBLE * level.max(initial=0.0))
    if not len(audible):
        return 0, total
    margin = round(_MARGIN * speech.rate)
    return max(0, int(audible[0]) - margin), min(total, int(audible[-1]) + 1 + margin)
