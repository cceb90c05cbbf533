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
        "box": np.array(portrait.box, np.float64),
        "eye_distance": np.array(portrait.eye_distance, np.float64),
        "key": np.array(portrait.key),
        **({} if portrait.alpha is None else {"alpha": portrait.alpha}),
    }


def portrait_from_arrays(arrays: dict[str, NDArray[Any]]) -> Portrait:
    """The portrait that :func:`portrait_arrays` was given.

    Raises KeyError or ValueError when the arrays are not those of a portrait.
    """
    picture, landmarks = arrays["picture"], arrays["landmarks"]
    shapes = picture.dtype, picture.ndim, landmarks.shape
    if shapes != (np.dtype(np.uint8), 3, (468, 3)):
        raise ValueError(f"not a portrait: {shapes}")
    alpha = arrays.get("alpha")
    if alpha is not None and (alpha.dtype, alpha.shape) != (np.dtype(np.uint8), picture.shape[:2]):
        raise ValueError(f"not the alpha of a portrait: {alpha.dtype}, {alpha.shape}")
    x0, y0, x1, y1 = (float(number) for number in arrays["box"])
    return Portrait(
        picture=picture,
        landmarks=landmarks.astype(np.float32, copy=False),
        box=(x0, y0, x1, y1),
        eye_distance=float(arrays["eye_distance"]),
        key=str(arrays["key"]),
        alpha=alpha,
    )
