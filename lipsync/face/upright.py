"""Turns portraits whose face lies on its side, or upside down, by quarter turns, and frames back.

What is drawn inside a mouth is drawn column by column, which holds for faces up to about 45 degrees from upright.
Quarter turns move whole pixels, so the frame of a face that rests is the picture as it was.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lipsync.face.types import Portrait
from lipsync.video.frame import Frame


def quarters_to_upright(portrait: Portrait) -> int:
    """The number 0-3 of counterclockwise quarter turns after which the face is within 45 degrees of upright."""
    return round(-portrait.head.roll / 90) % 4


def turn_portrait(portrait: Portrait, quarters: int) -> Portrait:
    """The portrait turned counterclockwise, picture, alpha and landmarks."""
    if quarters % 4 == 0:
        return portrait
    height, width = portrait.picture.shape[:2]
    x, y, z = portrait.landmarks.T
    x0, y0, x1, y1 = portrait.box
    landmarks = np.stack([*_turn(x, y, width - 1, height - 1, quarters), z], axis=1)
    box_x, box_y = _turn(np.array([x0, x1]), np.array([y0, y1]), width, height, quarters)
    return replace(
        portrait,
        picture=np.ascontiguousarray(np.rot90(portrait.picture, quarters)),
        landmarks=landmarks.astype(np.float32),
        box=(float(box_x.min()), float(box_y.min()), float(box_x.max()), float(box_y.max())),
        alpha=None if portrait.alpha is None else np.ascontiguousarray(np.rot90(portrait.alpha, quarters)),
    )


def turn_frame(frame: Frame, quarters: int) -> Frame:
    """The frame turned counterclockwise; the same frame for no turn."""
    if quarters % 4 == 0:
        return frame
    y, uv = (np.ascontiguousarray(np.rot90(plane, quarters)) for plane in (frame.y, frame.uv))
    return Frame(y, uv, None if frame.alpha is None else np.ascontiguousarray(np.rot90(frame.alpha, quarters)))


def _turn(
    x: NDArray[np.floating], y: NDArray[np.floating], right: float, bottom: float, quarters: int
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Coordinates after counterclockwise quarter turns; ``right`` and ``bottom``: those of the last pixel or edge."""
    return {0: (x, y), 1: (y, right - x), 2: (right - x, bottom - y), 3: (bottom - y, x)}[quarters % 4]
