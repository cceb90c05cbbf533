"""Draws one closure of a lid.

Up to about a third of the way the portrait's own lid is drawn down with its lashes, so that a lid that is held a
little lower keeps its fold and make-up. Farther down the painted lid takes over: skin over what was the eye, the
lashes turned about its edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import smoothstep

if TYPE_CHECKING:
    from lipsync.animation.puppet.eyelids.eyelid import Eyelid

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

PAINT_FROM, PAINT_FULL = 0.12, 0.42
"""Closures between which the painted lid takes over from the portrait's own."""
MAX_DRAWN_DOWN = 0.11
"""Eye widths by which the portrait's own lid is drawn down at most."""
LASH_TURN = 1.75
"""Lashes are as long as in the portrait at closure 0 and point down at 0.75 of their length when shut."""
LOWER_LID_REACH = 0.42
"""Eye widths below the lower lid in which the skin comes up with it."""
_OVERLAP = 0.035
"""Eye widths that a shut lid covers below the line where the lids meet."""
_SHADOW = 0.30
"""Darkness of the lid's shadow on the eye, just below the edge."""


class LidRenderer:
    """Buffers for drawing one lid; read-only once made."""

    def __init__(self, lid: Eyelid) -> None:
        self._lid = lid
        height, width = lid.y.shape
        frame_height, frame_width = lid.alpha.shape
        self._rows = np.arange(frame_height, dtype=np.float32)[:, None]
        self._columns = np.ascontiguousarray(
            np.broadcast_to(np.arange(frame_width, dtype=np.float32), (frame_height, frame_width))
        )
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        self._pixels = np.dstack([x, y])
        self._half_pixels = np.ascontiguousarray(self._pixels[: height // 2, : width // 2])
        linear = lid.to_frame[:, :2]
        # A step down in the frame, in the portrait's pixels.
        self._down = np.linalg.inv(linear)[:, 1].astype(np.float32)
        self._shrink = float(np.linalg.norm(linear[:, 1]))
        self._offset = _whole_offset(lid)
        """Columns and rows of the frame before the rectangle's first pixel, where their pixels are the same."""
        free = 1 - lid.foreground.astype(np.float32) / 255
        self._alpha = lid.alpha.astype(np.float32) / 255 * free
        self._free = free
        self._lashes = lid.lashes.astype(np.float32) / 255
        self._y, self._uv = lid.y.astype(np.float32), lid.uv.astype(np.float32)
        skin = self._to_portrait(lid.skin.astype(np.float32))
        skin[..., 0] += self._grain(height, width) * np.clip(skin[..., 0] - 16, 0, 219)
        self._skin_y = np.ascontiguousarray(skin[..., 0])
        self._skin_uv = cv2.resize(
            np.ascontiguousarray(skin[..., 1:]), (width // 2, height // 2), interpolation=cv2.INTER_AREA
        )
        self._corners = self._corner_shares()

    def draw(self, closure: float) -> tuple[Bytes, Bytes]:
        """(h, w) luma and (h/2, w/2, 2) chroma of the rectangle at ``closure`` in [0, 1]."""
        if closure <= 0:
            return self._lid.y.copy(), self._lid.uv.copy()
        lid = self._lid
        edge = lid.upper + (lid.shut - lid.upper) * np.float32(closure)
        above = edge - self._rows
        paint = np.float32(smoothstep(closure, PAINT_FROM, PAINT_FULL))
        lift = self._lower_lid(closure)
        drop, own_lid = self._own_lid(above, edge, closure)
        cover = self._cover(above, closure) * paint
        lashes = self._lash_density(above, closure) * paint
        shadow = self._shadow(above, edge, closure)
        # Rims stay where they are.
        motion = self._to_portrait(np.dstack([lift * self._free, drop * self._free, own_lid]))
        layers = self._to_portrait(np.dstack([cover, lashes, shadow]))
        return self._compose(motion, layers)

    def _compose(self, motion: Floats, layers: Floats) -> tuple[Bytes, Bytes]:
        height, width = self._y.shape
        own_lid = motion[..., 2]
        below = self._pixels + motion[..., :1] * self._down
        above = self._pixels - motion[..., 1:2] * self._down
        cover, lashes, shadow = (np.ascontiguousarray(layers[..., k]) for k in range(3))
        y = _take(self._y, below)
        y += (_take(self._y, above) - y) * own_lid
        y -= (y - 16) * shadow
        y += (self._skin_y - y) * cover
        y += (self._lid.lash_colour[0] - y) * lashes
        size = (width // 2, height // 2)
        half = cv2.resize(np.dstack([own_lid, cover, lashes]), size, interpolation=cv2.INTER_AREA)
        small = cv2.resize(motion[..., :2], size, interpolation=cv2.INTER_AREA) * np.float32(0.5)
        uv = _take(self._uv, self._half_pixels + small[..., :1] * self._down)
        uv += (_take(self._uv, self._half_pixels - small[..., 1:2] * self._down) - uv) * half[..., :1]
        uv += (self._skin_uv - uv) * half[..., 1:2]
        uv += (self._lid.lash_colour[1:] - uv) * half[..., 2:]
        return (
            np.clip(np.rint(y), 16, 235).astype(np.uint8),
            np.clip(np.rint(uv), 16, 240).astype(np.uint8),
        )

    def _lower_lid(self, closure: float) -> Floats:
        """(H, W) rows by which the lower lid has come up, fading into the cheek."""
        lid = self._lid
        reach = np.float32(min(LOWER_LID_REACH * lid.eye_width, len(self._rows) - 2 - float(lid.lower.max())))
        rise = lid.rise * np.float32(closure)
        below = (self._rows - (lid.lower - rise)) / reach
        fall = 1 - np.clip(below, 0, 1)
        fall = fall * fall * (3 - 2 * fall) * (below >= -0.5 / reach)
        return np.asarray(rise * fall, np.float32)

    def _own_lid(self, above: Floats, edge: Floats, closure: float) -> tuple[Floats, Floats]:
        """(H, W) rows by which the portrait's own lid is drawn down, and 0-1 where it is seen."""
        lid = self._lid
        full = edge - lid.upper
        limit = np.float32(MAX_DRAWN_DOWN * lid.eye_width)
        drawn = limit * np.tanh(full / limit) if closure > PAINT_FROM else full
        drawn = drawn * np.float32(1 - smoothstep(closure, PAINT_FULL, 0.9))
        rigid = np.float32(0.06 * lid.eye_width)
        fall = 1 - smoothstep((above - rigid) / (lid.reach + drawn), 0, 1)
        # The dark edge lies below the fitted one; it goes with the lid.
        band = (
            lid.band * smoothstep(lid.lower - lid.upper, 0, 0.12 * lid.eye_width) * np.float32(min(1, closure / 0.1))
        )
        seen = np.clip((above + band) / np.float32(lid.softness) + np.float32(0.5), 0, 1)
        return np.asarray(drawn * fall, np.float32), np.asarray(seen, np.float32)

    def _cover(self, above: Floats, closure: float) -> Floats:
        tail, near, inner = self._corners
        corners = np.maximum(
            np.maximum(tail, near * smoothstep(closure, 0.15, 0.65)), inner * smoothstep(closure, 0.45, 0.95)
        )
        # At the end nothing of the eye is left between the line and the lower lid.
        lid = self._lid
        room = np.maximum(lid.lower - lid.rise - lid.shut, 0) + _OVERLAP * lid.eye_width
        room *= smoothstep(lid.lower - lid.upper, 0, 0.12 * lid.eye_width) * smoothstep(closure, 0.7, 1.0)
        cover = np.clip((above + room) / np.float32(lid.softness) + np.float32(0.5), 0, 1)
        return np.asarray(np.maximum(cover, corners) * self._alpha, np.float32)

    def _lash_density(self, above: Floats, closure: float) -> Floats:
        lid = self._lid
        turn = 1 - LASH_TURN * float(smoothstep(closure, 0.05, 0.95))
        turn = float(np.copysign(max(abs(turn), 0.18), turn))
        rows = np.asarray(lid.edge_row - above / np.float32(turn), np.float32)
        density = cv2.remap(self._lashes, self._columns, rows, cv2.INTER_LINEAR) * np.float32(0.85)
        across = above / (1.75 * lid.thickness * (0.35 + 0.65 * lid.line))
        line = np.square(np.maximum(1 - np.square(across), 0)) * (0.92 * lid.line)
        return np.asarray(np.maximum(density, line) * self._free, np.float32)

    def _shadow(self, above: Floats, edge: Floats, closure: float) -> Floats:
        lid = self._lid
        near = np.clip(1 + above / np.float32(0.21 * lid.eye_width), 0, 1)
        near = near * near * near * (above < 0.5)
        room = np.clip((lid.lower - edge) / np.float32(0.05 * lid.eye_width), 0, 1)
        strength = np.float32(_SHADOW * smoothstep(closure, 0, 0.22))
        return np.asarray(near * room * strength * self._alpha, np.float32)

    def _corner_shares(self) -> tuple[Floats, Floats, Floats]:
        """(W,) what is covered on both sides of the line: beyond the corners, at them, and the caruncle."""
        lid = self._lid
        signed = (np.abs(lid.across) - 1) / 2
        is_inner = lid.across < 0
        inner = np.where(is_inner, smoothstep(signed, -0.14, -0.02), smoothstep(signed, -0.10, 0.0))
        return smoothstep(lid.beyond, 0.0, 0.10), smoothstep(signed, -0.07, 0.06), np.asarray(inner, np.float32)

    def _grain(self, height: int, width: int) -> Floats:
        tile = self._lid.grain.astype(np.float32)
        rows, columns = (-(-size // (2 * side)) for size, side in zip((height, width), tile.shape, strict=True))
        mirrored = np.block([[tile, tile[:, ::-1]], [tile[::-1], tile[::-1, ::-1]]])
        return np.asarray(np.tile(mirrored, (rows, columns))[:height, :width] * np.float32(0.9), np.float32)

    def _to_portrait(self, layers: Floats) -> Floats:
        """(h, w, c) of (H, W, c)."""
        height, width = self._lid.y.shape
        if self._offset is not None:
            x, y = self._offset
            return np.ascontiguousarray(layers[y : y + height, x : x + width])
        if self._shrink > 1.2:
            layers = cv2.GaussianBlur(layers, (0, 0), 0.4 * np.sqrt(self._shrink**2 - 1))
        warped = cv2.warpAffine(
            layers,
            self._lid.to_frame,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
        )
        return np.asarray(warped, np.float32)


def _whole_offset(lid: Eyelid) -> tuple[int, int] | None:
    (x, y), linear = lid.to_frame[:, 2], lid.to_frame[:, :2]
    height, width = lid.y.shape
    column, row = round(float(x)), round(float(y))
    same = np.allclose(linear, np.eye(2), atol=1e-6) and np.allclose([x, y], [column, row], atol=1e-4)
    inside = 0 <= column <= lid.alpha.shape[1] - width and 0 <= row <= lid.alpha.shape[0] - height
    return (column, row) if same and inside else None


def _take(plane: Floats, places: Floats) -> Floats:
    return np.asarray(
        cv2.remap(plane, np.asarray(places, np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )
