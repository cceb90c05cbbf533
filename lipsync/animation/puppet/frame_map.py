"""From the displacements of head, mouth and upper face to one map: where each pixel of a frame comes from.

A place in a frame is first taken back to the resting head, then to the resting mouth and upper face, then it is a
place in the portrait. The maps are composed on the lattice; only along the lips they are made pixel by pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.canvas import Canvas, NodeBox, within
from lipsync.animation.puppet.curves import sample, smoothstep
from lipsync.animation.puppet.detail import DetailPlan
from lipsync.animation.puppet.face_warp import invert_field, node_grid
from lipsync.animation.puppet.rig import Rig
from lipsync.animation.puppet.seam import Seam

Floats = NDArray[np.float32]

_STEPS = 4
"""Fixed-point steps that turn the mouth's forward field into a backward one."""
_STEEP_STEPS, _DAMPING = 8, 0.6
"""Steps, and their damping, of a steep field. Undamped they diverge where the field changes by more than a pixel a
pixel: lips of a wide laugh that shut showed its teeth and corners."""
_STEEP = 0.5
"""Cells of displacement from one cell to the next from which it is steep."""
_BANDS = 4
"""Bands of the lattice, from top to bottom, of which each is drawn only as wide as it moves."""
_SHARPENED = (0.3, 1.0)
"""Pixels that some of the head has moved from which half and all of the sharpening is used."""
MAX_SHARPNESS = len(_SHARPENED)
_MOVED = 1 / 64
"""Pixels: a node that comes from no further away stands still (OpenCV maps to a 32nd of a pixel)."""


@dataclass(frozen=True)
class MappedFrame:
    """What the painting of one frame needs to know of its map."""

    moved: Floats
    """Displacement of the head's nodes, (rows, columns, 2) pixels."""
    contours: tuple[Floats, Floats]
    """Inner contours (n, 2) of the upper and the lower lip in the frame, pixels."""
    shift: NDArray[np.int64]
    """(2,) whole steps of the lattice, right and down, that the mouth has moved with the head."""
    boxes: list[NodeBox]
    """The nodes of the head's lattice whose cells differ from the portrait, without overlaps."""
    sharpness: int
    """Level of the canvas' sharpness to sample from."""
    details: list[NodeBox]
    """The nodes of the mouth's lattice whose cells have a place for every pixel, without overlaps."""


class FrameMap:
    """Composes the map of a frame. Holds only what never changes."""

    def __init__(self, rig: Rig, size: tuple[int, int]) -> None:
        """``size``: width and height of the portrait, pixels."""
        self._rig = rig
        self._seam = Seam(rig.motion, rig.warp, size)
        warp = rig.warp
        self._nodes = warp.lattice.nodes()
        self._fineness = rig.head.lattice.step // warp.lattice.step
        self._detail = DetailPlan(rig, self._seam.window)
        face = self._detail.face
        upper = rig.upper_face
        self._inner = (
            min(warp.column0, upper.column0, face[0]),
            min(warp.row0, upper.row0, face[1]),
            max(warp.column1, upper.column0 + upper.fields.shape[2], face[2]),
            max(warp.row1, upper.row0 + upper.fields.shape[1], face[3]),
        )
        """Nodes that mouth or upper face can move while the head rests."""
        rows, columns = warp.shape
        self._cells = node_grid(columns, rows)
        self._band = -(-(rig.head.lattice.rows - 2) // _BANDS)
        self.mouth = (rig.motion.mouth.upper.mean(0) + rig.motion.mouth.lower.mean(0)) / 2
        """(2,) pixels: the middle of the mouth."""

    def compose(
        self,
        canvas: Canvas,
        sides: tuple[Floats, Floats],
        weights: Floats,
        seal: float,
        pose: Floats,
        torso: Floats,
        *,
        smiles: bool,
    ) -> MappedFrame:
        """Write the map of one frame into ``canvas``.

        ``sides``: fields (rows, columns, 2) of the mouth above and below the lips; ``weights`` (52,), ``seal``,
        ``pose`` (5,) and ``torso`` (3,) of the frame; ``smiles``: whether the folds of a smile are painted.
        """
        head, lattice = self._rig.head, self._rig.warp.lattice
        moved = head.displacement(pose, torso)
        outer = head.invert(moved)
        inner = self._reached(self._inner, moved, self._fineness)
        rest = self._refine(outer - head.nodes, inner)
        cells = lattice.to_cells(rest)
        places = self._undo_upper_face(rest, cells, weights)
        shift = np.round(head.at(moved, self.mouth[None])[0] / lattice.step).astype(np.int64)
        warp = self._rig.warp
        mouth = self._reached((warp.column0, warp.row0, warp.column1, warp.row1), moved)
        part = within(mouth, inner)
        backward = self._sample_sides(sides, cells[part], places[part])
        contours = self._contours(sides, moved, seal)
        heights = self._seam.heights(*(contour - (shift * lattice.step).astype(np.float32) for contour in contours))
        share = self._upper_share(heights, shift, mouth)
        places[part] = backward[1] + (backward[0] - backward[1]) * cv2.merge([share, share])
        boxes = self._moving_boxes(outer, inner)
        self._spread(canvas, outer, places, inner, boxes)
        sharpness = _sharpness(moved)
        details = self._detail.boxes(moved, shift, inner, whole=sharpness < MAX_SHARPNESS, smiles=smiles)
        for detail in details:
            canvas.spread_detail(places, inner, detail, lattice.step)
        self._join(canvas, backward, heights, shift, mouth)
        return MappedFrame(moved, contours, shift, boxes, sharpness, details)

    def _spread(self, canvas: Canvas, outer: Floats, places: Floats, inner: NodeBox, boxes: list[NodeBox]) -> None:
        """Spread the head's map over ``boxes``, and over the nodes in ``inner`` that of mouth and upper face too."""
        head, lattice = self._rig.head.lattice, self._rig.warp.lattice
        every = (0, 0, head.columns, head.rows)
        whole = (
            min(box[0] for box in boxes), boxes[0][1], max(box[2] for box in boxes), boxes[-1][3],
        )  # fmt: skip
        if self._fineness == 1:
            outer[within(inner, every)] = places
            canvas.spread(outer, every, whole, head.step)
            return
        canvas.spread(outer, every, whole, head.step)
        inside = (inner[0] + 1, inner[1] + 1, inner[2] - 1, inner[3] - 1)
        canvas.spread(places, inner, inside, lattice.step, keeps_around=True)

    def _reached(self, box: NodeBox, moved: Floats, multiple: int = 1) -> NodeBox:
        """Nodes where ``box`` may be seen once the head has moved; the first are multiples of ``multiple``."""
        lattice = self._rig.warp.lattice
        near = int(np.ceil(float(np.abs(moved).max()) / lattice.step)) + 2
        first = (max(0, side - near) // multiple * multiple for side in box[:2])
        last = (min(side + near, limit) for side, limit in zip(box[2:], (lattice.columns, lattice.rows), strict=True))
        return (*first, *last)  # type: ignore[return-value]

    def _refine(self, field: Floats, box: NodeBox) -> Floats:
        """(rows, columns, 2) the places of the nodes in ``box``, with the head's backward displacement ``field``."""
        nodes = self._nodes[box[1] : box[3], box[0] : box[2]]
        fine = self._fineness
        if fine == 1:
            return np.asarray(nodes + field[box[1] : box[3], box[0] : box[2]], np.float32)
        x0, y0 = max(0, box[0] // fine - 1), max(0, box[1] // fine - 1)
        x1, y1 = -(-box[2] // fine) + 1, -(-box[3] // fine) + 1
        part = np.ascontiguousarray(field[y0:y1, x0:x1])
        finer = cv2.resize(part, (part.shape[1] * fine, part.shape[0] * fine), interpolation=cv2.INTER_LINEAR)
        top, left = box[1] - y0 * fine, box[0] - x0 * fine
        return np.asarray(nodes + finer[top : top + nodes.shape[0], left : left + nodes.shape[1]], np.float32)

    def _undo_upper_face(self, rest: Floats, cells: Floats, weights: Floats) -> Floats:
        """(rows, columns, 2) ``rest``, from where brows, lids and cheeks have moved its places; ``cells``: the same
        in cells of the lattice."""
        face = self._rig.upper_face.displacement(weights)
        if face is None:
            return rest.copy()
        upper, step = self._rig.upper_face, np.float32(self._rig.warp.lattice.step)
        face /= step
        cells = cv2.subtract(cells, (upper.column0, upper.row0, 0, 0))
        there = cv2.remap(face, cells, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        there = cv2.remap(face, cells - there, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        return np.asarray(rest - step * there, np.float32)

    def _invert(self, field: Floats) -> Floats:
        """(rows, columns, 2) backward displacement, in pixels, of a forward ``field`` of the part, in cells."""
        steepest = max(
            float(cv2.absdiff(field[1:], field[:-1]).max()), float(cv2.absdiff(field[:, 1:], field[:, :-1]).max())
        )
        steps, damping = (_STEEP_STEPS, _DAMPING) if steepest > _STEEP else (_STEPS, 1.0)
        places = invert_field(field, self._cells, steps, damping)
        places *= np.float32(self._rig.warp.lattice.step)
        return places

    def _sample_sides(self, sides: tuple[Floats, Floats], cells: Floats, places: Floats) -> list[Floats]:
        """``places``, from where each side of the mouth has moved them; ``cells``: the same on the resting head, in
        cells of the lattice."""
        warp = self._rig.warp
        cells = cv2.subtract(cells, (warp.column0, warp.row0, 0, 0))
        backward = [self._invert(side / np.float32(warp.lattice.step)) for side in sides]
        return [
            np.asarray(
                places + cv2.remap(side, cells, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.float32
            )
            for side in backward
        ]

    def _contours(self, sides: tuple[Floats, Floats], moved: Floats, seal: float) -> tuple[Floats, Floats]:
        """The inner contours of the lips in the frame, (n, 2) pixels each."""
        mouth, warp = self._rig.motion.mouth, self._rig.warp
        origin = np.array([warp.column0, warp.row0], np.float32)
        contours = []
        for side, contour in zip(sides, (mouth.upper, mouth.lower), strict=True):
            opened = contour + sample(side, warp.lattice.to_cells(contour) - origin)
            contours.append(np.asarray(opened + self._rig.head.at(moved, opened), np.float32))
        return _seal_lips(contours[0], contours[1], seal, mouth.down)

    def _upper_share(self, heights: Floats, shift: NDArray[np.int64], box: NodeBox) -> Floats:
        """(rows, columns) in ``box``: 1 above the seam of the lips, 0 below it.

        The seam's axes were planned for the resting head and move with it by whole nodes.
        """
        warp = self._rig.warp
        planned = self._seam.on_lattice.upper_share(heights)
        top, left = warp.row0 + int(shift[1]), warp.column0 + int(shift[0])
        above, under = max(box[1], top), min(box[3], top + planned.shape[0])
        first, last = max(box[0], left), min(box[2], left + planned.shape[1])
        share = np.zeros((box[3] - box[1], box[2] - box[0]), np.float32)
        share[above - box[1] : under - box[1], first - box[0] : last - box[0]] = planned[
            above - top : under - top, first - left : last - left
        ]
        return share

    def _join(
        self,
        canvas: Canvas,
        backward: list[Floats],
        heights: Floats,
        shift: NDArray[np.int64],
        box: NodeBox,
    ) -> None:
        """Around the lips, take each pixel from the side of the seam that it is on."""
        window, warp = self._seam.window, self._rig.warp
        if window is None:
            return
        lattice = warp.lattice
        step = lattice.step
        row = warp.row0 + window.row0 + int(shift[1]) - box[1]
        column = warp.column0 + window.column0 + int(shift[0]) - box[0]
        rows, columns = window.row1 - window.row0, window.column1 - window.column0
        height, width = backward[0].shape[:2]
        if row < 1 or column < 1 or row + rows + 1 > height or column + columns + 1 > width:
            return
        area = (slice(row - 1, row + rows + 1), slice(column - 1, column + columns + 1))
        size = ((columns + 2) * step, (rows + 2) * step)
        upper, lower = (
            cv2.resize(side[area], size, interpolation=cv2.INTER_LINEAR)[step:-step, step:-step] for side in backward
        )
        share = window.axes.upper_share(heights)
        joined = cv2.multiply(cv2.subtract(upper, lower), cv2.merge([share, share]))
        joined += lower
        canvas.lay(
            joined,
            window.feather,
            window.left - lattice.left + int(shift[0]) * step,
            window.top - lattice.top + int(shift[1]) * step,
        )

    def _moving_boxes(self, outer: Floats, inner: NodeBox) -> list[NodeBox]:
        """Bands of the head's nodes, one below the other, whose cells may differ from the portrait."""
        head, fine = self._rig.head, self._fineness
        height, width = outer.shape[:2]
        away = cv2.absdiff(outer, head.nodes)
        moves = np.maximum(away[..., 0], away[..., 1]) > _MOVED
        # A node's value reaches as far as its neighbours. The lattice's outermost cells are for interpolation only.
        reached = cv2.dilate(moves.view(np.uint8), np.ones((3, 3), np.uint8))
        reached[inner[1] // fine : -(-inner[3] // fine), inner[0] // fine : -(-inner[2] // fine)] = 1
        boxes = []
        for top in range(1, height - 1, self._band):
            bottom = min(top + self._band, height - 1)
            columns = np.flatnonzero(reached[top:bottom].any(0)[1 : width - 1])
            if len(columns):
                boxes.append((int(columns[0]) + 1, top, int(columns[-1]) + 2, bottom))
        return boxes


def _sharpness(moved: Floats) -> int:
    """0 to MAX_SHARPNESS: how much linear interpolation blurs, by how far most of the head has moved."""
    farthest = float(np.abs(moved).max())
    return sum(farthest >= bound for bound in _SHARPENED)


def _seal_lips(upper: Floats, lower: Floats, seal: float, down: NDArray[np.float64]) -> tuple[Floats, Floats]:
    """Both contours (n, 2) brought together where the lips touch.

    The landmarks meet exactly; the splines, which smooth, leave the contours between them up to 0.04 eye distances
    apart, and the inside would be seen there.
    """
    gap = (lower - upper) @ down.astype(np.float32)
    half = np.maximum(gap, 0)[:, None] * down.astype(np.float32) * smoothstep(seal, 0.8, 1.0) / 2
    return np.asarray(upper + half, np.float32), np.asarray(lower - half, np.float32)
