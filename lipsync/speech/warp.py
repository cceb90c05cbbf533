"""Dynamic time warping: which moment of one sound is which of another that says the same.

After Sakoe and Chiba, "Dynamic programming algorithm optimization for spoken word recognition" (1978), with their
band around the diagonal, which bounds time and memory to the length of the sound.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.speech.cepstrum import Features

STIFFNESS = 0.06
"""What standing still in one of the two sounds costs, against a mean distance of 1: without it a path wanders."""
_BAND = 160
"""Rows that the path may be away from the diagonal at least; and, of a long sound, _SHARE of it."""
_SHARE = 0.2
_WIDEST = 600
_TYPICAL = 5.5
"""Distance of two rows that have nothing to do with each other: sqrt(2 * (7 + 2**2) * (1 + 0.6**2))."""
_DIAGONAL, _UP, _LEFT = 0, 1, 2


def warp(reference: Features, target: Features) -> NDArray[np.float64]:
    """(n,) for each of the n rows of ``reference`` the row of ``target`` (m, same width) that it sounds like.

    The rows found never go back; the first is found at the start of ``target`` and the last at its end. Takes
    memory for n rows of at most 1201 bytes.
    """
    if len(reference) == 0 or len(target) == 0:
        raise ValueError("a sound of no length has no moments")
    starts, width = _band(len(reference), len(target))
    steps = _steps(reference, target, starts, width)
    return _path(steps, starts, len(target))


def _band(rows: int, columns: int) -> tuple[NDArray[np.int64], int]:
    """(rows,) first column of the band in each row, and the band's width in columns."""
    half = min(_WIDEST, max(_BAND, round(_SHARE * max(rows, columns))))
    # the band must hold one more column than the diagonal gains in a row
    half = max(half, -(-columns // rows) + 1)
    width = min(columns, 2 * half + 1)
    middles = np.round(np.linspace(0, columns - 1, rows)).astype(np.int64)
    return np.clip(middles - half, 0, columns - width), width


def _steps(reference: Features, target: Features, starts: NDArray[np.int64], width: int) -> NDArray[np.int8]:
    """(rows, width) by which step the cheapest path reaches each cell of the band."""
    squares = np.square(target).sum(axis=1)
    own = np.square(reference).sum(axis=1)
    steps = np.full((len(reference), width), _LEFT, np.int8)
    total = np.full(width, np.inf)
    ramp = STIFFNESS * np.arange(width)
    for row, first in enumerate(starts):
        near = target[first : first + width]
        squared = own[row] + squares[first : first + width] - 2 * (near @ reference[row])
        cost = np.sqrt(np.maximum(squared, 0.0)).astype(np.float64) / _TYPICAL
        if row == 0:
            entered = np.full(width, np.inf)
            entered[0] = cost[0]
        else:
            shift = int(first - starts[row - 1])
            above = np.full(width + 1, np.inf)
            # above[k] is the total, a row before, in the column before the one that k stands for here
            above[1 if shift == 0 else 0 : width + 1 - shift] = total[max(0, shift - 1) :]
            up, diagonal = above[1:] + STIFFNESS, above[:-1]
            steps[row, up < diagonal] = _UP
            steps[row, diagonal <= up] = _DIAGONAL
            entered = np.minimum(up, diagonal) + cost
        # reaching a cell from the left costs every cell on the way: a running minimum, once that is taken out
        along = np.cumsum(cost) + ramp
        best = np.minimum.accumulate(entered - along)
        total = along + best
        steps[row, entered - along > best] = _LEFT
    return steps


def _path(steps: NDArray[np.int8], starts: NDArray[np.int64], columns: int) -> NDArray[np.float64]:
    """(rows,) mean column of the path in each row, followed back from its end."""
    rows = len(steps)
    found = np.zeros(rows)
    row, column = rows - 1, columns - 1
    last = column
    while True:
        step = steps[row, column - starts[row]]
        if step == _LEFT and column > 0:
            column -= 1
            continue
        found[row] = (column + last) / 2
        if row == 0:
            return found
        row -= 1
        column -= int(step == _DIAGONAL)
        last = column
