"""Tiles of a sheet: parts of a frame, scaled, labelled, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.video.frame import Frame, picture_of

Image = NDArray[np.uint8]
"""(h, w, 3) RGB."""

_GAP = 4
_LABEL, _GREY = (0, 255, 0), (128, 128, 128)


def crop_tile(frame: Frame, center: tuple[float, float], size: tuple[float, float], width: int) -> Image:
    """A part of ``frame`` around ``center``, ``size`` wide and high in pixels, scaled to ``width`` pixels.

    The part is moved into the frame where it fits; beyond the frame's border a tile is grey.
    """
    scale = width / size[0]
    height = round(size[1] * scale)
    picture = np.asarray(picture_of(frame), np.uint8)
    left = _move_inside(center[0] - size[0] / 2, size[0], frame.width)
    top = _move_inside(center[1] - size[1] / 2, size[1], frame.height)
    offset = np.array([-left, -top]) * scale
    if scale < 1:  # warpAffine does not average over what it skips
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        matrix, flags = np.column_stack([np.eye(2), offset]), cv2.INTER_LINEAR
    else:  # pixel centres stand at whole numbers
        matrix, flags = np.column_stack([np.eye(2) * scale, offset + (scale - 1) / 2]), cv2.INTER_CUBIC
    is_inside = size[0] <= frame.width and size[1] <= frame.height
    border = cv2.BORDER_REPLICATE if is_inside else cv2.BORDER_CONSTANT
    tile = cv2.warpAffine(picture, matrix, (width, height), flags=flags, borderMode=border, borderValue=_GREY)
    return np.asarray(tile, np.uint8)


def _move_inside(begin: float, length: float, whole: float) -> float:
    """``begin`` of a part of ``whole``, moved so that the part lies inside; in the middle where it is longer."""
    return (whole - length) / 2 if length > whole else min(max(begin, 0.0), whole - length)


def label_tile(tile: Image, text: str) -> Image:
    """The tile with ``text`` in its upper left corner."""
    labelled = np.ascontiguousarray(tile)
    cv2.putText(labelled, text, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(labelled, text, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _LABEL, 1, cv2.LINE_AA)
    return labelled


def arrange(tiles: Sequence[Image], columns: int) -> Image:
    """Tiles of one size in rows of ``columns``, white between them and where the last row has no more."""
    height, width = tiles[0].shape[:2]
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // columns * (height + _GAP), number % columns * (width + _GAP)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def write_sheet(path: Path, rows: Sequence[Image]) -> None:
    """Write rows of one width below each other as PNG."""
    gap = np.full((_GAP, rows[0].shape[1], 3), 255, np.uint8)
    sheet = np.concatenate([part for row in rows for part in (row, gap)][:-1])
    encoded, data = cv2.imencode(".png", sheet[..., ::-1])
    if not encoded:
        raise RuntimeError(f"{path} cannot be written as PNG")
    path.write_bytes(data.tobytes())
