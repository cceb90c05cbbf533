"""Video frames in the pixel format of the encoder: NV12 (4:2:0), ITU-R BT.709, limited range.

Frames are rendered in this format, not in RGB: a still portrait is converted once, a frame only where it moves, and
warping 1.5 values per pixel costs half of warping 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# ITU-R BT.709-6, item 3: Kr = 0.2126, Kb = 0.0722; item 4: 8 bit limited range, luma 16-235, chroma 16-240.
_LUMA = np.array([0.2126, 0.7152, 0.0722]) * (219 / 255)
_BLUE = np.array([-0.2126, -0.7152, 0.9278]) / 1.8556 * (224 / 255)
_RED = np.array([0.7874, -0.7152, -0.0722]) / 1.5748 * (224 / 255)
_TO_YUV = np.column_stack([np.stack([_LUMA, _BLUE, _RED]), [16.0, 128.0, 128.0]])
_linear = np.linalg.inv(_TO_YUV[:, :3])
_TO_RGB = np.column_stack([_linear, -_linear @ _TO_YUV[:, 3]])


Area = tuple[slice, slice]
"""Rows and columns of a frame, even."""


@dataclass(frozen=True)
class Frame:
    """A frame in NV12 with even H and W."""

    y: NDArray[np.uint8]
    """(H, W) uint8 luma, 16-235."""
    uv: NDArray[np.uint8]
    """(H/2, W/2, 2) uint8 chroma, Cb and Cr, 16-240."""
    alpha: NDArray[np.uint8] | None = None
    """(H, W) uint8 opacity, 0-255, of a frame before no background; the colours are not multiplied by it. None: the
    frame is opaque."""

    @property
    def height(self) -> int:
        return int(self.y.shape[0])

    @property
    def width(self) -> int:
        return int(self.y.shape[1])

    def copy(self) -> Frame:
        """An independent copy that may be modified."""
        return Frame(self.y.copy(), self.uv.copy(), None if self.alpha is None else self.alpha.copy())


def halved(area: Area) -> Area:
    """The same rectangle in the colour planes."""
    rows, columns = area
    return slice(rows.start // 2, rows.stop // 2), slice(columns.start // 2, columns.stop // 2)


def yuv_of(picture: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Convert (H, W, 3) RGB in 0-255 to (H, W, 3) Y Cb Cr of the same dtype."""
    yuv: NDArray[np.uint8] | NDArray[np.float32] = cv2.transform(picture, _TO_YUV)
    return yuv


def half_size(chroma: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Downsample (H, W, C) to (H/2, W/2, C): means of 2x2 pixels."""
    height, width = chroma.shape[:2]
    half: NDArray[np.uint8] | NDArray[np.float32] = cv2.resize(
        chroma, (width // 2, height // 2), interpolation=cv2.INTER_AREA
    )
    return half


def frame_of(picture: NDArray[np.uint8], alpha: NDArray[np.uint8] | None = None) -> Frame:
    """Convert an (H, W, 3) uint8 RGB picture to a frame, with its ``alpha`` (H, W) where it has one.

    An odd last row or column is cropped, not scaled.
    """
    height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    yuv = yuv_of(np.ascontiguousarray(picture[:height, :width]))
    return Frame(
        yuv[..., 0].astype(np.uint8),
        half_size(np.ascontiguousarray(yuv[..., 1:], np.uint8)).astype(np.uint8),
        None if alpha is None else alpha[:height, :width].copy(),
    )


def picture_of(frame: Frame) -> NDArray[np.uint8]:
    """Convert the frame to an (H, W, 3) uint8 RGB picture; its alpha is ignored."""
    uv = cv2.resize(frame.uv, (frame.width, frame.height), interpolation=cv2.INTER_LINEAR)
    picture: NDArray[np.uint8] = cv2.transform(np.dstack([frame.y, uv]), _TO_RGB)
    return picture
