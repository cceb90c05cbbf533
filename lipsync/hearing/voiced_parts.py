"""Where somebody speaks in a whole recording, and how it is cut into pieces for recognition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lipsync.hearing.silero import SileroDetector
from lipsync.hearing.types import RATE, WINDOW

_START, _END = 0.5, 0.35
"""Probabilities of a voice at which a part begins, and below which it ends; the defaults of Silero's own program."""
_MIN_PART = round(0.1 * RATE)
"""Minimum samples of a part: clicks and coughs give one or two windows."""
_MIN_PAUSE = round(0.3 * RATE)
"""Minimum samples of silence between two parts: shorter ones are inside of words and between them."""
_MARGIN = round(0.3 * RATE)
"""Samples of a piece before and after its voiced parts. The detector misses breathy beginnings and ends."""
MAX_GAP = 2 * RATE
"""Maximum samples of silence inside of a piece: Whisper invents words in longer ones."""


@dataclass(frozen=True)
class VoicedPart:
    """Consecutive samples in which somebody speaks."""

    start: int
    """Index of the first sample."""
    end: int
    """Index after the last sample."""

    @property
    def length(self) -> int:
        """Number of samples."""
        return self.end - self.start


@dataclass(frozen=True)
class Piece:
    """Consecutive samples that are recognized together."""

    start: int
    """Index of the first sample."""
    end: int
    """Index after the last sample."""
    voiced: int
    """Samples of them in which somebody speaks."""


def voice_probabilities(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """(k,) float32 probabilities of a voice, 0 to 1, for each WINDOW of the (n,) ``samples``; the last is padded.

    Raises HearingError.
    """
    padded = np.pad(samples, (0, -len(samples) % WINDOW))
    return np.fromiter(SileroDetector().probabilities(padded), np.float32)


def voiced_parts(probabilities: NDArray[np.float32]) -> list[VoicedPart]:
    """The parts in which somebody speaks, in order, by :func:`voice_probabilities`; none in silence and noise."""
    parts: list[VoicedPart] = []
    start: int | None = None
    for index, probability in enumerate([*probabilities, 0.0]):
        if start is None and probability >= _START:
            start = index * WINDOW
        elif start is not None and probability < _END:
            parts.append(VoicedPart(start, index * WINDOW))
            start = None
    joined: list[VoicedPart] = []
    for part in parts:
        if joined and part.start - joined[-1].end < _MIN_PAUSE:
            joined[-1] = VoicedPart(joined[-1].start, part.end)
        else:
            joined.append(part)
    return [part for part in joined if part.length >= _MIN_PART]


def cut_at_pauses(probabilities: NDArray[np.float32], length: int, max_piece: int) -> list[Piece]:
    """Pieces of at most ``max_piece`` samples that hold all voiced parts of a sound of ``length`` samples.

    They are cut in pauses; where somebody speaks longer than a piece without one, at the least voiced moment of its
    second half.
    """
    inner = max_piece - 2 * _MARGIN
    parts = [short for part in voiced_parts(probabilities) for short in _shorten(part, probabilities, inner)]
    groups: list[list[VoicedPart]] = []
    for part in parts:
        is_near = groups and part.start - groups[-1][-1].end <= MAX_GAP
        if is_near and part.end - groups[-1][0].start <= inner:
            groups[-1].append(part)
        else:
            groups.append([part])
    return _with_margins(groups, length)


def _shorten(part: VoicedPart, probabilities: NDArray[np.float32], max_length: int) -> list[VoicedPart]:
    """The part, cut so that nothing is longer than ``max_length`` samples."""
    pieces = []
    while part.length > max_length:
        first, last = (part.start + max_length // 2) // WINDOW, (part.start + max_length) // WINDOW
        cut = (first + int(np.argmin(probabilities[first:last]))) * WINDOW
        pieces.append(VoicedPart(part.start, cut))
        part = VoicedPart(cut, part.end)
    return [*pieces, part]


def _with_margins(groups: Sequence[Sequence[VoicedPart]], length: int) -> list[Piece]:
    """A piece for each group, with a margin on both sides, but at most half of the pause to the next group."""
    pauses = [(before[-1].end + after[0].start) // 2 for before, after in pairwise(groups)]
    borders = [0, *pauses, length]
    return [
        Piece(
            max(borders[index], group[0].start - _MARGIN),
            min(borders[index + 1], group[-1].end + _MARGIN),
            sum(part.length for part in group),
        )
        for index, group in enumerate(groups)
    ]
