"""Painting the inside of the mouth into a frame, in the smallest rectangle that holds the opening."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import smoothstep
from lipsync.animation.puppet.interior import Interior
from lipsync.video.frame import Frame, half_size, yuv_of

Floats = NDArray[np.float32]

_NOTHING = 0.4
"""Pixels: an opening smaller than this is the lips' own line."""
_ROUND_OPENING = 7.0
"""Millimetres of opening from which the corners of the mouth are open too."""
_SEAM_LINE = 1.0
"""Millimetres of the lower lip that the dark line between shut lips takes."""
_FIRM_TEETH = 0.85
"""Opacity of the lower teeth: they stand in the shade."""


def paint_interior(
    frame: Frame,
    interior: Interior,
    upper: Floats,
    lower: Floats,
    down: NDArray[np.float64],
    jaw: float,
    tongue: float,
    turn: Floats,
) -> None:
    """Paint what is seen between the lips into ``frame``, in place.

    ``upper`` and ``lower`` (n, 2): inner contours of the lips in this frame, pixels, corner to corner; ``down`` (2,)
    across the mouth; ``jaw`` jawOpen; ``tongue`` 0-1; ``turn`` (2, 3) affine of the head's displacement at the
    mouth, pixels.
    """
    gap = (lower - upper) @ down.astype(np.float32)
    opening = float(gap.max())
    if opening < _NOTHING:
        return
    lower = lower + (_beyond_seam(gap, interior) - np.minimum(gap, 0))[:, None] * down.astype(np.float32)
    box = _even_box(upper, lower, interior, frame)
    if box is None:
        return
    x0, y0, width, height = box
    narrow = 1 - float(smoothstep(opening, 0, _ROUND_OPENING * interior.millimetre))
    mask = _opening_mask(upper, lower, gap, box, interior.palette.softness)
    mask *= _away_from_corners(upper, box, narrow)
    columns = np.arange(x0, x0 + width, dtype=np.float32)
    rows = np.arange(y0, y0 + height, dtype=np.float32)[:, None]
    top = np.interp(columns, upper[:, 0], upper[:, 1]).astype(np.float32)[None]
    bottom = np.interp(columns, lower[:, 0], lower[:, 1]).astype(np.float32)[None]
    colour, own = _lay_layers(interior, box, jaw, tongue, turn, down)
    light = _shade(interior, mask, rows - top, opening, own)
    keeps, rim = _rim_of_lip(rows - top, bottom - rows, bottom - top, interior.millimetre)
    # Channels one by one: NumPy takes several times as long to spread a plane over three of them.
    colour *= cv2.merge([level * keeps for level in _tinted(light, interior.palette.warmth)])
    colour += cv2.merge([rim * level for level in interior.palette.lip])
    _blend(frame, box, colour, mask)


def paint_shut_line(
    frame: Frame, interior: Interior, upper: Floats, lower: Floats, down: NDArray[np.float64], unit: float
) -> None:
    """Draw the line between shut lips of a portrait whose mouth is open: the picture has none. In place.

    ``unit``: pixels in an eye distance.
    """
    box = _even_box(upper, lower, interior, frame)
    if box is None:
        return
    x0, y0, width, height = box
    middle = (upper + lower) / 2
    columns = np.arange(x0, x0 + width, dtype=np.float32)
    rows = np.arange(y0, y0 + height, dtype=np.float32)[:, None]
    line = np.interp(columns, middle[:, 0], middle[:, 1]).astype(np.float32)[None]
    gap = (lower - upper) @ down.astype(np.float32)
    open_here = np.interp(columns, middle[:, 0], gap, left=9, right=9)[None]
    place = np.clip((columns - upper[0, 0]) / (upper[-1, 0] - upper[0, 0]), 0, 1)[None]
    strength = np.exp(-(((rows - line) / max(0.9, 0.007 * unit)) ** 2)) * np.sin(np.pi * place).clip(0) ** 0.4
    alpha = 0.65 * strength * (1 - smoothstep(open_here, 0.5, 0.03 * unit))
    colour = np.broadcast_to(interior.palette.lip * 0.48, (height, width, 3))
    _blend(frame, box, np.ascontiguousarray(colour, np.float32), alpha.astype(np.float32))


def _beyond_seam(gap: Floats, interior: Interior) -> Floats:
    """(n,) pixels below the lower lip's contour that the inside covers too, once the mouth is open.

    The dark line between shut lips is half the lower lip's; on an open mouth it would be an outline.
    """
    return np.asarray(_SEAM_LINE * interior.millimetre * smoothstep(gap, 0, 3 * interior.millimetre), np.float32)


def _even_box(upper: Floats, lower: Floats, interior: Interior, frame: Frame) -> tuple[int, int, int, int] | None:
    """x, y, width, height around both contours, all even, inside the frame; None when outside of it."""
    margin = 3 + 2.5 * interior.palette.softness
    low = np.minimum(upper.min(0), lower.min(0)) - margin
    high = np.maximum(upper.max(0), lower.max(0)) + margin
    x0, y0 = (2 * int(max(0.0, float(value)) // 2) for value in low)
    x1 = min(frame.width, 2 * int(np.ceil(high[0] / 2)))
    y1 = min(frame.height, 2 * int(np.ceil(high[1] / 2)))
    return (x0, y0, x1 - x0, y1 - y0) if x1 > x0 and y1 > y0 else None


def _opening_mask(
    upper: Floats, lower: Floats, gap: Floats, box: tuple[int, int, int, int], softness: float
) -> Floats:
    """(h, w) how much of each pixel is inside the opening, 0-1, as soft as the portrait."""
    x0, y0, width, height = box
    finer = 4 if width < 200 else 2
    outline = np.concatenate([upper, lower[::-1]]) - np.array([x0, y0], np.float32)
    mask = np.zeros((height * finer, width * finer), np.uint8)
    fixed = np.round((outline + 0.5) * finer * 16 - 8).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, 4)
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    small = cv2.GaussianBlur(small, (0, 0), max(0.5, 0.9 * softness))
    columns = np.arange(x0, x0 + width)
    open_here = np.interp(columns, upper[:, 0], gap)
    return np.asarray(small * smoothstep(open_here, 0.25, 1.3)[None], np.float32)


def _away_from_corners(upper: Floats, box: tuple[int, int, int, int], narrow: float) -> Floats:
    """(1, w) 0 at the corners of a ``narrow`` (0-1) opening, 1 in its middle: lips that hardly part do so there."""
    x0, _, width, _ = box
    length = max(1.0, float(upper[-1, 0] - upper[0, 0]))
    place = np.clip((np.arange(x0, x0 + width) - upper[0, 0]) / length, 0, 1)
    from_corner = np.minimum(place, 1 - place)
    return np.asarray(smoothstep(from_corner, 0.10 * narrow - 0.05, 0.16 * narrow + 1e-3)[None], np.float32)


def _lay_layers(
    interior: Interior,
    box: tuple[int, int, int, int],
    jaw: float,
    tongue: float,
    turn: Floats,
    down: NDArray[np.float64],
) -> tuple[Floats, Floats]:
    """Colour (h, w, 3) of all layers over each other, and the alpha (h, w) of the portrait's own teeth."""
    x0, y0, width, height = box
    corner = np.array([interior.left, interior.top], np.float32)

    def place(layer: NDArray[np.uint8], moved: Floats) -> NDArray[np.uint8]:
        # A pixel p of the layer is at corner + p + moved, and the head's displacement moves it on.
        offset = corner + moved
        shift = offset + turn[:, :2] @ offset + turn[:, 2] - np.array([x0, y0], np.float32)
        matrix = np.column_stack([np.eye(2, dtype=np.float32) + turn[:, :2], shift])
        laid = cv2.warpAffine(layer, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(laid, np.uint8)

    def lay(layer: NDArray[np.uint8], moved: Floats, opacity: float = 1.0) -> Floats:
        """Lay ``layer`` over ``colour``, in place; returns its alpha (h, w), 0-1."""
        *channels, alpha = cv2.split(place(layer, moved))
        share = np.asarray(alpha * np.float32(opacity / 255))
        rest = 1 - share
        colour[:] = cv2.multiply(colour, cv2.merge([rest, rest, rest]))
        cv2.accumulate(cv2.convertScaleAbs(cv2.merge(channels), alpha=opacity), colour)
        return share

    still = np.zeros(2, np.float32)
    with_jaw = interior.jaw_path * np.float32(jaw)
    raised = (-9 * tongue * interior.millimetre * down).astype(np.float32)
    colour = place(interior.cavity, still).astype(np.float32)
    lay(interior.tongue, with_jaw * np.float32(0.78) + raised)
    lay(interior.lower_teeth, with_jaw, _FIRM_TEETH)
    lay(interior.upper_teeth, still)
    own = lay(interior.own_teeth, still) if interior.own_teeth.size else np.zeros((height, width), np.float32)
    return colour, own


def _tinted(light: Floats, warmth: float) -> list[Floats]:
    """(h, w) light of red, green and blue: where there is less of it, it is warmer."""
    logarithm = cv2.log(light)
    return [cv2.exp(logarithm * np.float32(1 - warmth)), light, cv2.exp(logarithm * np.float32(1 + 0.6 * warmth))]


def _shade(interior: Interior, mask: Floats, below_lip: Floats, opening: float, own: Floats) -> Floats:
    """(h, w) light that reaches each place: less under the upper lip, at the edge, and in a small opening.

    The portrait's own teeth carry their own shade.
    """
    millimetre = interior.millimetre
    inner = cv2.GaussianBlur(mask, (0, 0), max(1.0, 1.6 * millimetre))
    under_lip = 0.72 + 0.28 * smoothstep(below_lip, -0.5 * millimetre, 2.6 * millimetre)
    edge = 0.70 + 0.30 * smoothstep(inner, 0.35, 0.92)
    entering = 0.86 + 0.14 * float(smoothstep(opening, 2 * millimetre, 8 * millimetre))
    own_lip = 0.78 + 0.22 * smoothstep(below_lip, -0.5 * millimetre, 3 * millimetre)
    under_lip = under_lip * (1 - own) + own_lip * own
    edge = edge * (1 - 0.5 * own) + 0.5 * own
    light = entering * (1 - 0.6 * own) + 0.6 * own
    return np.asarray(under_lip * edge * light, np.float32)


def _rim_of_lip(below_upper: Floats, above_lower: Floats, gap: Floats, millimetre: float) -> tuple[Floats, Floats]:
    """A thin rim of lip colour at both contours: a lip is round and does not end at a knife's edge.

    Returns the share (h, w) of the colour that remains, and that of the lip's colour that is added.
    """
    thick = np.clip(gap / (5 * millimetre), 0, 1) ** 1.5
    at_lower = np.float32(0.85) * _bell(np.maximum(above_lower, 0) / (0.7 * millimetre * thick + 0.2))
    at_upper = np.float32(0.80) * _bell(np.maximum(below_upper, 0) / (0.8 * millimetre * thick + 0.2))
    keeps = 1 - at_upper
    rim = np.float32(0.62) * at_lower * keeps + np.float32(0.50) * at_upper
    return np.asarray(keeps * (1 - at_lower), np.float32), np.asarray(rim, np.float32)


def _bell(x: Floats) -> Floats:
    """exp(-x^2)."""
    return np.asarray(cv2.exp(-(x * x)), np.float32)


def _blend(frame: Frame, box: tuple[int, int, int, int], colour: Floats, alpha: Floats) -> None:
    """Lay RGB ``colour`` (h, w, 3) over the frame's rectangle with ``alpha`` (h, w), in place."""
    x0, y0, width, height = box
    luma, blue, red = cv2.split(yuv_of(colour))
    y = frame.y[y0 : y0 + height, x0 : x0 + width]
    luma -= y
    luma *= alpha
    luma += y
    np.clip(cv2.convertScaleAbs(luma), 16, 235, out=y)
    uv = frame.uv[y0 // 2 : (y0 + height) // 2, x0 // 2 : (x0 + width) // 2]
    half_blue, half_red, half_alpha = cv2.split(half_size(cv2.merge([blue * alpha, red * alpha, alpha])))
    rest = 1 - half_alpha
    mixed = cv2.multiply(uv, cv2.merge([rest, rest]), dtype=cv2.CV_32F)
    mixed += cv2.merge([half_blue, half_red])
    np.clip(cv2.convertScaleAbs(mixed), 16, 240, out=uv)
