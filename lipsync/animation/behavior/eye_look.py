"""The turn of the eyes as ARKit's weights ``eyeLook…``, for avatars that know no gaze."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.types import ARKIT_NAMES

ACROSS, UP_DOWN = 30.0, 25.0
"""Degrees across, and up or down, of a weight of 1."""

_RIGHT = [ARKIT_NAMES.index(name) for name in ("eyeLookOutLeft", "eyeLookInRight")]
_LEFT = [ARKIT_NAMES.index(name) for name in ("eyeLookInLeft", "eyeLookOutRight")]
_UP = [ARKIT_NAMES.index(name) for name in ("eyeLookUpLeft", "eyeLookUpRight")]
_DOWN = [ARKIT_NAMES.index(name) for name in ("eyeLookDownLeft", "eyeLookDownRight")]


def eye_look_weights(gaze: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, 52) weights, zero but for the units eyeLook…, of ``gaze`` (T, 2): degrees to the picture's right and up.

    Left and right in the names of ARKit are the person's own: the left eye is at the picture's right, so that a look
    to the picture's right turns the left eye out and the right eye in.
    """
    weights = np.zeros((len(gaze), len(ARKIT_NAMES)))
    across, up = gaze[:, :1] / ACROSS, gaze[:, 1:] / UP_DOWN
    for units, turn in ((_RIGHT, across), (_LEFT, -across), (_UP, up), (_DOWN, -up)):
        weights[:, units] = np.clip(turn, 0.0, 1.0)
    return weights
