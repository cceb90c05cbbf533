"""Drawers that need no network: what they draw is known, so that it can be found again in the video."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.wav2lip.wav2lip import Face

Floats = NDArray[np.float32]

FRAME_COLUMNS = slice(3, 7)
"""Of a window's 16 columns those around the middle of the time that the frame is shown for: 60 ms after its start."""


class SameDrawer:
    """Draws the face that it was given."""

    def __init__(self, size: int = 96, first_row: int = 48) -> None:
        self.size, self.first_row = size, first_row
        self.batches: list[int] = []

    def prepare(self, face: NDArray[np.uint8]) -> Face:
        return face

    def prepare_many(self, faces: Sequence[NDArray[np.uint8]]) -> list[Face]:
        return [self.prepare(face) for face in faces]

    def submit(self, faces: Face | list[Face], mels: Floats) -> Future[Floats]:
        self.batches.append(len(mels))
        every = faces if isinstance(faces, list) else [faces] * len(mels)
        done: Future[Floats] = Future()
        pairs = zip(every, mels, strict=True)
        done.set_result(
            np.stack([self.drawn(np.asarray(face, np.float32)[self.first_row :], mel) for face, mel in pairs])
        )
        return done

    def drawn(self, rows: Floats, mel: Floats) -> Floats:  # noqa: ARG002
        return rows


class BarDrawer(SameDrawer):
    """Draws a bar over the mouth, white below and black above, as high as the frame's own time is loud."""

    LEFT, RIGHT, TOP, BOTTOM = 40, 56, 10, 34

    def drawn(self, rows: Floats, mel: Floats) -> Floats:
        loudness = float(np.clip((mel[:, FRAME_COLUMNS].mean() + 4) / 8 * 5 - 2, 0, 1))  # 20 dB from bottom to top
        drawn = rows.copy()
        edge = self.BOTTOM - loudness * (self.BOTTOM - self.TOP)
        place = np.arange(self.TOP, self.BOTTOM)[:, None, None]
        drawn[self.TOP : self.BOTTOM, self.LEFT : self.RIGHT] = 255 * np.clip(place + 0.5 - edge, 0, 1)
        return drawn
