"""The inside of the mouth, prepared once: layers that a frame lays over each other.

From back to front: the dark of the cavity, the tongue, the lower teeth (they and the tongue move with the jaw), the
upper teeth (they move with the head alone), and, of a portrait that smiles, its own teeth over all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.palette import Palette

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Interior:
    """Layers over one rectangle of the resting portrait, premultiplied RGB and alpha, 0-255."""

    left: int
    """Position of the rectangle in pixels of the portrait."""
    top: int
    cavity: Bytes
    """(h, w, 3)."""
    tongue: Bytes
    """(h, w, 4)."""
    lower_teeth: Bytes
    """(h, w, 4)."""
    upper_teeth: Bytes
    """(h, w, 4)."""
    own_teeth: Bytes
    """(h, w, 4) upper teeth that the portrait shows; (0, 0, 4) where it shows too little of them."""
    palette: Palette
    millimetre: float
    """Pixels in a millimetre."""
    jaw_path: Floats
    """(2,) pixels that the lower teeth move at jawOpen = 1."""
