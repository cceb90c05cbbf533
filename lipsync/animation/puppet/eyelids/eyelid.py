"""One eye's lid, as it is kept in the rig."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.eyelids.atlas import Atlas
from lipsync.animation.puppet.eyelids.draw import LidRenderer

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Eyelid:
    """Everything that closures of one eye are drawn from.

    ``y`` and ``uv`` are a rectangle of the portrait, (h, w) pixels. The other arrays belong to the levelled frame of
    the eye, (H, W) pixels, in which lids are rows over columns.
    """

    left: int
    """Left and top of the rectangle in the portrait, pixels, even."""
    top: int
    y: Bytes
    """(h, w) the portrait's own luma in the rectangle."""
    uv: Bytes
    """(h/2, w/2, 2) its chroma."""
    to_frame: NDArray[np.float64]
    """(2, 3) affine from the rectangle's pixels to the levelled frame's."""
    eye_width: float
    """Pixels of the levelled frame."""
    upper: Floats
    """(W,) the open lid's edge."""
    lower: Floats
    shut: Floats
    """(W,) where the lids meet."""
    rise: Floats
    """(W,) rows by which the lower lid comes up."""
    reach: Floats
    """(W,) rows above the edge in which the skin is drawn down with it."""
    across: Floats
    """(W,) -1 at the inner corner, 1 at the outer one."""
    beyond: Floats
    """(W,) eye widths beyond the nearer corner."""
    skin: NDArray[np.float16]
    """(H, W, 3) Y Cb Cr of the shut lid, without grain."""
    alpha: Bytes
    """(H, W) 0-255 where the lid replaces the picture."""
    foreground: Bytes
    """(H, W) 0-255 rims, hair and glints that lie over the lid."""
    grain: NDArray[np.float16]
    """(n, n) the photograph's grain, relative to the brightness of the skin, at the portrait's scale."""
    lashes: Bytes
    """(N, W) 0-255 density in lid coordinates."""
    edge_row: int
    """Row of ``lashes`` that lies on the edge."""
    lash_colour: Floats
    """(3,) Y Cb Cr."""
    line: Floats
    """(W,) 0-1 strength of the line where the lids meet."""
    thickness: float
    """Thickness of that line, pixels of the frame."""
    band: float
    """Rows of the open lid's dark edge below ``upper``."""
    softness: float
    """Pixels of the frame over which the lid's edge fades."""

    @property
    def area(self) -> tuple[slice, slice]:
        """Rows and columns of the portrait in which the lid is painted."""
        height, width = self.y.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    @cached_property
    def atlas(self) -> Atlas:
        """Closures that were drawn already. No field: it is not saved with the rig."""
        return Atlas(LidRenderer(self))
