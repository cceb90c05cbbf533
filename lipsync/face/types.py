"""A portrait whose face has been found: what all animators start from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lipsync.face.pose import HeadFit, fit_head


@dataclass(frozen=True)
class Portrait:
    """A picture and the face in it. A value: it can be saved, loaded and shared between threads."""

    picture: NDArray[np.uint8]
    """(H, W, 3) RGB, H and W even, at most ``max_side`` long: one pixel of it is one pixel of the video."""
    landmarks: NDArray[np.float32]
    """(468, 3) points of MediaPipe's face mesh: x right, y down, z away from the viewer, in pixels."""
    box: tuple[float, float, float, float]
    """The face: x0, y0, x1, y1 in pixels."""
    eye_distance: float
    """Between the outer eye corners (landmarks 33 and 263), in pixels, corrected for the turn of the head."""
    key: str
    """Hash of the picture file and of all that prepared it; names what is kept in the cache."""
    alpha: NDArray[np.uint8] | None = None
    """(H, W) opacity of a person before no background, 0-255; ``picture`` then shows the person's own colours, also
    where they were mixed with what was behind. None: the picture is opaque."""

    @cached_property
    def head(self) -> HeadFit:
        """How the ARKit basis lies on the landmarks: where the head looks. Computed once, when first asked for."""
        return fit_head(self.landmarks)
