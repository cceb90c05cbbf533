"""Whether the mesh has missed the lower lip of a mouth that is wide open.

In some wide laughs the mesh takes the lower teeth for the lower lip. Such a mouth would be cut open above its teeth,
and keep them when it shuts. Teeth are less red than the skin below the lips, and lips are not.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.pose import seen_eye_distance
from lipsync.face.topology import LOWER_LIP, MOUTH_CORNERS, UPPER_LIP

MIN_GAP = 0.12
"""Gap of the inner lips, in eye distances, from which is looked: a narrower mouth shows no lower teeth."""
MAX_PALE = 0.6
"""Share of the lower lip that may be less red than the skin below it. Of 130 portraits, many of which show their
teeth, the one whose lower lip the mesh missed has 0.77; the others have at most 0.22."""
MIN_DIFFERENCE = 1.0
"""CIELAB a* by which a place must be less red than the skin; in a picture without colour none is."""

_SKIN = 0.08
"""Distance of the skin below the lower lip, in eye distances."""
_BLUR = 0.006
"""Standard deviation of the blur, in eye distances."""
_MIDDLE = slice(3, 8)
"""Points of a lip ring, corner to corner, in the middle half of the mouth."""
_SHARES = np.linspace(0.1, 0.9, 17)
"""Places from the inner to the outer border of the lip."""


def lower_lip_is_missed(picture: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> bool:
    """Whether what the mesh takes for the lower lip is not lip. Picture (H, W, 3) RGB, landmarks (468, 3) in its
    pixels."""
    return measure_pale_share(picture, landmarks) > MAX_PALE


def measure_pale_share(picture: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> float:
    """Share of the mesh's lower lip, in the middle of the mouth, that is less red than the skin below it.

    0 for a mouth that is not wide open.
    """
    points = landmarks[:, :2].astype(np.float64)
    unit = float(seen_eye_distance(points))
    along = points[MOUTH_CORNERS[1]] - points[MOUTH_CORNERS[0]]
    down = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-6)
    inner, outer = (points[list(LOWER_LIP[ring])][_MIDDLE] for ring in (3, 0))
    upper = points[list(UPPER_LIP[3])][_MIDDLE]
    if float(((inner - upper) @ down).max()) < MIN_GAP * unit:
        return 0.0
    lip = inner[:, None] + (outer - inner)[:, None] * _SHARES[:, None]
    places = np.concatenate([lip, (outer + _SKIN * unit * down)[:, None]], axis=1)
    redness = _redness(picture, places, _BLUR * unit)
    return float((redness[:, :-1] < redness[:, -1:] - MIN_DIFFERENCE).mean())


def _redness(picture: NDArray[np.uint8], places: NDArray[np.float64], blur: float) -> NDArray[np.float32]:
    """CIELAB a* at ``places`` (..., 2), the border's where they lie beyond the picture."""
    limits = np.array(picture.shape[1::-1]) - 1
    pixels = np.clip(np.round(places), 0, limits).astype(int)
    margin = int(np.ceil(3 * blur)) + 1
    low = np.maximum(pixels.reshape(-1, 2).min(0) - margin, 0)
    high = pixels.reshape(-1, 2).max(0) + margin + 1
    part = np.ascontiguousarray(picture[low[1] : high[1], low[0] : high[0]])
    soft = cv2.GaussianBlur(part, (0, 0), max(0.5, blur)).astype(np.float32) / 255
    lab = cv2.cvtColor(soft, cv2.COLOR_RGB2LAB)
    x, y = (pixels - low).T
    return np.asarray(lab[y, x, 1].T, np.float32)
