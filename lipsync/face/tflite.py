"""The two face networks that the project ships, run by OpenCV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.messages import Message
from lipsync.runtime.errors import InstallationError

FOLDER = Path(__file__).parent.parent / "assets" / "face"


def load_network(name: str) -> Any:
    """A TFLite file of assets/face as a ``cv2.dnn.Net``. Raises LipsyncError missing_part when it is not there."""
    path = FOLDER / name
    if not path.is_file():
        raise InstallationError("missing_part", part=name, remedy=Message("remedy.reinstall"))
    # OpenCV 5's new engine drops one of the outputs of these networks.
    engine = [cv2.dnn.ENGINE_CLASSIC] if hasattr(cv2.dnn, "ENGINE_CLASSIC") else []
    return cv2.dnn.readNetFromTFLite(str(path), *engine)


def run_network(network: Any, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """All outputs for one picture (H, W, 3) RGB in the network's own range. Not safe to call from two threads."""
    network.setInput(np.ascontiguousarray(picture.transpose(2, 0, 1)[None]))
    return list(network.forward(network.getUnconnectedOutLayersNames()))
