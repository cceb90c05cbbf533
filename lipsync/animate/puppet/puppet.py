"""The puppet: warps a portrait at its full size so that it speaks. Needs no weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animate.puppet.curves import sample, smoothstep
from lipsync.animate.puppet.eyelids import blink
from lipsync.animate.puppet.paint import paint_interior, paint_shut_line
from lipsync.animate.puppet.rig import Rig
from lipsync.animate.puppet.seam import Seam
from lipsync.animate.types import ARKIT_NAMES, FaceTrack, Performance
from lipsync.face.types import Portrait
from lipsync.media.frame import Frame, frame_of
from lipsync.progress import Meanwhile
from lipsync.speech.types import Speech

Floats = NDArray[np.float32]

_BLOCK = 8
"""Frames whose fields are computed together."""
_INVERSIONS = 5
"""Fixed-point steps that turn a forward field into a backward one."""
_JAW, _BLINKS = (
    ARKIT_NAMES.index("jawOpen"),
    (
        ARKIT_NAMES.index("eyeBlinkRight"),
        ARKIT_NAMES.index("eyeBlinkLeft"),
    ),
)


class Puppet:
    """An Animator of one portrait. Holds only what never changes: many threads may draw with it at once."""

    name = "puppet"

    def __init__(self, portrait: Portrait, rig: Rig) -> None:
        self.rig = rig
        self._still = frame_of(portrait.picture)
        self._seam = Seam(rig.motion, rig.warp, (self._still.width, self._still.height))
        lattice, warp = rig.warp.lattice, rig.warp
        self._part = (slice(warp.row0, warp.row1), slice(warp.column0, warp.column1))
        self._nodes = lattice.nodes()
        self._weight = rig.sway.weight(self._nodes)[..., None]
        rows, columns = warp.shape
        x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
        self._cells = np.dstack([x, y])
        # What of the lattice, its outermost cells aside, lies in the picture: pixels, even.
        self._x0, self._y0 = max(0, lattice.left + lattice.step), max(0, lattice.top + lattice.step)
        self._x1 = min(self._still.width, lattice.left + lattice.step * (lattice.columns - 1))
        self._y1 = min(self._still.height, lattice.top + lattice.step * (lattice.rows - 1))
        middle = (rig.motion.mouth.upper.mean(0) + rig.motion.mouth.lower.mean(0)) / 2
        self._mouth_weight = float(rig.sway.weight(middle))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames, pixels."""
        return self._still.width, self._still.height

    def openings(self, track: FaceTrack) -> NDArray[np.float32]:
        """(T,) opening of the inner lips that is meant, in distances of the outer eye corners as seen."""
        return self.rig.motion.openings(track)

    def perform(self, fps: int, meanwhile: Meanwhile | None = None) -> Performance:  # noqa: ARG002 - the tracks say it
        """Begin a video: the track alone says what the puppet does."""
        return _PuppetPerformance(self)

    def frames(self, track: FaceTrack) -> Iterator[Frame]:
        """One frame for each of the track's; each is the caller's own."""
        canvas = _Canvas(
            self._still, self.rig.warp.lattice.columns, self.rig.warp.lattice.rows, self.rig.warp.lattice.step
        )
        for begin in range(0, len(track), _BLOCK):
            block = _cut(track, begin, begin + _BLOCK)
            upper, lower = self.rig.warp.fields(self.rig.motion.displacements(block))
            for index in range(len(block)):
                yield self._draw(canvas, block, index, upper[index], lower[index])

    def _draw(self, canvas: _Canvas, track: FaceTrack, index: int, upper: Floats, lower: Floats) -> Frame:
        rig, step = self.rig, self.rig.warp.lattice.step
        sway = rig.sway.motion(track.pose[index])
        weights = track.weights[index]
        nodes, weight = self._nodes[self._part], self._weight[self._part]
        fields = [np.asarray(field + weight * _apply(sway, nodes + field), np.float32) for field in (upper, lower)]
        backward = [self._invert(field / np.float32(step)) for field in fields]
        contours = [
            np.asarray(contour + self._at(field, contour), np.float32)
            for field, contour in zip(fields, (rig.motion.mouth.upper, rig.motion.mouth.lower), strict=True)
        ]
        contours = _sealed(contours[0], contours[1], float(track.seal[index]), rig.motion.mouth.down)
        heights = self._seam.heights(*contours)
        places = self._head_map(sway, rig.brows.displacement(weights))
        share = self._seam.on_lattice.upper_share(heights)[..., None]
        places[self._part] = backward[1] + (backward[0] - backward[1]) * share
        canvas.spread(places)
        self._join(canvas, backward, heights)
        frame = self._remap(canvas, weights)
        down = rig.motion.mouth.down
        if rig.motion.mouth.is_open:
            paint_shut_line(frame, rig.interior, contours[0], contours[1], down, rig.motion.eye_distance)
        paint_interior(
            frame,
            rig.interior,
            contours[0],
            contours[1],
            down,
            float(weights[_JAW]),
            float(track.tongue[index]),
            sway * np.float32(self._mouth_weight),
        )
        return frame

    def _invert(self, field: Floats) -> Floats:
        """(rows, columns, 2) where in the portrait, in pixels, each node's place comes from; ``field`` in cells."""
        places = self._cells - field
        for _ in range(_INVERSIONS):
            there = cv2.remap(field, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            places = self._cells - there
        lattice, warp = self.rig.warp.lattice, self.rig.warp
        first = np.array(
            [
                lattice.left - 0.5 + lattice.step * (warp.column0 + 0.5),
                lattice.top - 0.5 + lattice.step * (warp.row0 + 0.5),
            ],
            np.float32,
        )
        return np.asarray(places * np.float32(lattice.step) + first, np.float32)

    def _at(self, field: Floats, points: NDArray[np.float64]) -> Floats:
        """The field's value at ``points`` (n, 2) in pixels."""
        warp = self.rig.warp
        return sample(field, warp.lattice.to_cells(points) - np.array([warp.column0, warp.row0], np.float32))

    def _head_map(self, sway: Floats, brows: Floats | None) -> Floats:
        """(rows, columns, 2) where each node's place comes from when head and brows move, pixels."""
        moved = self._weight * _apply(sway, self._nodes)
        moved = self._weight * _apply(sway, self._nodes - moved)
        if brows is not None:
            moved += brows
        return np.asarray(self._nodes - moved, np.float32)

    def _join(self, canvas: _Canvas, backward: list[Floats], heights: Floats) -> None:
        """Around the lips, take each pixel from the side of the seam that it is on."""
        window = self._seam.window
        if window is None:
            return
        step = self.rig.warp.lattice.step
        rows = slice(window.row0 - 1, window.row1 + 1)
        columns = slice(window.column0 - 1, window.column1 + 1)
        size = ((window.column1 - window.column0 + 2) * step, (window.row1 - window.row0 + 2) * step)
        upper, lower = (
            cv2.resize(side[rows, columns], size, interpolation=cv2.INTER_LINEAR)[step:-step, step:-step]
            for side in backward
        )
        joined = lower + (upper - lower) * window.axes.upper_share(heights)[..., None]
        canvas.lay(
            joined, window.feather, window.left - self.rig.warp.lattice.left, window.top - self.rig.warp.lattice.top
        )

    def _remap(self, canvas: _Canvas, weights: Floats) -> Frame:
        lattice = self.rig.warp.lattice
        x0, y0, x1, y1 = self._x0, self._y0, self._x1, self._y1
        source = canvas.source
        painted = (
            blink(source, self.rig.eyelids, (float(weights[_BLINKS[0]]), float(weights[_BLINKS[1]])))
            if self.rig.eyelids
            else []
        )
        frame = self._still.copy()
        rows, columns = slice(y0 - lattice.top, y1 - lattice.top), slice(x0 - lattice.left, x1 - lattice.left)
        sharp = cv2.remap(
            source.y, canvas.places[rows, columns], None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        # A cubic overshoots at hard edges; video has no brightness beyond these.
        np.clip(sharp, 16, 235, out=frame.y[y0:y1, x0:x1])
        half = (slice(rows.start // 2, rows.stop // 2), slice(columns.start // 2, columns.stop // 2))
        frame.uv[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2] = cv2.remap(
            source.uv, canvas.half_places[half], None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        for area in painted:
            source.y[area] = self._still.y[area]
            small = tuple(slice(part.start // 2, part.stop // 2) for part in area)
            source.uv[small] = self._still.uv[small]
        return frame


class _PuppetPerformance:
    def __init__(self, puppet: Puppet) -> None:
        self._puppet = puppet

    def add(self, speech: Speech, track: FaceTrack, *, last: bool) -> Iterator[Frame]:  # noqa: ARG002
        """All frames of the track: the puppet needs to know nothing ahead."""
        return self._puppet.frames(track)


class _Canvas:
    """What one run of frames draws on; reused from frame to frame, never shared between threads."""

    def __init__(self, still: Frame, columns: int, rows: int, step: int) -> None:
        self.source = still.copy()
        """The portrait, with lids painted into it while a frame is drawn."""
        size = (rows * step, columns * step)
        self.places: Floats = np.empty((*size, 2), np.float32)
        """(h, w, 2) where each pixel over the lattice comes from."""
        self.half_places: Floats = np.empty((size[0] // 2, size[1] // 2, 2), np.float32)
        """The same for the colour, at half size and in its own pixels."""

    def spread(self, places: Floats) -> None:
        """From the lattice's nodes to every pixel."""
        height, width = self.places.shape[:2]
        cv2.resize(places, (width, height), dst=self.places, interpolation=cv2.INTER_LINEAR)
        half = (places - np.float32(0.5)) * np.float32(0.5)
        cv2.resize(half, (width // 2, height // 2), dst=self.half_places, interpolation=cv2.INTER_LINEAR)

    def lay(self, joined: Floats, feather: Floats, left: int, top: int) -> None:
        """Put the exact places of a window over the spread ones; ``left`` and ``top`` are even."""
        height, width = joined.shape[:2]
        area = self.places[top : top + height, left : left + width]
        area += (joined - area) * feather
        half = self.half_places[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2]
        # The upper left of four pixels stands for all: a mean across the seam would be of neither side.
        half[:] = area[::2, ::2] * np.float32(0.5)


def _sealed(upper: Floats, lower: Floats, seal: float, down: NDArray[np.float64]) -> list[Floats]:
    """Both contours (n, 2) brought together where the lips touch.

    The landmarks meet exactly; the splines, which smooth, leave the contours between them up to 0.04 eye distances
    apart, and the inside would be seen there.
    """
    gap = (lower - upper) @ down.astype(np.float32)
    half = np.maximum(gap, 0)[:, None] * down.astype(np.float32) * smoothstep(seal, 0.8, 1.0) / 2
    return [upper + half, lower - half]


def _apply(affine: Floats, points: NDArray[np.float32]) -> Floats:
    """The (2, 3) affine of points (..., 2)."""
    return np.asarray(points @ affine[:, :2].T + affine[:, 2], np.float32)


def _cut(track: FaceTrack, begin: int, end: int) -> FaceTrack:
    return replace(
        track,
        start=track.start + begin,
        weights=track.weights[begin:end],
        seal=track.seal[begin:end],
        bite=track.bite[begin:end],
        tongue=track.tongue[begin:end],
        pose=track.pose[begin:end],
    )
