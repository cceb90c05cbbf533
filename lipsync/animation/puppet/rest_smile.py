"""How much a portrait smiles by itself, and what a mood makes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.types import ARKIT_NAMES
from lipsync.face.pose import load_basis
from lipsync.face.topology import MOUTH_CORNERS
from lipsync.face.types import Portrait

MAX_REST_SMILE = 1.2
"""Largest smile that is believed, in units of mouthSmile. Neutral portraits have 0 to 0.3, smiles 0.9 to 1.2."""
MIN_SMILE_SHARE = 0.25
"""Share of the smile that a mood wants which a portrait that smiles already still shows."""
_WANTED = 0.2
"""Weight of mouthSmile above which a smile is certainly meant."""
_MIDDLE = (0, 17, 13, 14)
"""Points of the middle of both lips, outer and inner."""
_SMILES = [ARKIT_NAMES.index("mouthSmileLeft"), ARKIT_NAMES.index("mouthSmileRight")]


def measure_rest_smile(portrait: Portrait) -> float:
    """The portrait's smile in units of mouthSmile, 0-1.2.

    It is the mean of two measures, taken in the basis' space where the head's turn is undone: how high its corners
    are over its middle, and how far apart.
    """
    basis, fit = load_basis(), portrait.head
    flip = np.array([1.0, -1.0, -1.0])
    upright = ((portrait.landmarks - fit.center_portrait) * flip / fit.scale) @ fit.rotation
    neutral = _corner_place(basis.points)
    smile = basis.unit("mouthSmileLeft") + basis.unit("mouthSmileRight")
    effect = _corner_place(basis.points + smile) - neutral
    amounts = (_corner_place(upright) - neutral) / effect
    return float(np.clip(amounts.mean(), 0.0, MAX_REST_SMILE))


def _corner_place(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """(2,) height of the corners of the mouth over its middle, and their distance, of points (468, 3), y up."""
    corners = points[list(MOUTH_CORNERS)]
    return np.array([corners[:, 1].mean() - points[list(_MIDDLE), 1].mean(), corners[1, 0] - corners[0, 0]])


def remove_rest_smile(
    weights: NDArray[np.float32], smile_removal: NDArray[np.float32], rest_smile: float
) -> NDArray[np.float32]:
    """(T, 52) weights from which the given share (T,) of the portrait's own smile is taken.

    A mood that smiles keeps at least a quarter of its smile; without one mouthSmile may become negative, which lowers
    the corners.
    """
    removed = (smile_removal * np.float32(rest_smile))[:, None]
    meant = weights[:, _SMILES]
    # Between no smile and one that is meant, continuous: moods change gradually.
    certain = np.clip(meant / _WANTED, 0.0, 1.0)
    changed = weights.copy()
    changed[:, _SMILES] = np.maximum(meant - removed, MIN_SMILE_SHARE * meant - removed * (1 - certain))
    return changed
