"""The upper teeth of a portrait whose mouth is open, cut out of its picture at their edges.

Below the edge of the upper teeth an open mouth shows lower teeth, tongue, the dark or the lower lip, all of which
move with the jaw: those are drawn. Of a mouth that shows hardly any teeth all are drawn.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.contour import cheapest_path, smooth
from lipsync.animation.puppet.curves import luma, smoothstep
from lipsync.animation.puppet.mouth import Mouth
from lipsync.animation.puppet.palette import Palette

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_MIN_HEIGHT = 0.035
"""Teeth of which less than this is seen, in eye distances, are drawn: a strip of them would end in the air."""
_MIN_REDNESS = 0.15
"""Natural logarithm of red over green by which lips must exceed teeth for redness to tell them apart."""
_COLUMNS = 96
"""Places across the mouth at which the edge of the teeth is looked for."""
_ROWS = 48
_LIGHT = (0.5, 1.8)
"""Least and largest factor of the light of drawn teeth beside the portrait's own."""
_DRAWN_BEHIND = 0.85
"""Light of drawn teeth against the portrait's own in the same column: they end behind those."""
_TINT = 0.12
"""Most by which the factor of a colour differs from that of the luma: at the ends of the row lips shine through."""
_OPAQUE = 230
"""Alpha from which a tooth's colour is read."""
_BRIGHT_PART = 85
"""Percentile of a column's luma at which its teeth are: the rest are gaps, gums and shade."""


def cut_upper_teeth(
    picture: Bytes,
    mouth: Mouth,
    eye_distance: float,
    origin: tuple[int, int],
    size: tuple[int, int],
    palette: Palette,
) -> tuple[Bytes, float]:
    """The upper teeth as (h, w, 4) premultiplied RGB and alpha, 0-255, and the row of their edge in the middle.

    (0, 0, 4) and 0 when too little of them is seen.

    ``picture`` (H, W, 3) RGB; ``origin`` x, y and ``size`` width, height: the rectangle that is cut out.
    """
    nothing = np.zeros((0, 0, 4), np.uint8), 0.0
    if not mouth.is_open:
        return nothing
    width, height = size
    source = _padded_crop(picture, origin, size)
    upper, lower = mouth.visible_upper - origin, mouth.visible_lower - origin
    columns = np.arange(width)
    order_upper, order_lower = np.argsort(upper[:, 0]), np.argsort(lower[:, 0])
    top = np.interp(columns, upper[order_upper, 0], upper[order_upper, 1])
    bottom = np.interp(columns, lower[order_lower, 0], lower[order_lower, 1])
    first, last = float(upper[:, 0].min()), float(upper[:, 0].max())
    toothness = _toothness(source, palette)
    toothness = toothness / _shade(toothness, top, bottom, last - first)[None]
    edge, seen = _find_edge(toothness, top, bottom, first, last)
    if seen < _MIN_HEIGHT * eye_distance:
        return nothing
    outline = np.concatenate([upper, lower[::-1]])
    mask = np.zeros((height * 4, width * 4), np.uint8)
    cv2.fillPoly(mask, [np.round((outline + 0.5) * 4 * 16 - 8).astype(np.int32)], 255, cv2.LINE_AA, 4)
    inside = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    inside = cv2.erode(inside, np.ones((3, 3), np.uint8))
    filled, alpha = _continue_upwards(source, inside, eye_distance)
    soft = max(0.8, 0.006 * eye_distance)
    below = smoothstep(np.arange(height)[:, None] - edge[None], -soft, soft)
    alpha = alpha * (1 - below)
    alpha = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), max(0.8, 0.006 * eye_distance))[..., None]
    layer = np.asarray(np.clip(np.concatenate([filled * alpha, alpha * 255], 2), 0, 255), np.uint8)
    middle = round((first + last) / 2)
    reach = max(1, round(0.04 * eye_distance))
    return layer, float(np.median(edge[max(0, middle - reach) : middle + reach + 1]))


def light_beside_own_teeth(own: Bytes, drawn: Floats) -> Floats:
    """(1, w, 3) factors that light drawn teeth as the portrait's own are lit in the same column.

    Beyond the last of its own, the light of the nearest goes on. ``own`` (h, w, 4) premultiplied RGB and alpha,
    0-255; ``drawn`` (h, w, 4) the same with alpha 0-1.
    """
    width = own.shape[1]
    light, known = np.ones((width, 3), np.float32), np.zeros(width, bool)
    is_own, is_drawn = own[..., 3] >= _OPAQUE, drawn[..., 3] >= _OPAQUE / 255
    for column in np.flatnonzero(is_own.any(0) & is_drawn.any(0)):
        one, other = (
            _bright_part(layer[:, column, :3][where[:, column]])
            for layer, where in ((own, is_own), (drawn, is_drawn))
        )
        brighter = float(luma(one)) / max(float(luma(other)), 1.0)
        tint = one / np.maximum(other, 1.0) / max(brighter, 1e-3)
        light[column], known[column] = brighter * np.clip(tint, 1 - _TINT, 1 + _TINT), True
    if not known.any():
        return light[None]
    columns = np.arange(width)
    spread = np.stack([np.interp(columns, columns[known], light[known, k]) for k in range(3)], 1).astype(np.float32)
    smooth_light = cv2.GaussianBlur(
        spread[None], (0, 0), 0.04 * float(known.sum()) + 1, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(np.clip(_DRAWN_BEHIND * smooth_light, *_LIGHT), np.float32)


def _bright_part(colours: NDArray[np.generic]) -> Floats:
    """(3,) mean of the brightest of ``colours`` (n, 3)."""
    bright = luma(colours.astype(np.float32))
    return np.asarray(colours[bright >= np.percentile(bright, _BRIGHT_PART)].mean(0), np.float32)


def _continue_upwards(source: Floats, inside: Floats, eye_distance: float) -> tuple[Floats, Floats]:
    """(h, w, 3) teeth that go on under the upper lip, darker, and (h, w) their alpha 0-1: the lip may rise.

    The rows just below the lip are drawn on, smooth along the mouth: a highlight among them would become a line.
    """
    filled, alpha = source.copy(), inside.copy()
    seen = inside > 0.9
    columns = np.flatnonzero(seen.any(0))
    if not len(columns):
        return filled, alpha
    begin = seen.argmax(0)
    depth = max(2, round(0.02 * eye_distance))
    colours = np.array([np.median(source[begin[k] : begin[k] + depth, k], axis=0) for k in columns], np.float32)
    smooth_colours = cv2.GaussianBlur(colours[None], (0, 0), max(1.0, 0.012 * eye_distance))[0]
    for column, colour in zip(columns, np.minimum(colours, smooth_colours * 1.06), strict=True):
        first = int(begin[column])
        filled[:first, column] = colour * np.linspace(0.7, 0.95, first)[:, None]
        alpha[:first, column] = 1
    return filled, alpha


def _toothness(source: Floats, palette: Palette) -> Floats:
    """(h, w) 1 at the colour of teeth, 0 at the lip's, beyond both outside of them.

    Teeth in the shade near the corners are darker than lips but less red: there the ratio of red to green decides.
    """
    toward_tooth = palette.tooth - palette.lip
    bright = ((source - palette.lip) @ toward_tooth) / (float(toward_tooth @ toward_tooth) + 1e-6)
    redness = np.log((source[..., 0] + 6) / (source[..., 1] + 6))
    lip, tooth = (float(np.log((colour[0] + 6) / (colour[1] + 6))) for colour in (palette.lip, palette.tooth))
    if lip - tooth < _MIN_REDNESS:
        return np.asarray(bright, np.float32)
    pale = np.clip((lip - redness) / (lip - tooth), -0.5, 1)
    lit = smoothstep(luma(source) / max(float(luma(palette.tooth)), 1.0), 0.15, 0.4)
    # In full light brightness tells more: a dark line between two rows of teeth is as pale as they are.
    mixed = np.where(bright > 0, 0.35 * np.maximum(bright, pale * lit) + 0.65 * bright, pale * lit)
    return np.asarray(mixed, np.float32)


def _shade(toothness: Floats, top: NDArray[np.float64], bottom: NDArray[np.float64], mouth_width: float) -> Floats:
    """(w,) 0.25-1: brightness of the teeth in each column; towards the corners they stand in the shade."""
    height, width = toothness.shape
    rows = np.arange(height)[:, None]
    inside = (rows >= top[None]) & (rows <= bottom[None])
    columns = (toothness[inside[:, k], k] for k in range(width))
    bright = np.array([np.quantile(column, 0.85) if column.size else 0.0 for column in columns])
    blurred = cv2.GaussianBlur(bright.astype(np.float32)[None], (0, 0), 0.02 * mouth_width + 1)[0]
    return np.asarray(np.clip(blurred, 0.25, 1.0), np.float32)


def _find_edge(
    toothness: Floats, top: NDArray[np.float64], bottom: NDArray[np.float64], first: float, last: float
) -> tuple[NDArray[np.float64], float]:
    """(w,) rows of the lower edge of the upper teeth, and how much of them is seen in the middle, in pixels.

    ``top`` and ``bottom`` (w,) are the rows of the opening, ``first`` and ``last`` its columns.
    """
    x = np.linspace(first, last, _COLUMNS)
    share = np.linspace(0, 1.12, _ROWS)
    begin, end = (np.interp(x, np.arange(len(top)), rows) for rows in (top, bottom))
    opening = np.maximum(end - begin, 1)
    y = begin[:, None] + share[None] * opening[:, None]
    places = np.dstack([np.broadcast_to(x[:, None], y.shape), y]).astype(np.float32)
    band = cv2.remap(np.clip(toothness, -0.5, 1.2), places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    band[:, share > 1] = np.minimum(band[:, share > 1], 0)
    reach = 3
    fall = np.zeros_like(band)
    fall[:, reach:-reach] = band[:, : -2 * reach] - band[:, 2 * reach :]
    # A dark line between two rows of teeth counts as much as a fall to the lip: the upper one ends there.
    strength = np.minimum(np.maximum(fall, 0), 0.2) / 0.2
    cost = -3.0 * strength + 1.8 * share[None] + np.where(share < 0.22, 3.0, 0.0)[None]
    path = cheapest_path(cost, step_cost=0.8, max_step_cost=np.inf)
    # Capped, a fall is as strong at its beginning as where it is steepest: there the edge is.
    near = np.clip(path[:, None] + np.arange(-1, 2 * reach)[None], 0, _ROWS - 1)
    path = np.take_along_axis(near, np.take_along_axis(fall, near, 1).argmax(1)[:, None], 1)[:, 0]
    at = smooth(share[path], 1.5)
    edge = begin + at * opening
    middle = slice(_COLUMNS // 4, -_COLUMNS // 4)
    above = np.array([(band[k] > 0.45)[: path[k]].sum() for k in range(_COLUMNS)]) / _ROWS * 1.12
    seen = float(np.median((above * opening)[middle]))
    return np.interp(np.arange(len(top)), x, edge), seen


def _padded_crop(picture: Bytes, origin: tuple[int, int], size: tuple[int, int]) -> Floats:
    """(h, w, 3) of the picture, its border repeated where the rectangle leaves it."""
    rows = np.clip(np.arange(origin[1], origin[1] + size[1]), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(origin[0], origin[0] + size[0]), 0, picture.shape[1] - 1)
    return np.asarray(picture[np.ix_(rows, columns)], np.float32)
