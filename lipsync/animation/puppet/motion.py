"""From the track's weights to where each point of the portrait goes.

The 52 units act linearly; then the lips are corrected in landmark space: rounded, never through each other, exactly
shut where the track says so, the lower one at the teeth for f and v. Solving the lips here, not in the picture, is
what closes p, b and m to the pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.mouth import Mouth, analyze_mouth
from lipsync.animation.puppet.rest_smile import measure_rest_smile, remove_rest_smile
from lipsync.animation.types import ARKIT_NAMES, FaceTrack
from lipsync.face.pose import load_basis, seen_eye_distance
from lipsync.face.topology import (
    INNER_CORNERS,
    LOWER_LIP,
    MOUTH_CORNERS,
    NOSE_BASE,
    PHILTRUM,
    UPPER_LIP,
)
from lipsync.face.types import Portrait

ROUNDNESS = 0.75
"""How far a raw opening, a V under funnel and pucker, is drawn towards an ellipse."""
UPPER_SHARE = 0.30
"""Share of a correction of the gap that the upper lip makes; the lower lip makes the rest."""
RING_FALLOFF = (0.5, 0.72, 0.9, 1.0)
"""How much of a correction reaches each ring of a lip, outermost first."""
_RELAXED = 0.35
"""Share of its smile that a laughing portrait loses as its mouth shuts."""
_SHUT_SMILE = 0.26
"""Share of its smile that a laughing portrait still shows with its mouth shut, which a mood may take back. With 0.65
the corners of five of six laughs hung below the middle of the lips like a caricature's, sad and angry."""
_MIDDLE_STAYS = 0.6
"""Share of that movement that the middle of the lips does not make."""
BITE_GAP = 0.022
"""Gap at the middle of the mouth in f and v, in eye distances: the lower lip touches the upper teeth."""

_SMILES, _CHEEKS = (
    [ARKIT_NAMES.index(f"{name}{side}") for side in ("Right", "Left")] for name in ("mouthSmile", "cheekSquint")
)

_UPPER, _LOWER = np.array(UPPER_LIP), np.array(LOWER_LIP)


@dataclass(frozen=True)
class Motion:
    """How one portrait's points answer to the track."""

    units: NDArray[np.float32]
    """(52, 468, 2) displacement in pixels of each point at each unit = 1."""
    mouth: Mouth
    eye_distance: float
    """Pixels, corrected for the turn of the head."""
    seen_eye_distance: float
    """Pixels between the outer eye corners as they are seen."""
    rest_smile: float
    """How much the portrait smiles by itself once its mouth is shut, in units of mouthSmile, 0-1.2."""
    across: NDArray[np.float64]
    """(11,) where the inner lips' points stand across a mouth seen from the front: -1 ... 1."""

    @property
    def jaw_open(self) -> NDArray[np.float32]:
        """(468, 2) pixels at jawOpen = 1."""
        unit: NDArray[np.float32] = self.units[ARKIT_NAMES.index("jawOpen")]
        return unit

    def displacements(self, track: FaceTrack) -> NDArray[np.float32]:
        """(T, 468, 2) pixels that each point moves, head motion aside."""
        mouth, down, along = self.mouth, self.mouth.down, self.mouth.along
        weights = remove_rest_smile(track.weights, track.smile_removal, self.rest_smile)
        moved = np.tensordot(weights, self.units, 1).astype(np.float64) + mouth.closing
        upper = mouth.points[_UPPER[3]] + moved[:, _UPPER[3]]
        lower = mouth.points[_LOWER[3]] + moved[:, _LOWER[3]]
        apart = lower - upper
        gap = apart @ down
        target = self._target_gap(gap, track.seal, track.bite)
        change = (target - gap)[:, 1:-1, None] * down
        sideways = ((apart @ along) * track.seal[:, None])[:, 1:-1, None] * along * 0.5
        for ring, falloff in enumerate(RING_FALLOFF):
            aside = sideways * (falloff if ring else 0.0)
            moved[:, _UPPER[ring, 1:-1]] += -UPPER_SHARE * falloff * change + aside
            moved[:, _LOWER[ring, 1:-1]] += (1 - UPPER_SHARE) * falloff * change - aside
        return moved.astype(np.float32)

    def smiles(self, track: FaceTrack) -> NDArray[np.float32]:
        """(T, 2) how much the right and the left side smile beyond what the portrait does by itself, 0-1."""
        weights = remove_rest_smile(track.weights, track.smile_removal, self.rest_smile)
        strength = 0.75 * weights[:, _SMILES] + 0.25 * weights[:, _CHEEKS]
        return np.asarray(np.clip(strength, 0, 1), np.float32)

    def openings(self, track: FaceTrack) -> NDArray[np.float32]:
        """(T,) opening of the inner lips at the middle of the mouth, in distances of the eye corners as seen."""
        moved = self.displacements(track)
        upper, lower = _UPPER[3, 4:7], _LOWER[3, 4:7]
        apart = (self.mouth.points[lower] + moved[:, lower]) - (self.mouth.points[upper] + moved[:, upper])
        seen = (apart @ self.mouth.down).mean(1)
        return np.asarray(np.maximum(seen, 0) / self.seen_eye_distance, np.float32)

    def _target_gap(
        self, gap: NDArray[np.float64], seal: NDArray[np.float32], bite: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """(T, 11) gap between the inner lips, in pixels: rounded, sealed, bitten, never negative."""
        largest = np.maximum(gap.max(1), 0)[:, None]
        ellipse = largest * np.sqrt(np.clip(1 - self.across**2, 0, 1))
        rounded = gap + (np.maximum(ellipse, gap) - gap) * ROUNDNESS
        target = np.maximum(rounded, 0) * (1 - seal[:, None])
        max_gap = BITE_GAP * self.eye_distance * (1 - np.abs(np.arange(11) - 5) / 5)
        return np.asarray(target + (np.minimum(target, max_gap) - target) * bite[:, None])


def study_motion(portrait: Portrait) -> Motion:
    """Lay the ARKit units onto a portrait and study its mouth."""
    basis, fit = load_basis(), portrait.head
    units = fit.turn(basis.displacements)[..., :2].astype(np.float32)
    landmarks = portrait.landmarks[:, :2]
    corners = list(MOUTH_CORNERS)
    own_width = float(np.linalg.norm(np.diff(landmarks[corners], axis=0)))
    neutral_width = float(np.linalg.norm(np.diff(fit.points[corners, :2], axis=0)))
    lip_units = [k for k, name in enumerate(ARKIT_NAMES) if name.startswith("mouth")]
    units[lip_units] *= np.clip(own_width / neutral_width, 0.75, 1.15)
    _tame_funnel(units)
    # Lids and eyes are painted, not warped: their points would pull at the cheeks.
    units[[k for k, name in enumerate(ARKIT_NAMES) if name.startswith(("eyeBlink", "eyeLook"))]] = 0
    mouth = analyze_mouth(portrait, units[ARKIT_NAMES.index("jawOpen")])
    # Across the mouth as seen from the front: in a turned head the far half is foreshortened, not narrower.
    x = basis.points[_UPPER[3], 0]
    across = (x - basis.points[INNER_CORNERS[0], 0]) / (x[-1] - x[0]) * 2 - 1
    rest_smile = measure_rest_smile(portrait)
    if mouth.is_open:
        _relax_smile(mouth, units, rest_smile)
        rest_smile *= _SHUT_SMILE
    seen = float(seen_eye_distance(landmarks))
    return Motion(units, mouth, portrait.eye_distance, seen, rest_smile, across)


def _relax_smile(mouth: Mouth, units: NDArray[np.float32], rest_smile: float) -> None:
    """Let a laugh that is shut become a smaller smile: the corners of shut lips are neither as high nor as far apart.

    Both lips go along together, for what they differ by would open the mouth again; their middle stays nearly
    where it shows the upper teeth.
    """
    smile = units[[ARKIT_NAMES.index("mouthSmileLeft"), ARKIT_NAMES.index("mouthSmileRight")]].sum(0)
    relaxed = -_RELAXED * rest_smile * smile.astype(np.float64)
    middle = (relaxed[_UPPER] + relaxed[_LOWER]) / 2
    middle -= _MIDDLE_STAYS * middle[3, 5]
    for ring in range(len(middle)):
        relaxed[_UPPER[ring]] = relaxed[_LOWER[ring]] = middle[ring]
    mouth.closing[:] += relaxed


def _tame_funnel(units: NDArray[np.float32]) -> None:
    """mouthFunnel lifts and drops the lips too much for speech: 0.4 of the upper's, 0.6 of the lower's is right."""
    funnel = units[ARKIT_NAMES.index("mouthFunnel")]
    funnel[_UPPER[:, 1:-1], 1] *= 0.4
    funnel[_LOWER[:, 1:-1], 1] *= 0.6
    funnel[list(PHILTRUM + NOSE_BASE), 1] *= 0.5
