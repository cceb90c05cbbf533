"""Real portraits, and both networks loaded once."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.face.avatars import avatar
from lipsync.face.finder import FaceFinder
from lipsync.face.picture import read_picture


@pytest.fixture(scope="session")
def finder() -> FaceFinder:
    return FaceFinder()


@pytest.fixture(scope="session")
def hopper() -> NDArray[np.uint8]:
    """(600, 512, 3): a photograph, from the front, 124 pixels between the eye corners."""
    return read_picture(avatar("hopper").path.read_bytes(), max_megapixels=50, max_side=1920)


@pytest.fixture(scope="session")
def gauss() -> NDArray[np.uint8]:
    """(1304, 1024, 3): a painting, 186 pixels between the eye corners."""
    return read_picture(avatar("gauss").path.read_bytes(), max_megapixels=50, max_side=1920)
