"""Which parts of a frame are sampled pixel by pixel: eyes and lips, and where smooth skin would look different.

Everywhere else four pixels share one position (:mod:`lipsync.animation.puppet.pixels`).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.canvas import NodeBox
from lipsync.animation.puppet.rig import Rig
from lipsync.animation.puppet.seam import MouthWindow
from lipsync.face.topology import BROWS_LOWER, FACE_OVAL, LOWER_LIDS, UPPER_LIDS
from lipsync.video.frame import Area

Floats = NDArray[np.float32]

_AROUND_EYES = 0.06
"""Eye distances around the lids that belong to the eyes."""


class DetailPlan:
    """Where eyes, lips and face are in the resting portrait; a frame asks where they are now."""

    def __init__(self, rig: Rig, window: MouthWindow | None) -> None:
        """``window``: the pixels around the lips that lie on one side of their seam each."""
        self._rig = rig
        points, unit = rig.motion.mouth.points, rig.motion.eye_distance
        around = _AROUND_EYES * unit
        eyes = []
        for side, (upper, lower) in enumerate(zip(UPPER_LIDS, LOWER_LIDS, strict=True)):
            lids = points[[*upper, *lower]]
            painted = _corners(lid.area for lid in rig.eyelids[side : side + 1])
            eyes.append(np.concatenate([lids - around, lids + around, painted]))
        folds = _corners(fold.area for fold in rig.smile_folds)
        oval, brows = points[list(FACE_OVAL)], points[[k for line in BROWS_LOWER for k in line]]
        face = np.array(
            [
                [oval[:, 0].min() + 0.12 * unit, brows[:, 1].min() - 0.12 * unit],
                [oval[:, 0].max() - 0.12 * unit, oval[:, 1].max() - 0.05 * unit],
            ]
        )
        groups = [face, *eyes, folds]
        self._points = np.concatenate(groups)
        """(n, 2) pixels: corners of the face, of the right and the left eye and of the folds of a smile."""
        self._ends = np.cumsum([len(group) for group in groups])[:-1]
        self._window: NodeBox | None = None
        if window is not None:
            column0, row0 = rig.warp.column0, rig.warp.row0
            self._window = (
                column0 + window.column0, row0 + window.row0, column0 + window.column1, row0 + window.row1,
            )  # fmt: skip
        self.face = self._box(self._points, self._window)
        """Nodes of the mouth's lattice over the resting face from the brows to the chin, with all that is painted."""

    def boxes(
        self, moved: Floats, shift: NDArray[np.int64], inner: NodeBox, *, whole: bool, smiles: bool
    ) -> list[NodeBox]:
        """Nodes of the mouth's lattice, within ``inner``, without overlaps.

        ``moved``: displacement of the head's nodes; ``shift`` (2,): whole nodes that the mouth moves with it;
        ``whole``: all of the face; ``smiles``: whether the folds of a smile are painted.
        """
        window = self._window
        if window is not None:
            right, down = (int(value) for value in shift)
            window = (window[0] + right, window[1] + down, window[2] + right, window[3] + down)

        now = self._points + self._rig.head.at(moved, self._points)
        if whole:
            return [_limit(self._box(now, window), inner)]
        _, right_eye, left_eye, folds = np.split(now, self._ends)
        boxes = [self._box(folds[: len(folds) * smiles], window), self._box(right_eye), self._box(left_eye)]
        return _disjoint([_limit(box, inner) for box in boxes])

    def _box(self, points: NDArray[np.floating], window: NodeBox | None = None) -> NodeBox:
        """Nodes around ``points`` (n, 2), pixels, and ``window``; nothing where there is neither."""
        box = window
        if len(points):
            cells = self._rig.warp.lattice.to_cells(points)
            (x0, y0), (x1, y1) = np.floor(cells.min(0)).tolist(), np.ceil(cells.max(0)).tolist()
            found = (int(x0), int(y0), int(x1) + 1, int(y1) + 1)
            box = found if box is None else _around(box, found)
        return (0, 0, 0, 0) if box is None else box


def _corners(areas: Iterable[Area]) -> NDArray[np.float64]:
    """(n, 2) corners of rectangles, pixels."""
    corners = [
        (x, y) for rows, columns in areas for y in (rows.start, rows.stop) for x in (columns.start, columns.stop)
    ]
    return np.array(corners, np.float64).reshape(-1, 2)


def _around(first: NodeBox, second: NodeBox) -> NodeBox:
    return (
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[2], second[2]),
        max(first[3], second[3]),
    )


def _disjoint(boxes: list[NodeBox]) -> list[NodeBox]:
    """``boxes``, with one box around those that overlap."""
    apart: list[NodeBox] = []
    for box in boxes:
        grown = box
        while others := [other for other in apart if _overlap(grown, other)]:
            apart = [other for other in apart if other not in others]
            for other in others:
                grown = _around(grown, other)
        apart.append(grown)
    return apart


def _overlap(first: NodeBox, second: NodeBox) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def _limit(box: NodeBox, inner: NodeBox) -> NodeBox:
    """The nodes of ``box`` that are in ``inner`` and not at its border, at least one."""
    return (
        min(max(box[0], inner[0] + 1), inner[2] - 2),
        min(max(box[1], inner[1] + 1), inner[3] - 2),
        max(min(box[2], inner[2] - 1), inner[0] + 2),
        max(min(box[3], inner[3] - 1), inner[1] + 2),
    )
