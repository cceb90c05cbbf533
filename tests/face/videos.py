"""Tiny videos of a shipped portrait that moves, with frames without a face."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.avatars import avatar
from lipsync.face.picture import read_picture
from lipsync.video.frame import frame_of
from lipsync.video.writer import Mp4Writer

Picture = NDArray[np.uint8]

SIZE = (240, 280)
FPS = 25


def hopper() -> Picture:
    """(600, 512, 3) RGB."""
    return read_picture(avatar("hopper").path.read_bytes(), max_megapixels=50, max_side=1920)


def motion(index: int) -> NDArray[np.float64]:
    """(2, 3) affine from the portrait's pixels to those of frame ``index``: it drifts and comes nearer."""
    scale = 0.5 + 0.004 * index
    return np.array([[scale, 0, -8 + 1.5 * index], [0, scale, -20 - 1.0 * index]])


def moving(count: int = 20, grey: Iterable[int] = ()) -> Iterator[Picture]:
    """Frames (280, 240, 3) RGB of the moving portrait; those in ``grey`` show nothing."""
    portrait = hopper()
    for index in range(count):
        if index in grey:
            yield np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)
        else:
            shifted = cv2.warpAffine(
                portrait, motion(index), SIZE, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT
            )
            yield np.asarray(shifted, np.uint8)


def portrait_of(name: str, size: tuple[int, int] = SIZE) -> Picture:
    """One frame of a shipped portrait: the face, about as large as in :func:`moving`, in the middle of ``size``."""
    middle, eyes = {"hopper": ((262, 235), 127), "gauss": ((514, 400), 181), "newton": ((349, 153), 75)}[name]
    picture = read_picture(avatar(name).path.read_bytes(), max_megapixels=50, max_side=1920)
    scale = 62 / eyes
    place = np.array(
        [[scale, 0, size[0] / 2 - scale * middle[0]], [0, scale, size[1] * 0.4 - scale * middle[1]]], np.float64
    )
    cut = cv2.warpAffine(picture, place, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(cut, np.uint8)


def drifting(picture: Picture, count: int) -> list[Picture]:
    """``count`` frames of a picture that drifts by a third of a pixel from one to the next."""
    size = picture.shape[1::-1]
    return [
        np.asarray(
            cv2.warpAffine(
                picture, np.array([[1, 0, index / 3], [0, 1, -index / 4]]), size, borderMode=cv2.BORDER_REFLECT
            ),
            np.uint8,
        )
        for index in range(count)
    ]


def faded(picture: Picture, share: float) -> Picture:
    """The picture with ``share`` of its light."""
    return np.asarray(picture * share, np.uint8)


def mp4(pictures: Iterable[Picture], fps: int = FPS) -> bytes:
    """The pictures as an MP4, with silence."""
    frames = [frame_of(one) for one in pictures]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "moving.mp4"
        with Mp4Writer(path, width=frames[0].width, height=frames[0].height, fps=fps, rate=16000, crf=12) as writer:
            for frame in frames:
                writer.write_frame(frame)
            writer.write_sound(np.zeros(16000 * len(frames) // fps, np.float32))
        return path.read_bytes()
