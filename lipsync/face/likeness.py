"""Whether two faces are one person's, without a recognition network: the colours of the skin at the mesh's points.

The mesh puts each of its points on the same place of any face, so what lies under the points can be compared point by
point, whatever the size and place of the face, and nearly whatever its pose. Lips and jaw, which speech moves, and
eyes, which blink, are left out. It serves within one video, where light and camera are much the same; it does not
recognise a person elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.pose import fit_head, load_basis, rigid_points, seen_eye_distance
from lipsync.face.topology import LOWER_LIDS, UPPER_LIDS

SAME_LIGHTNESS = 0.90
"""Least correlation of the lightness at the points. Five people of the GRID corpus, all in the same studio light: any
two frames of one person 0.92 and more, of two people 0.873 at most; three avatars: 0.6 at most."""

SAME_COLOUR = 8.0
"""Greatest distance of the mean colours, in a* and b*. One person: 1.1 at most; two people: 1.2 to 58."""

DRIFTED_COLOUR = 12.0
"""Minimum likeness between the first and any later frame of a run, in which the light may change a little."""

NEAR_POSE = 12.0
"""Degrees of yaw and pitch; head poses that differ by less are compared directly."""

_SIDE = 40.0
"""Pixels between the outer eye corners at which is looked."""


@dataclass(frozen=True)
class FaceLook:
    """What one face looks like in one frame."""

    lightness: NDArray[np.float32]
    """(n,) L* at the rigid points, shifted and scaled to mean 0 and standard deviation 1."""
    colour: NDArray[np.float32]
    """(2,) mean a* and b*."""
    contrast: float
    """Standard deviation of L* over the points: falls when the picture fades to black, white or another picture."""
    sharpness: float
    """Standard deviation of the Laplacian of L*, in units of the contrast: falls when the face is blurred."""
    pose: tuple[float, float]
    """Yaw and pitch of the head, degrees."""


def describe_face(picture: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> FaceLook:
    """The look of the face with ``landmarks`` (468, 3) in a picture (H, W, 3) RGB."""
    unit = float(seen_eye_distance(landmarks))
    scale = min(1.0, _SIDE / max(unit, 1.0))
    points = landmarks[_still_points(), :2]
    height, width = picture.shape[:2]
    low, high = points.min(0) - 0.2 * unit, points.max(0) + 0.2 * unit
    left, top = (int(np.clip(value, 0, size - 2)) for value, size in zip(low, (width, height), strict=True))
    right, bottom = (int(value) + 2 for value in high)
    face = picture[top : max(bottom, top + 2), left : max(right, left + 2)]
    face = cv2.resize(face, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else face
    lab = cv2.cvtColor(face.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    soft = cv2.GaussianBlur(lab, (0, 0), 0.8)
    place = ((points - (left, top) + 0.5) * scale - 0.5).astype(np.float32)
    x, y = np.ascontiguousarray(place[None, :, 0]), np.ascontiguousarray(place[None, :, 1])
    values = cv2.remap(soft, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
    lightness = values[:, 0]
    contrast = float(lightness.std())
    fit = fit_head(landmarks)
    return FaceLook(
        lightness=((lightness - lightness.mean()) / max(contrast, 1e-3)).astype(np.float32),
        colour=values[:, 1:].mean(0).astype(np.float32),
        contrast=contrast,
        sharpness=float(cv2.Laplacian(lab[..., 0], cv2.CV_32F).std()) / max(contrast, 1e-3),
        pose=(fit.yaw, fit.pitch),
    )


def likeness(first: FaceLook, other: FaceLook) -> float:
    """Correlation of the lightness, in [-1, 1]."""
    return float((first.lightness * other.lightness).mean())


def is_same_person(first: FaceLook, other: FaceLook) -> bool:
    """Whether both looks are one person's, seen in about the same pose and light."""
    apart = float(np.linalg.norm(first.colour - other.colour))
    return likeness(first, other) >= SAME_LIGHTNESS and apart <= SAME_COLOUR


class Person:
    """One person's looks in the poses of the head that were seen."""

    def __init__(self, look: FaceLook) -> None:
        self._looks = [look]
        self._last = look

    def continues_with(self, look: FaceLook) -> bool:
        """Whether a face that was followed from the frame before is still this person's.

        It must be like the last one, and like the first one that was seen in about this pose: a slow dissolve to
        another person changes little from frame to frame.
        """
        before = self._in_pose(look)
        return (
            not self._has_drifted(look)
            and is_same_person(look, self._last)
            and (before is None or is_same_person(look, before))
        )

    def resemblance(self, look: FaceLook) -> float:
        """Greatest likeness of a face found anew to this person's looks; -1 when it is another person's."""
        if self._has_drifted(look):
            return -1.0
        return max((likeness(look, known) for known in self._looks if is_same_person(look, known)), default=-1.0)

    def _has_drifted(self, look: FaceLook) -> bool:
        return float(np.linalg.norm(look.colour - self._looks[0].colour)) > DRIFTED_COLOUR

    def add(self, look: FaceLook) -> None:
        """Remember the look of the next frame."""
        if self._in_pose(look) is None:
            self._looks.append(look)
        self._last = look

    def _in_pose(self, look: FaceLook) -> FaceLook | None:
        """The look in the nearest pose, where that is near."""
        nearest = min(self._looks, key=lambda known: _angle_between(known, look))
        return nearest if _angle_between(nearest, look) < NEAR_POSE else None


def _angle_between(first: FaceLook, other: FaceLook) -> float:
    """Degrees between two poses of the head."""
    return float(np.hypot(first.pose[0] - other.pose[0], first.pose[1] - other.pose[1]))


@lru_cache(maxsize=1)
def _still_points() -> NDArray[np.intp]:
    """(n,) indices of the rigid points that lie off the eyelids."""
    basis, rigid = load_basis().points, rigid_points()
    lids = [point for ring in (*UPPER_LIDS, *LOWER_LIDS) for point in ring]
    away = np.linalg.norm(basis[rigid][:, None] - basis[lids][None], axis=2).min(1)
    return np.asarray(rigid[away > 0.02], np.intp)
