"""Colours and pictures in the form that glTF wants."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def linear_light(colour: NDArray[np.floating]) -> NDArray[np.float64]:
    """sRGB 0-255 (...) as linear light 0-1 (IEC 61966-2-1)."""
    value = np.asarray(colour, np.float64).clip(0, 255) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def opaque(colour: NDArray[np.floating]) -> tuple[float, float, float, float]:
    """sRGB 0-255 (3,) as a factor of a material: linear RGB and an opacity of 1."""
    red, green, blue = linear_light(colour).tolist()
    return red, green, blue, 1.0


def jpeg_file(picture: NDArray[np.uint8], quality: int) -> bytes:
    """The picture (H, W, 3) RGB as a JPEG file."""
    worked, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert worked
    return bytes(data)
