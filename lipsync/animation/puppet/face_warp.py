"""The mouth's movement as fields over the picture: thin-plate splines on a lattice, one for each side of the lips.

A lattice has as many nodes for a small face as for a large one, so the cost of a frame's geometry does not grow with
the face; only its pixels do.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import smoothstep
from lipsync.animation.puppet.motion import Motion
from lipsync.animation.puppet.mouth import NEAR_UPPER
from lipsync.face.topology import EYE_CORNERS, FACE_OVAL, LIPS, LOWER_LIP, UPPER_LIP

CELLS = 72
"""Lattice cells across the part of the picture that the mouth moves."""
STIFFNESS = 1e-4
"""Smoothing of the thin-plate splines (Bookstein 1989), in squared eye distances."""
_CONTROL_SPACING = 0.05
"""Control points stand at min_distance this far apart, in eye distances; those of the lips 0.35 of it."""
_BELOW_EYES = (0.06, 0.30)
"""Eye distances below the line of the eyes between which the mouth's movement begins."""
_BELOW_GLASSES = (0.30, 0.50)
"""The same where glasses are: cheeks that a smile raises would bend the lower rims, which are at 0.25 to 0.35."""
_ROWS = 512
"""Places for which an operator is computed at a time."""


@dataclass(frozen=True)
class Lattice:
    """Square cells over a part of the picture; values stand at the centres of the cells.

    The outermost ring of cells is there for interpolation only: nothing moves in it.
    """

    left: int
    """x of the first cell's left edge, pixels, even; may lie outside of the picture."""
    top: int
    step: int
    """Pixels, even."""
    columns: int
    rows: int

    def nodes(self) -> NDArray[np.float32]:
        """(rows, columns, 2) the cells' centres in pixels, pixel centres at whole numbers."""
        x = self.left - 0.5 + self.step * (np.arange(self.columns) + 0.5)
        y = self.top - 0.5 + self.step * (np.arange(self.rows) + 0.5)
        return np.dstack(np.meshgrid(x, y)).astype(np.float32)

    def to_cells(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Pixels to lattice coordinates, in which the nodes stand at whole numbers."""
        origin = np.array([self.left - 0.5 + self.step / 2, self.top - 0.5 + self.step / 2])
        if points.dtype == np.float32 and points.ndim == 3:  # a field of a frame: NumPy takes twenty times as long
            matrix = np.column_stack([np.eye(2), -origin]) / self.step
            return np.asarray(cv2.transform(points, matrix), np.float32)
        return np.asarray((points - origin) / self.step, np.float32)


def node_grid(columns: int, rows: int) -> NDArray[np.float32]:
    """(rows, columns, 2) column and row of each node."""
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    return np.dstack([x, y])


def invert_field(
    field: NDArray[np.float32], grid: NDArray[np.float32], steps: int, damping: float
) -> NDArray[np.float32]:
    """(rows, columns, 2) backward displacement of a forward ``field`` of all nodes, both in cells.

    ``grid`` is :func:`node_grid`. Fixed-point ``steps``; damped below 1 they bear a steeper field.
    """
    places = grid - field
    for _ in range(steps):
        miss = cv2.remap(field, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        miss += places
        miss -= grid
        if damping != 1:
            miss *= np.float32(damping)
        places -= miss
    places -= grid
    return np.asarray(places, np.float32)


@dataclass(frozen=True)
class MouthWarp:
    """Thin-plate-spline operators: the points' displacements in, the lattice's out."""

    lattice: Lattice
    """All that may move: mouth, head and torso."""
    column0: int
    """The part of the lattice that the mouth moves: nodes column0:column1, row0:row1."""
    row0: int
    column1: int
    row1: int
    upper_points: NDArray[np.int32]
    """(n,) landmarks that steer the side above the lips."""
    lower_points: NDArray[np.int32]
    """(m,) the same for the side below."""
    upper: NDArray[np.float32]
    """(nodes of the part, n) operator of the upper side."""
    lower: NDArray[np.float32]
    """(nodes of the part, m) operator of the lower side."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the part that the mouth moves."""
        return self.row1 - self.row0, self.column1 - self.column0

    def fields(self, displacements: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Fields of the upper and the lower side, (T, rows, columns, 2) pixels, of (T, 468, 2) displacements."""
        return (
            self._spread(self.upper, displacements[:, self.upper_points]),
            self._spread(self.lower, displacements[:, self.lower_points]),
        )

    def _spread(self, operator: NDArray[np.float32], moved: NDArray[np.float32]) -> NDArray[np.float32]:
        count, points, _ = moved.shape
        # One product for all frames: the operator is read from memory once.
        spread = operator @ moved.transpose(1, 0, 2).reshape(points, count * 2)
        rows, columns = self.shape
        return np.ascontiguousarray(spread.reshape(rows, columns, count, 2).transpose(2, 0, 1, 3))


def plan_warp(motion: Motion, head_box: tuple[float, float, float, float], *, has_glasses: bool = False) -> MouthWarp:
    """Prepare the operators; ``head_box`` is x0, y0, x1, y1 of what head and torso move, in pixels."""
    points, distance, down = motion.mouth.points, motion.eye_distance, motion.mouth.down
    oval = points[list(FACE_OVAL)]
    center = oval.mean(0)

    def ring(above: float, below: float) -> NDArray[np.float64]:
        grown = np.where(((oval - center) @ down > 0)[:, None], below, above)
        return np.asarray(center + (oval - center) * grown)

    inner_anchors, outer_anchors = ring(1.28, 1.36), ring(1.6, 1.7)
    low, high = outer_anchors.min(0), outer_anchors.max(0)
    low[1] = points[list(EYE_CORNERS), 1].min() - 0.02 * distance
    step = max(2, 2 * round(float(max(high - low)) / CELLS / 2))
    lattice, part = _lay(step, head_box, (low, high))
    column0, row0, column1, row1 = part
    nodes = lattice.nodes()[row0:row1, column0:column1].astype(np.float64)
    eyes = points[list(EYE_CORNERS)].mean(0)
    below_eyes = smoothstep((nodes - eyes) @ down / distance, *(_BELOW_GLASSES if has_glasses else _BELOW_EYES))
    fade = below_eyes * _inside(lattice, part, ring(1.22, 1.36), distance)
    anchors = np.concatenate([inner_anchors, outer_anchors[::2]])
    upper_side = {k for ring_ in UPPER_LIP for k in ring_[1:-1]}
    lower_side = {k for ring_ in LOWER_LIP for k in ring_[1:-1]}
    operators = []
    for excluded in (lower_side, upper_side | NEAR_UPPER):
        chosen = _choose_controls(points, excluded, _CONTROL_SPACING * distance)
        controls = (np.concatenate([points[chosen], anchors]) - center) / distance
        operator = thin_plate_operator(controls, (nodes.reshape(-1, 2) - center) / distance, STIFFNESS)
        operators.append((chosen, operator[:, : len(chosen)] * fade.reshape(-1, 1)))
    (upper_points, upper), (lower_points, lower) = operators
    return MouthWarp(
        lattice,
        column0,
        row0,
        column1,
        row1,
        upper_points,
        lower_points,
        np.ascontiguousarray(upper, np.float32),
        np.ascontiguousarray(lower, np.float32),
    )


def thin_plate_operator(
    controls: NDArray[np.float64], places: NDArray[np.float64], stiffness: float
) -> NDArray[np.float32]:
    """(places, controls) matrix that takes values at the controls to values at the places (Bookstein 1989).

    ``controls`` (n, 2) and ``places`` (m, 2) in any one unit; ``stiffness`` smooths.
    """

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
        squared = np.maximum(squared, 0)
        return np.asarray(0.5 * squared * np.log(squared + 1e-12))

    count = len(controls)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = kernel(controls, controls) + stiffness * np.eye(count)
    affine = np.column_stack([np.ones(count), controls])
    system[:count, count:], system[count:, :count] = affine, affine.T
    inverse = np.linalg.solve(system, np.eye(count + 3)[:, :count]).astype(np.float32)
    operator = np.empty((len(places), count), np.float32)
    for begin in range(0, len(places), _ROWS):  # in parts: whole, the steps between would take 100 MB
        some = places[begin : begin + _ROWS]
        basis = np.column_stack([kernel(some, controls), np.ones(len(some)), some])
        np.matmul(basis.astype(np.float32), inverse, out=operator[begin : begin + _ROWS])
    return operator


def _lay(
    step: int,
    head_box: tuple[float, float, float, float],
    mouth_box: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> tuple[Lattice, tuple[int, int, int, int]]:
    """A lattice over both boxes, and the nodes of it that the mouth moves."""
    left = 2 * int(np.floor(min(head_box[0], mouth_box[0][0]) / 2)) - step
    top = 2 * int(np.floor(min(head_box[1], mouth_box[0][1]) / 2)) - step
    columns = int(np.ceil((max(head_box[2], mouth_box[1][0]) - left) / step)) + 1
    rows = int(np.ceil((max(head_box[3], mouth_box[1][1]) - top) / step)) + 1
    lattice = Lattice(left, top, step, columns, rows)
    low, high = lattice.to_cells(np.stack(mouth_box))
    column0, row0 = np.clip(np.floor(low), 0, [columns - 2, rows - 2]).astype(int)
    column1, row1 = np.clip(np.ceil(high) + 1, [2, 2], [columns, rows]).astype(int)
    return lattice, (int(column0), int(row0), int(column1), int(row1))


def _inside(
    lattice: Lattice, part: tuple[int, int, int, int], outline: NDArray[np.float64], distance: float
) -> NDArray[np.float32]:
    """(rows, columns) 1 inside the outline of the face, 0 beyond it."""
    column0, row0, column1, row1 = part
    mask = np.zeros((row1 - row0, column1 - column0), np.float32)
    cv2.fillPoly(mask, [np.round(lattice.to_cells(outline) - [column0, row0]).astype(np.int32)], 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.09 * distance / lattice.step)
    faded = smoothstep(mask, 0.05, 0.95)
    # Nothing moves in the outermost cells.
    faded[[0, -1]] = 0
    faded[:, [0, -1]] = 0
    return faded


def _choose_controls(points: NDArray[np.float64], excluded: set[int], spacing: float) -> NDArray[np.int32]:
    """Landmarks to steer by: lips and outline first, then any that is not too near to one chosen before."""
    order = [k for k in dict.fromkeys((*LIPS, *FACE_OVAL, *range(len(points)))) if k not in excluded]
    chosen: list[int] = []
    taken = np.empty((len(order), 2))
    lips = set(LIPS)
    for k in order:
        min_distance = spacing * (0.35 if k in lips else 1.0)
        away = taken[: len(chosen)] - points[k]
        if not chosen or float((away**2).sum(1).min()) > min_distance**2:
            taken[len(chosen)] = points[k]
            chosen.append(k)
    return np.array(chosen, np.int32)
