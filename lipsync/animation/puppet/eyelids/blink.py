"""Paints lids into a frame."""

from __future__ import annotations

from lipsync.animation.puppet.eyelids.eyelid import Eyelid
from lipsync.video.frame import Frame, halved

MIN_CLOSURE = 0.01
"""A lid that is less shut is not painted."""


def blink(source: Frame, lids: tuple[Eyelid, ...], shut: tuple[float, float]) -> list[tuple[slice, slice]]:
    """Paint the lids into ``source``, the resting portrait, in place; ``shut`` 0-1 for each.

    Returns the rectangles (rows, columns) that were painted, for putting the portrait's own pixels back.
    """
    painted = []
    for lid, closure in zip(lids, shut, strict=True):
        if closure <= MIN_CLOSURE:
            continue
        lid.atlas.paint(source.y[lid.area], source.uv[halved(lid.area)], closure)
        painted.append(lid.area)
    return painted
