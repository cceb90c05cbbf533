"""The silence around sentences and inside them, made uniform for all engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.silence import SENTENCE_EDGE
from lipsync.speech.types import Phone, Speech, SpeechWord

LEAD = 0.25
"""Seconds of silence before the first sentence, so that the video starts with the portrait at rest."""
TAIL = 0.45
"""Seconds of silence after the last sentence."""
PAUSE_AFTER, PAUSE_BEFORE = 0.26, 0.16
"""Seconds of silence after and before each sentence within a text."""

_MARGIN_S = 0.02
"""Seconds kept before and after the audible range, so that a breathy onset is not cut."""
_FADE_S = 0.005
"""Seconds of the fade where a sound was cut."""


def set_edges(speech: Speech, lead: float, tail: float) -> Speech:
    """Trim ``speech`` to its voiced range and pad it with ``lead`` seconds of silence before and ``tail`` after.

    The voiced range is given by the phones, or by the level where phones are not known.
    """
    begin, end = _voiced_range(speech)
    inner = np.array(speech.samples[begin:end], np.float32)
    fade = min(round(_FADE_S * speech.rate), len(inner) // 2)
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    if len(inner) and abs(inner[0]) > 1e-4:
        inner[:fade] *= ramp
    if len(inner) and abs(inner[-1]) > 1e-4:
        inner[len(inner) - fade :] *= ramp[::-1]
    before, after = round(lead * speech.rate), round(tail * speech.rate)
    samples = np.pad(inner, (before, after))
    shift, total = (before - begin) / speech.rate, len(samples) / speech.rate
    phones = [
        Phone(phone.symbol, phone.start + shift, phone.end + shift) for phone in strip_silent_phones(speech.phones)
    ]
    if phones:
        phones = [Phone("", 0.0, phones[0].start), *phones, Phone("", phones[-1].end, total)]
        phones = [phone for phone in phones if phone.end > phone.start]
    words = tuple(SpeechWord(word.text, word.start + shift, word.end + shift) for word in speech.words)
    return replace(speech, samples=samples, phones=tuple(phones), words=words)


def scale_pauses(speech: Speech, factor: float) -> Speech:
    """Return ``speech`` with the pauses between its phones ``factor`` times as long; the silence at its ends stays.

    Silence is removed from, or inserted at, the middle of each pause. Without phones nothing changes.
    """
    if factor == 1.0:
        return speech
    rate, parts, copied = speech.rate, list[NDArray[np.float32]](), 0
    shifts: list[tuple[float, float]] = [(0.0, 0.0)]  # (second in the original sound, shift from there on)
    shift = 0
    for pause in speech.phones[1:-1]:
        if pause.symbol:
            continue
        start, end = round(pause.start * rate), round(pause.end * rate)
        middle = (start + end) // 2
        change = round((end - start) * (factor - 1.0))
        if change < 0:
            parts.append(speech.samples[copied : middle + change // 2])
            copied = middle + change // 2 - change
        else:
            parts += [speech.samples[copied:middle], np.zeros(change, np.float32)]
            copied = middle
        shift += change
        shifts.append((middle / rate, shift / rate))
    parts.append(speech.samples[copied:])

    def shifted(time: float) -> float:
        return time + next(seconds for since, seconds in reversed(shifts) if time >= since)

    phones = tuple(Phone(phone.symbol, shifted(phone.start), shifted(phone.end)) for phone in speech.phones)
    words = tuple(SpeechWord(word.text, shifted(word.start), shifted(word.end)) for word in speech.words)
    return replace(speech, samples=np.concatenate(parts), phones=phones, words=words)


def strip_silent_phones(phones: Sequence[Phone]) -> tuple[Phone, ...]:
    """The phones without the silence at both ends; none if all are silent."""
    voiced = [index for index, phone in enumerate(phones) if phone.symbol]
    return tuple(phones[voiced[0] : voiced[-1] + 1]) if voiced else ()


def _voiced_range(speech: Speech) -> tuple[int, int]:
    """The first sample of the sound, and the one after the last."""
    inner, total = strip_silent_phones(speech.phones), len(speech.samples)
    if inner:
        return max(0, round(inner[0].start * speech.rate)), min(total, round(inner[-1].end * speech.rate))
    level = np.abs(speech.samples)
    audible = np.flatnonzero(level > SENTENCE_EDGE * level.max(initial=0.0))
    if not len(audible):
        return 0, total
    margin = round(_MARGIN_S * speech.rate)
    return max(0, int(audible[0]) - margin), min(total, int(audible[-1]) + 1 + margin)
