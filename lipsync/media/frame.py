"""One picture of a video, in the form that the encoder takes: brightness at full size, colour at half.

Frames are made in this form, not in RGB: a still portrait is converted once, a frame only where it moves, and
warping 1.5 values a pixel costs half of warping 3. The matrix is ITU-R BT.709, limited range, as the streams say.
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


@dataclass(frozen=True)
class Frame:
    """A picture in NV12: H and W even."""

    y: NDArray[np.uint8]
    """(H, W) brightness, 16-235."""
    uv: NDArray[np.uint8]
    """(H/2, W/2, 2) colour, Cb and Cr, 16-240."""

    @property
    def height(self) -> int:
        return int(self.y.shape[0])

    @property
    def width(self) -> int:
        return int(self.y.shape[1])

    def copy(self) -> Frame:
        """A frame of its own, to paint on."""
        return Frame(self.y.copy(), self.uv.copy())


def yuv_of(picture: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.uint8] | NDArray[np.float32]:
    """(H, W, 3) RGB in 0-255 to (H, W, 3) Y Cb Cr, same dtype."""
    yuv: NDArray[np.uint8] | NDArray[np.float32] = cv2.transform(picture, _TO_YUV)
    return yuv


def half_size(chroma: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.uint8] | NDArray[np.float32]:
    """(H, W, C) to (H/2, W/2, C), each value the mean of four."""
    height, width = chroma.shape[:2]
    half: NDArray[np.uint8] | NDArray[np.float32] = cv2.resize(
        chroma, (width // 2, height // 2), interpolation=cv2.INTER_AREA
    )
    return half


def frame_of(picture: NDArray[np.uint8]) -> Frame:
    """A frame of an RGB picture (H, W, 3) uint8; an odd last row or column is left out, nothing is stretched."""
    height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    yuv = yuv_of(np.ascontiguousarray(picture[:height, :width]))
    return Frame(
        yuv[..., 0].astype(np.uint8), half_size(np.ascontiguousarray(yuv[..., 1:], np.uint8)).astype(np.uint8)
    )


def picture_of(frame: Frame) -> NDArray[np.uint8]:
    """The frame as an RGB picture (H, W, 3) uint8."""
    uv = cv2.resize(frame.uv, (frame.width, frame.height), interpolation=cv2.INTER_LINEAR)
    picture: NDArray[np.uint8] = cv2.transform(np.dstack([frame.y, uv]), _TO_RGB)
    return picture
