"""Upper eyelids that come down over the eyes of a portrait: the skin of the shut lid as the puppet paints it.

At rest a lid is pushed together behind the open one and cannot be seen. Its edge comes down at once; what is above
comes out through the skin a little later, and hides the lashes of the open lid. To draw the portrait's own lid down
would not do: the mesh's line lies within the lashes or in the white, and would draw them along.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.head_model.portrait_face import PortraitFace, skin_depth
from lipsync.animation.head_model.triangulation import clockwise
from lipsync.animation.puppet.eyelids import Eyelid
from lipsync.video.frame import Frame, picture_of

Floats = NDArray[np.float64]

_ROWS, _FADE_ROWS = 9, 3
_ABOVE, _BELOW = 0.10, 0.012
"""Eye distances that a lid begins above the edge of the open one, and that it ends below the lower one."""
_BEHIND = 0.012
"""Eye distances that the lid of an open eye lies behind the skin."""
_BEFORE, _BULGE = 0.025, 0.05
"""Eye distances that a shut lid lies before the skin at its edges, and more in the middle, where the eyeball is."""


@dataclass(frozen=True)
class PortraitLid:
    """One upper lid. Places in pixels of the portrait: x right, y down, z away from the viewer."""

    points: Floats
    """(n, 3) folded up."""
    texture_coordinates: Floats
    """(n, 2) in ``texture``."""
    triangles: NDArray[np.intp]
    targets: dict[str, Floats]
    """(n, 3)."""
    opacity: Floats
    """(n,) 0-1: the painted skin goes over into the picture's at the top and at the corners."""
    texture: NDArray[np.uint8]
    """(h, w, 3) RGB."""


def portrait_lid(face: PortraitFace, lid: Eyelid, side: int, unit: float) -> PortraitLid:
    """The lid ``side`` (0: the person's right), in the pixels of the whole portrait; ``unit``: an eye distance."""
    loop = list(face.eye_loops[side])
    half = len(loop) // 2
    upper, lower = loop[: half + 1], [loop[0], *loop[: half - 1 : -1]]
    down = face.rest[lower].mean(0)[:2] - face.rest[upper].mean(0)[:2]
    down = down / max(float(np.linalg.norm(down)), 1e-9) * unit
    arch = np.sin(np.linspace(0, np.pi, half + 1))[:, None]
    share = np.linspace(0, 1, _ROWS)[:, None, None]
    level = np.zeros(half + 1)
    top = face.rest[upper] - np.column_stack([_ABOVE * arch * down, level])
    end = face.rest[lower] + np.column_stack([_BELOW * arch * down, level])
    points = top + (face.rest[upper] - top) * share
    points[..., 2] = skin_depth(face, points) + _BEHIND * unit
    spread = top + (end - top) * share
    spread[..., 2] = np.minimum(spread[..., 2], skin_depth(face, spread))
    spread[..., 2] -= (_BEFORE + _BULGE * (np.sin(np.pi * share) * arch)[..., 0]) * unit
    points = points.reshape(-1, 3)
    targets = {name: np.tile(moved[upper], (_ROWS, 1)) for name, moved in face.targets.items()}
    blink = ("eyeBlinkRight", "eyeBlinkLeft")[side]
    spread = spread.reshape(-1, 3)
    targets[blink] = spread - points
    y, uv = lid.y.copy(), lid.uv.copy()
    lid.atlas.paint(y, uv, 1.0)
    opacity = np.clip(share[..., 0] * (_ROWS - 1) / _FADE_ROWS, 0, 1) * np.clip(2.5 * arch[:, 0], 0, 1)
    size = np.array([y.shape[1], y.shape[0]])
    cells = np.arange(len(points)).reshape(_ROWS, half + 1)
    a, b, c, d = (part.ravel() for part in (cells[:-1, :-1], cells[:-1, 1:], cells[1:, 1:], cells[1:, :-1]))
    triangles = clockwise(np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]), spread[:, :2])
    places = (spread[:, :2] - [lid.left, lid.top] + 0.5) / size
    return PortraitLid(points, places.clip(0, 1), triangles, targets, opacity.ravel(), picture_of(Frame(y, uv)))
