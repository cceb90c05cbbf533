"""A recording that a caller sends: a file of sound, made into the samples that are recognized."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.decode import read_sound
from lipsync.hearing.types import RATE


def read_recording(data: bytes, *, max_seconds: float) -> NDArray[np.float32]:
    """(n,) float32 mono samples in [-1, 1], RATE a second, of a file of sound with a sample rate of 4 to 192 kHz.

    WAV, WebM, Ogg, MP3, M4A, MP4, FLAC and others; the first bytes decide, not the name. The caller bounds the size
    of ``data``. Raises AudioError not_a_sound, broken_sound; AudioTooLongError sound_too_long.
    """
    return read_sound(data, RATE, max_seconds=max_seconds)
