"""The brows rise with the strongest nods."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.nods import Nod, onset
from lipsync.animation.behavior.timeline import Span

BROW_WEIGHTS = {"browInnerUp": 0.30, "browOuterUpLeft": 0.22, "browOuterUpRight": 0.22}
"""ARKit weights of a full lift."""
_MIN_PROMINENCE = 0.7
"""Prominence of the syllables that lift the brows."""
_LIFT = (0.4, 0.25)
"""Lift of the brows at a prominence of 0, and per unit of prominence; at most 1."""
_LAG, _WIDTH = -0.03, 0.20
"""Seconds from the middle of the vowel to the highest point, and the width of the movement."""


def draw_brows(span: Span, nods: list[Nod]) -> NDArray[np.float64]:
    """(n,) lift of the brows in [0, 1]."""
    low = np.ones(span.count)
    times = span.times
    for nod in nods:
        if nod.prominence < _MIN_PROMINENCE:
            continue
        height = min(1.0, _LIFT[0] + _LIFT[1] * nod.prominence)
        near = span.indices(nod.time - 4 * _WIDTH, nod.time + 4 * _WIDTH)
        since = times[near] - nod.time - _LAG
        low[near] *= 1 - height * np.exp(-((since / _WIDTH) ** 2)) * onset(times[near], nod.known_from)
    return 1 - low
