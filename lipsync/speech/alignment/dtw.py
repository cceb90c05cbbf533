"""Dynamic time warping (DTW) of two feature sequences of the same text.

Sakoe and Chiba, "Dynamic programming algorithm optimization for spoken word recognition" (1978), with their band
around the diagonal, which makes time and memory linear in the length of the sound.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.speech.alignment.mfcc import Features

STIFFNESS = 0.06
"""Cost of a step that advances only one of the sequences, relative to a mean distance of 1; without it paths
wander."""
_MIN_BAND = 160
"""Minimum half-width of the band in rows."""
_BAND_SHARE = 0.2
"""Half-width of the band of a long sound, as a share of its rows."""
_MAX_BAND = 600
"""Maximum half-width of the band in rows."""
_UNRELATED_DISTANCE = 5.5
"""Expected distance of two unrelated rows: sqrt(2 * (7 + 2**2) * (1 + 0.6**2))."""
_DIAGONAL, _UP, _LEFT = 0, 1, 2


def dtw(reference: Features, target: Features) -> NDArray[np.float64]:
    """Align two feature sequences: for each row of ``reference`` the matching row of ``target``.

    Parameters
    ----------
    reference : (n, k) float32
    target : (m, k) float32

    Returns
    -------
    (n,) float64, non-decreasing, from the start of ``target`` to its end. A row of ``reference`` that matches several
    rows of ``target`` gets their mean. The table of steps takes n rows of at most 1201 bytes.

    Raises ValueError for an empty sequence.
    """
    if len(reference) == 0 or len(target) == 0:
        raise ValueError("cannot align an empty sequence")
    starts, width = _band(len(reference), len(target))
    steps = _accumulate(reference, target, starts, width)
    return _backtrace(steps, starts, len(target))


def _band(rows: int, columns: int) -> tuple[NDArray[np.int64], int]:
    """(rows,) first column of the band in each row, and the band's width in columns."""
    half = min(_MAX_BAND, max(_MIN_BAND, round(_BAND_SHARE * max(rows, columns))))
    # the band must hold one more column than the diagonal advances per row
    half = max(half, -(-columns // rows) + 1)
    width = min(columns, 2 * half + 1)
    middles = np.round(np.linspace(0, columns - 1, rows)).astype(np.int64)
    return np.clip(middles - half, 0, columns - width), width


def _accumulate(reference: Features, target: Features, starts: NDArray[np.int64], width: int) -> NDArray[np.int8]:
    """(rows, width) by which step the cheapest path reaches each cell of the band."""
    squares = np.square(target).sum(axis=1)
    own = np.square(reference).sum(axis=1)
    steps = np.full((len(reference), width), _LEFT, np.int8)
    total = np.full(width, np.inf)
    ramp = STIFFNESS * np.arange(width)
    for row, first in enumerate(starts):
        near = target[first : first + width]
        squared = own[row] + squares[first : first + width] - 2 * (near @ reference[row])
        cost = np.sqrt(np.maximum(squared, 0.0)).astype(np.float64) / _UNRELATED_DISTANCE
        if row == 0:
            from_above = np.full(width, np.inf)
            from_above[0] = cost[0]
        else:
            shift = int(first - starts[row - 1])
            above = np.full(width + 1, np.inf)
            # above[k] is the total cost in the previous row, one column to the left of column k of this row
            above[1 if shift == 0 else 0 : width + 1 - shift] = total[max(0, shift - 1) :]
            up, diagonal = above[1:] + STIFFNESS, above[:-1]
            steps[row, up < diagonal] = _UP
            steps[row, diagonal <= up] = _DIAGONAL
            from_above = np.minimum(up, diagonal) + cost
        # entering from the left adds the cost of every cell passed: with that subtracted, it is a running minimum
        along = np.cumsum(cost) + ramp
        best = np.minimum.accumulate(from_above - along)
        total = along + best
        steps[row, from_above - along > best] = _LEFT
    return steps


def _backtrace(steps: NDArray[np.int8], starts: NDArray[np.int64], columns: int) -> NDArray[np.float64]:
    """(rows,) mean column of the optimal path in each row, traced back from its end."""
    rows = len(steps)
    columns_of_rows = np.zeros(rows)
    row, column = rows - 1, columns - 1
    last = column
    while True:
        step = steps[row, column - starts[row]]
        if step == _LEFT and column > 0:
            column -= 1
            continue
        columns_of_rows[row] = (column + last) / 2
        if row == 0:
            return columns_of_rows
        row -= 1
        column -= int(step == _DIAGONAL)
        last = column
