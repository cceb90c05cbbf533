"""Which pixels of a portrait its puppet never moves, and the pose that it draws."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet import Puppet
from lipsync.animation.puppet.face_warp import Lattice
from lipsync.animation.puppet.head.reach import limit_pose
from lipsync.animation.types import FaceTrack


def unmoved_pixels(puppet: Puppet) -> NDArray[np.bool_]:
    """(H, W) True where no motion of head, torso or face reaches a pixel: all nodes around it have no weight."""
    width, height = puppet.size if puppet.quarters % 2 == 0 else puppet.size[::-1]
    head, warp = puppet.rig.head, puppet.rig.warp
    moves = ((head.weight > 0) | (head.torso[..., 2] != 0)).astype(np.uint8)
    # Between two nodes the field is interpolated; so is the finer lattice between those of the head.
    reached = _on_pixels(cv2.dilate(moves, np.ones((3, 3), np.uint8)), head.lattice, width, height)
    nodes = warp.lattice.nodes()[warp.row0 : warp.row1, warp.column0 : warp.column1]
    (x0, y0), (x1, y1) = np.floor(nodes[0, 0]).astype(int), np.ceil(nodes[-1, -1]).astype(int)
    reached[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = True
    return np.rot90(~reached, -puppet.quarters)


def _on_pixels(nodes: NDArray[np.uint8], lattice: Lattice, width: int, height: int) -> NDArray[np.bool_]:
    """(height, width) whether one of the nodes around a pixel is set; no node is set outside of the lattice."""
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    cells = lattice.to_cells(np.dstack(np.meshgrid(x, y)))
    spread = cv2.remap(nodes.astype(np.float32), cells, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(spread > 0)


def limit_track(puppet: Puppet, track: FaceTrack) -> FaceTrack:
    """The track with the pose that the puppet draws: within the reach of its portrait."""
    pose = np.array([limit_pose(row, puppet.rig.head.reach) for row in track.pose], np.float32)
    return replace(track, pose=pose.reshape(track.pose.shape))
