"""All that is prepared of a portrait once, so that a frame is cheap: a value that can be saved and loaded.

What prepares it is in :mod:`lipsync.animation.puppet.prepare`: a rig that is read from disk needs none of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from lipsync.animation.puppet.eyelids import Eyelid
from lipsync.animation.puppet.face_warp import MouthWarp
from lipsync.animation.puppet.gaze import EyeGaze
from lipsync.animation.puppet.glasses import Glasses
from lipsync.animation.puppet.head import Head
from lipsync.animation.puppet.interior import Interior
from lipsync.animation.puppet.motion import Motion
from lipsync.animation.puppet.serialization import flatten, unflatten
from lipsync.animation.puppet.smile_folds import SmileFold
from lipsync.animation.puppet.upper_face import UpperFace


@dataclass(frozen=True)
class Rig:
    """A portrait made ready to move."""

    motion: Motion
    warp: MouthWarp
    head: Head
    interior: Interior
    upper_face: UpperFace
    eyelids: tuple[Eyelid, ...]
    """Both, or none for a portrait that does not blink."""
    gaze: tuple[EyeGaze, ...]
    """Both, or none for a portrait whose eyes stay still."""
    glasses: Glasses
    smile_folds: tuple[SmileFold, ...]
    """Right and left."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as flat arrays, for np.savez."""
        return flatten(self)

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Rig:
        """The rig again. Raises KeyError when an array is missing."""
        return unflatten(Rig, arrays)
