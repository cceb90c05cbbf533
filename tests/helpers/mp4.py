"""Small videos, and what is in an MP4."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from lipsync.video.frame import Frame, frame_of

RATE = 22050


SIZE = {"width": 96, "height": 128}


def tone(seconds: float, rate: int = RATE) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def decoded_sound(path: Path) -> NDArray[np.float32]:
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def boxes(data: bytes) -> list[str]:
    """Types of the top boxes of an MP4: ISO/IEC 14496-12, 4.2."""
    return [box[4:8].decode("latin-1") for box in top_boxes(data)]


def top_boxes(data: bytes) -> list[bytes]:
    """The boxes themselves, whole."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at : at + size])
        at += size
    return found


def pictures(count: int) -> Iterator[Frame]:
    """Each other than the one before."""
    noise = np.random.default_rng(0).integers(0, 256, (SIZE["height"], SIZE["width"], 3), np.uint8)
    for step in range(count):
        yield frame_of(np.roll(noise, 3 * step, axis=1))
