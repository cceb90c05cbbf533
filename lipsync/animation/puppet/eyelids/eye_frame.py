"""The frame of reference in which an eye is studied: its corners level, its width between two limits.

Small eyes are enlarged, since curves and lashes near the pixel grid cannot be fitted; large ones are shrunk, since
their analysis would take longer and gain nothing. A similarity leads back to the portrait.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.topology import BROWS_LOWER, LID_CREASES, LOWER_LIDS, UPPER_LIDS

Floats = NDArray[np.float32]

MIN_EYE_WIDTH, MAX_EYE_WIDTH = 80.0, 130.0
"""Pixels between the corners in the frame of reference. Eyes of hopper.jpg have 38, of a 1024-pixel face 90-150."""
MAX_SLOPE_DEG = 6.0
"""An eye whose corners are closer to level than this is not rotated: curves over columns suit it, and nothing is
resampled. Measured natural up to 15 degrees."""
_OUTER_MARGIN, _INNER_MARGIN, _UPPER_MARGIN, _LOWER_MARGIN = 0.56, 0.42, 0.30, 0.45
"""Eye widths around the mesh's eye that are looked at: lashes reach far out at the temple."""


@dataclass(frozen=True)
class EyeFrame:
    """A levelled rectangle around one eye."""

    eye: int
    """0 is the person's right eye, 1 the left one."""
    to_portrait: NDArray[np.float64]
    """(2, 3) affine from the frame's pixels to the portrait's."""
    width: int
    height: int
    scale: float
    """Pixels of the frame in a pixel of the portrait."""
    eye_width: float
    """Pixels of the frame between the eye's corners."""

    def cut(self, picture: NDArray[np.uint8]) -> Floats:
        """(height, width, 3) float32 of the portrait's ``picture`` (H, W, 3)."""
        whole = (0, 0, self.width, self.height)
        x0, y0, x1, y1 = self.portrait_box(whole, picture.shape[1], picture.shape[0], margin=4)
        part = picture[y0:y1, x0:x1].astype(np.float32)
        if self.scale < 1:
            part = cv2.GaussianBlur(part, (0, 0), 0.42 * np.sqrt(1 / self.scale**2 - 1) + 1e-3)
        matrix = self.to_portrait - np.array([[0, 0, x0], [0, 0, y0]])
        cut = cv2.warpAffine(
            part,
            matrix,
            (self.width, self.height),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(np.clip(cut, 0, 255), np.float32)

    def to_frame(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points (n, 2) of the portrait in the frame's pixels."""
        inverse = np.linalg.inv(self.to_portrait[:, :2])
        return np.asarray((points - self.to_portrait[:, 2]) @ inverse.T)

    def portrait_box(
        self, box: tuple[int, int, int, int], width: int, height: int, margin: int = 0
    ) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1, even: the part of a portrait of ``width`` x ``height`` that ``box`` of the frame shows.

        ``margin``: pixels of the portrait to add.
        """
        corners = np.array([[x, y] for x in box[::2] for y in box[1::2]], np.float64)
        placed = corners @ self.to_portrait[:, :2].T + self.to_portrait[:, 2]
        low, high = placed.min(0) - margin, placed.max(0) + margin
        x0, y0 = (max(0, 2 * int(np.floor(value / 2))) for value in low)
        x1 = min(width // 2 * 2, 2 * int(np.ceil(high[0] / 2)))
        y1 = min(height // 2 * 2, 2 * int(np.ceil(high[1] / 2)))
        return x0, y0, x1, y1


def place_eye_frame(points: NDArray[np.float64], eye: int) -> EyeFrame:
    """The frame of one eye of landmarks ``points`` (468, 2) in pixels; ``eye`` 0 is the person's right one."""
    upper, lower = points[list(UPPER_LIDS[eye])], points[list(LOWER_LIDS[eye])]
    crease, brow = points[list(LID_CREASES[eye])], points[list(BROWS_LOWER[eye])]
    across = upper[-1] - upper[0]
    seen_width = float(np.linalg.norm(across))
    slope = float(np.degrees(np.arctan2(across[1], across[0])))
    angle = np.radians(slope if abs(slope) > MAX_SLOPE_DEG else 0.0)
    scale = float(np.clip(seen_width, MIN_EYE_WIDTH, MAX_EYE_WIDTH)) / max(seen_width, 1e-6)
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    level = np.concatenate([upper, lower, crease, brow]) @ axes.T
    lids, folds = level[:18], level[18:27]
    # The two eyes' rectangles never overlap: each is painted without regard to the other.
    other = points[list(UPPER_LIDS[1 - eye])] @ axes.T
    left_corner, right_corner = lids[:, 0].min(), lids[:, 0].max()
    gap = max(0.0, (other[:, 0].min() - right_corner) if eye == 0 else (left_corner - other[:, 0].max()))
    inner, outer = min(_INNER_MARGIN * seen_width, gap / 2 - 2), _OUTER_MARGIN * seen_width
    margins = (outer, inner) if eye == 0 else (inner, outer)
    low = np.array([left_corner - margins[0], min(lids[:, 1].min(), folds[:, 1].min()) - _UPPER_MARGIN * seen_width])
    high = np.array([right_corner + margins[1], lids[:, 1].max() + _LOWER_MARGIN * seen_width])
    if scale == 1.0 and angle == 0.0:
        low = np.floor(low / 2) * 2
    size = 2 * np.ceil((high - low) * scale / 2).astype(int)
    to_portrait = np.column_stack([axes.T / scale, axes.T @ low])
    return EyeFrame(eye, to_portrait, int(size[0]), int(size[1]), scale, seen_width * scale)
