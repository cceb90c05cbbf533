"""What counts as silence, for each purpose, and the level of short frames.

The thresholds differ because the questions differ: whether a voice engine gave any sound, where a sentence begins,
whether somebody speaks in a noisy room. Those that end in ``_DB`` are decibels, all others are factors.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Samples = TypeVar("Samples", bound=np.floating)

# ---- absolute: of full scale

MIN_SPEECH_PEAK = 0.003
"""Peak (-50 dBFS) below which the finished sentence of any engine is rejected as silent."""
MIN_ENGINE_PEAK = 10 ** (-50 / 20)
"""Peak (-50 dBFS) below which the raw sound of a local or a remote engine is silence: it has said nothing."""
MIN_LOUD_LEVEL = 0.005
"""Level (-46 dBFS) of the loud parts below which a sound is silence for the jaw, not soft speech."""
MIN_RECORDING_LEVEL_DB = -46.0
"""Level of the loud passages, in dB of full scale, below which a recording of a voice is too quiet to be cloned."""
MIN_FRAME_LEVEL = 1e-5
"""Level (-100 dBFS) below which no frame is speech, whatever the others are: relative thresholds fail in silence."""

# ---- relative: of the loud parts of the same sound

SENTENCE_EDGE = 0.01
"""Share of the peak (-40 dB) at which a sentence without known phones begins and ends."""
SPEECH_EDGE = 0.02
"""Share of the 95th percentile of the level of 5 ms frames (-34 dB) below which the sound of an engine is a pause."""
JAW_EDGE = 0.02
"""Share of the highest level (-34 dB) below which a moment does not count when the usual level is determined."""
SPEAKING_LEVEL = 0.05
"""Share of the 99th percentile of the level (-26 dB) above which somebody speaks; the noise of a room lies below."""
RECORDING_EDGE_DB = 40.0
"""Decibels below the loud passages of a recording from where on a frame is not part of the speech."""
CLOSURE_FLOOR = 1e-6
"""Share of the 95th percentile of the power (-60 dB) that is added to all power, so that the level of silence in a
closure of the lips is finite."""


def frame_levels(samples: NDArray[Samples], width: int) -> NDArray[Samples]:
    """Root mean square of each whole frame of ``width`` samples.

    (n,) in [-1, 1] to (n // width,) of the same dtype, in which it is computed.
    """
    frames = samples[: len(samples) // width * width].reshape(-1, width)
    levels: NDArray[Samples] = np.sqrt(np.square(frames).mean(axis=1))
    return levels
