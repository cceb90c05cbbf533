"""Whether an eye is hidden: by dark or mirrored glass, a patch, hair, or a shadow in which it cannot be seen.

The mesh puts lids on sunglasses as calmly as on eyes, so the pixels are asked. An eye is drawn where the mesh has
one (a dark iris and a line of lashes on a bright sclera) and matched with the picture, which tells two things: how
much alike they are, whatever the brightness and the contrast, and how strong the eye's contrast is. The contrast is
compared with the brightness of the cheek below, on the same side, above the darkest of the face: so a dark room, a
dark skin, a faded or a one-sided light make no difference, and a glass that lies over the eye and not over the
cheek does.

Measured on portraits of people who do not exist (random-face 2021.7.21.1) with painted covers. Set A: seeds 101 to
160 and the three built-in avatars, on which the thresholds were chosen; the mesh is that of the open eyes. Set B:
seeds 301 to 360, looked at when all was settled; the mesh is found anew on the covered face, which 0 or 1 of 56
then has not.

===========================================  =============  ==========
cover                                        A, of 63       B
===========================================  =============  ==========
sunglasses, 60 % dark                        63             54 of 56
the same, wide enough to cover the cheek     59
the same, narrow                             62
sunglasses, 90 % dark                        63             55 of 55
mirrored glasses                             58             54 of 56
a patch over one eye                         63             55 of 55
hair over one eye                            59             53 of 55
a cap's shadow, 25 % of the light left       63             55 of 55
===========================================  =============  ==========

Found without a painted cover: in A 1 of 63, who wears real sunglasses (the same in grey, at 30 % of the light,
shrunk to 60 pixels between the eyes, and with a tint of 30 %). In B 6 of 56: one in a cap's shadow, one misshapen,
and 4 wrongly, all turned by 21 to 34 degrees, where the mesh often misses the far eye. In a third set, seeds 161 to
300, after which two thresholds were moved, 13 of 135: all 6 with real sunglasses, 3 with hair or a cap over an eye,
4 wrongly. To miss a blink is the lesser fault. Not found: covers that look like an eye by chance, and brown glass
that is hardly dark.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import luma, pixels_inside, smoothstep
from lipsync.face.topology import LOWER_LIDS, UPPER_LIDS

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

MIN_SIMILARITY = 0.28
"""Correlation of the eye with a drawn one."""
MIN_CONTRAST = 0.10
"""Contrast of the eye relative to the cheek's brightness."""
DIM_CONTRAST, DIM_SKIN = 0.24, 0.44
"""Behind dimming glass, the contrast of the eye and the skin below it are below these, relative to the cheek."""
MIN_LOCAL_CONTRAST = 0.17
"""Contrast of the eye relative to the brightness of the skin below it, or of what covers that."""

_PIXELS = 32
"""Pixels to an eye's width at which is looked."""
_X, _Y = (-0.6, 0.6), (-0.6, 0.8)
"""The rectangle that is looked at, from the middle between the eye's corners, in eye widths."""
_GAZES = (-0.16, -0.08, 0.0, 0.08, 0.16)
"""Where the iris may be, from the middle of the eye, in eye widths."""
_SHIFTS = (-0.10, -0.05, 0.0, 0.05)
"""By how much the mesh's lids may lie too high or too low, in eye widths: they often do."""
_IRIS = 0.20
"""Radius of the iris in eye widths."""
_SCLERA, _IRIS_SHADE, _LASHES, _LOWER_LID = 0.18, -0.85, -0.55, -0.15
"""Brightness of the drawn eye's parts; the skin around them is 0."""
_LOW_CHEEKS = (
    ((205, 187, 206, 36, 50), (206, 216, 92, 165, 203)),
    ((425, 411, 426, 266, 280), (426, 436, 322, 391, 423)),
)
"""Outlines of the cheek, and of the skin beside the upper lip. The brighter is taken: wide glasses cover the one, a
moustache the other."""


@dataclass(frozen=True)
class EyeView:
    """What the picture shows where the mesh has an eye. Brightness counts from the darkest of the face."""

    similarity: float
    """Correlation with the best-fitting drawn eye, -1 to 1."""
    contrast: float
    """Contrast between sclera and iris in the cheek's brightness."""
    skin: float
    """Brightness of the strip below the eye in the cheek's brightness."""

    @property
    def is_covered(self) -> bool:
        """Whether no eye can be seen."""
        return (
            self.similarity < MIN_SIMILARITY
            or self.contrast < MIN_CONTRAST
            or (self.contrast < DIM_CONTRAST and self.skin < DIM_SKIN)
            or self.contrast < MIN_LOCAL_CONTRAST * self.skin
        )


def view_eye(picture: Bytes, points: NDArray[np.floating], eye: int) -> EyeView:
    """Look at one eye: 0 the person's right one, 1 the left one.

    ``picture`` (H, W, 3) RGB, ``points`` (468, 2) landmarks in pixels.
    """
    darkest = _darkest(picture, points)
    cheek = max(
        float(luma(np.median(pixels_inside(picture, points[list(outline)]), axis=0))) for outline in _LOW_CHEEKS[eye]
    )
    cheek -= darkest
    seen, upper, lower = _straightened(picture, points[list(UPPER_LIDS[eye])], points[list(LOWER_LIDS[eye])])
    columns, rows = _grid()
    strip = (rows > lower + 0.10) & (rows < lower + 0.26) & (np.abs(columns) < 0.45)
    # Not the middle: the lower rim of clear glasses may take half of the strip.
    skin = float(np.percentile(seen[strip], 70)) - darkest if strip.any() else cheek
    soft = cv2.GaussianBlur(seen, (0, 0), 0.03 * _PIXELS)
    similarity, contrast = max(
        _match(soft, upper + shift, lower + shift, gaze) for shift in _SHIFTS for gaze in _GAZES
    )
    bright = max(cheek, 4.0)  # levels of 255
    return EyeView(similarity, contrast / bright, skin / bright)


def eyes_are_covered(picture: Bytes, points: NDArray[np.floating]) -> bool:
    """Whether at least one eye cannot be seen, so that a lid would be painted on what covers it.

    ``picture`` (H, W, 3) RGB, ``points`` (468, 2) landmarks in pixels.
    """
    return any(view_eye(picture, points, eye).is_covered for eye in (0, 1))


def _darkest(picture: Bytes, points: NDArray[np.floating]) -> float:
    """Brightness of the darkest hundredth of the rectangle around the face."""
    height, width = picture.shape[:2]
    x0, y0 = np.clip(points.min(0), 0, [width - 2, height - 2]).astype(int)
    x1, y1 = np.clip(points.max(0), [x0 + 1, y0 + 1], [width, height]).astype(int)
    return float(np.percentile(luma(picture[y0:y1:2, x0:x1:2].astype(np.float32)), 1))


def _grid() -> tuple[Floats, Floats]:
    """(1, w) columns and (h, 1) rows of the rectangle that is looked at, in eye widths."""
    columns, rows = (
        np.asarray((np.arange(round((end - begin) * _PIXELS)) + 0.5) / _PIXELS + begin, np.float32)
        for begin, end in (_X, _Y)
    )
    return columns[None], rows[:, None]


def _straightened(
    picture: Bytes, upper: NDArray[np.floating], lower: NDArray[np.floating]
) -> tuple[Floats, Floats, Floats]:
    """(h, w) brightness around an eye whose corners lie level, and the rows (w,) of its lids in eye widths."""
    right, left = upper[0].astype(np.float64), upper[-1].astype(np.float64)
    middle, length = (right + left) / 2, float(np.linalg.norm(left - right))
    axes = np.array([left - right, [right[1] - left[1], left[0] - right[0]]]) / max(length, 1e-6)
    scale = _PIXELS / max(length, 1e-6)
    columns, rows = _grid()
    offset = -np.array([_X[0], _Y[0]]) * _PIXELS - 0.5 - scale * axes @ middle
    matrix = np.column_stack([scale * axes, offset])
    seen = warp_part(picture, matrix, (columns.size, rows.size), 0.35 / scale if scale < 1 else 0.0)

    def line(points: NDArray[np.floating]) -> Floats:
        along, down = ((points - middle) @ axes.T / max(length, 1e-6)).T
        return np.asarray(np.interp(columns[0], along, down), np.float32)

    top = line(upper)
    return np.asarray(luma(seen.astype(np.float32)), np.float32), top, np.maximum(line(lower), top)


def warp_part(
    picture: Bytes, matrix: NDArray[np.float64], size: tuple[int, int], blur: float, flags: int = cv2.INTER_LINEAR
) -> Bytes:
    """``cv2.warpAffine`` of ``picture`` (H, W, 3) blurred by ``blur`` pixels; only what is shown is blurred.

    ``matrix`` (2, 3) leads from the picture's pixels to the result's, which has ``size`` (width, height).
    """
    height, width = picture.shape[:2]
    inverse = np.linalg.inv(matrix[:, :2])
    corners = (np.array([[0, 0], [size[0], 0], [0, size[1]], size]) - matrix[:, 2]) @ inverse.T
    margin = 4 + 4 * blur
    x0, y0 = np.clip(corners.min(0) - margin, 0, [width - 1, height - 1]).astype(int)
    x1, y1 = np.clip(corners.max(0) + margin, [x0 + 1, y0 + 1], [width, height]).astype(int)
    part = picture[y0:y1, x0:x1]
    if blur > 0:
        part = np.asarray(cv2.GaussianBlur(part, (0, 0), blur), np.uint8)
    shifted = matrix + np.column_stack([np.zeros((2, 2)), matrix[:, :2] @ [x0, y0]])
    return np.asarray(cv2.warpAffine(part, shifted, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _match(seen: Floats, upper: Floats, lower: Floats, gaze: float) -> tuple[float, float]:
    """Correlation of ``seen`` (h, w) with an eye that is drawn between the lids' rows (w,), and its contrast.

    The contrast is the factor of the drawn eye in the least-squares fit, in levels of 255.
    """
    columns, rows = _grid()
    inside = smoothstep(rows - upper, -0.02, 0.03) * smoothstep(lower - rows, -0.02, 0.03) * (np.abs(columns) < 0.5)
    middle = float((upper + lower)[np.abs(columns[0]) < 0.05].mean()) / 2 - 0.02
    iris = smoothstep(_IRIS - np.hypot(columns - gaze, rows - middle), -0.04, 0.02)
    lashes = np.exp(-(((rows - upper + 0.01) / 0.045) ** 2)) * (np.abs(columns) < 0.52)
    below = np.exp(-(((rows - lower - 0.01) / 0.03) ** 2)) * (np.abs(columns) < 0.5)
    drawn = (_SCLERA + (_IRIS_SHADE - _SCLERA) * iris) * inside
    drawn += _LASHES * lashes * (1 - 0.5 * inside) + _LOWER_LID * below
    around = (rows > upper - 0.12) & (rows < lower + 0.10) & (np.abs(columns) < 0.5)
    observed, expected = seen[around] - seen[around].mean(), drawn[around] - drawn[around].mean()
    product, energy = float(observed @ expected), float(expected @ expected)
    return product / float(np.sqrt(energy * float(observed @ observed)) + 1e-6), product / (energy + 1e-6)
