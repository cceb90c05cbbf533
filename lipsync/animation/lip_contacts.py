"""The contacts of the lips as ARKit weights, for faces that know no ``seal`` and ``bite`` of the face track."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.types import ARKIT_NAMES, FaceTrack

_JAW, _CLOSE, _ROLL_LOWER, _FUNNEL = (
    ARKIT_NAMES.index(name) for name in ("jawOpen", "mouthClose", "mouthRollLower", "mouthFunnel")
)
_UPPER = [ARKIT_NAMES.index(name) for name in ("mouthUpperUpLeft", "mouthUpperUpRight")]
_LOWER = [ARKIT_NAMES.index(name) for name in ("mouthLowerDownLeft", "mouthLowerDownRight")]
_BITE_JAW, _BITE_ROLL = 0.06, 0.45
"""jawOpen at most, and mouthRollLower at least, of a lower lip at the upper teeth: those of the mouth shape FF."""


def weights_with_contacts(track: FaceTrack) -> NDArray[np.float64]:
    """(T, 52) the weights of ``track`` in which lips that touch are shut and a lower lip that is bitten is rolled in.

    mouthClose shuts the lips whatever the jaw does: in ARKit lips are shut where it equals jawOpen.
    """
    weights = track.weights.astype(np.float64)
    seal, bite = track.seal.astype(np.float64), track.bite.astype(np.float64)
    weights[:, [*_UPPER, *_LOWER, _FUNNEL]] *= (1 - seal)[:, None]
    weights[:, _LOWER] *= (1 - bite)[:, None]
    weights[:, _ROLL_LOWER] = np.maximum(weights[:, _ROLL_LOWER], _BITE_ROLL * bite)
    jaw = weights[:, _JAW]
    jaw = jaw * (1 - bite) + np.minimum(jaw, _BITE_JAW) * bite
    weights[:, _JAW], weights[:, _CLOSE] = jaw, np.maximum(weights[:, _CLOSE], seal * jaw)
    return weights
