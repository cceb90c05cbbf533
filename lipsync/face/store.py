"""A portrait as plain arrays, to be kept in a file and read back exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lipsync.face.types import Portrait


def portrait_arrays(portrait: Portrait) -> dict[str, NDArray[Any]]:
    """The portrait as arrays that ``numpy.savez`` writes without pickle."""
    return {
        "picture": portrait.picture,
        "landmarks": portrait.landmarks,
        "rotation": portrait.rotation,
        "box": np.array(portrait.box, np.float64),
        "measures": np.array([portrait.eye_distance, portrait.yaw, portrait.pitch, portrait.roll], np.float64),
        "key": np.array(portrait.key),
    }


def portrait_from_arrays(arrays: dict[str, NDArray[Any]]) -> Portrait:
    """What portrait_arrays was given. Raises KeyError or ValueError when the arrays are not those of a portrait."""
    picture, landmarks, rotation = arrays["picture"], arrays["landmarks"], arrays["rotation"]
    shapes = picture.dtype, picture.ndim, landmarks.shape, rotation.shape
    if shapes != (np.dtype(np.uint8), 3, (468, 3), (3, 3)):
        raise ValueError(f"not a portrait: {shapes}")
    x0, y0, x1, y1 = (float(number) for number in arrays["box"])
    eye_distance, yaw, pitch, roll = (float(number) for number in arrays["measures"])
    return Portrait(
        picture=picture,
        landmarks=landmarks.astype(np.float32, copy=False),
        box=(x0, y0, x1, y1),
        eye_distance=eye_distance,
        rotation=rotation.astype(np.float32, copy=False),
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        key=str(arrays["key"]),
    )
